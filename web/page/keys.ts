/** Keys that work in every view. Views and charts have keys of their own. */
import { useEffect, useRef } from 'preact/hooks';
import { rangeParams } from '../logic/range.js';
import type { Route, View } from '../logic/route.js';
import { isTyping } from '../logic/select.js';
import { moveRange } from './parts/range-picker.js';
import { go, linkTo, setParams } from './state.js';

const GO_TO: Record<string, View> = {
  o: 'overview',
  b: 'boxes',
  v: 'events',
  l: 'alerts',
  c: 'charts',
  r: 'reports',
  a: 'admin',
};

/** Whether a key press is a command of the page: nobody types, no menu or dialog is open, no modifier. */
export function isCommand(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(target))
    return false;
  return document.querySelector('dialog[open], .menu .list') === null;
}

/** @param keys key → what it does; an element that is a view's own handles it while mounted */
export function useKeys(keys: Record<string, () => void>): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      const action = keys[event.key];
      if (action === undefined || !isCommand(event)) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [keys]);
}

export function useShellKeys(route: Route, onHelp: () => void): void {
  // kept over a change of the route: it may come between the two keys
  const goUntil = useRef(0);
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      if (!isCommand(event)) return;
      const view = Date.now() < goUntil.current ? GO_TO[event.key] : undefined;
      goUntil.current = event.key === 'g' ? Date.now() + 1500 : 0;
      if (view !== undefined) {
        // the letters after g are no commands of the view
        event.stopImmediatePropagation();
        go(linkTo(view));
      } else if (event.key === '?') onHelp();
      else if (event.key === 'l') setParams(rangeParams({ kind: 'last', preset: '1h' }));
      else if (event.key === 'Escape' && route.id !== undefined) go(linkTo(route.view));
      else if ((event.key === '[' || event.key === ']') && route.id === undefined) {
        moveRange(route.params, event.key === '[' ? -0.5 : 0.5);
      } else if (event.key === 'f') {
        const first = document.querySelector<HTMLElement>('[data-filter]');
        if (first === null) return;
        event.preventDefault();
        first.focus();
      }
    };
    document.addEventListener('keydown', listener, true);
    return () => document.removeEventListener('keydown', listener, true);
  }, [route.view, route.id, route.params.toString(), onHelp]);
}
