/** What every view may need: the route, the clock, the choices of the viewer. */
import { useEffect, useState } from 'preact/hooks';
import { parseRange, type Range, type RangeChoice, rangeParams, resolveRange } from '../logic/range.js';
import { formatRoute, parseRoute, patched, type Route, sharedParams, type View } from '../logic/route.js';
import { text } from '../logic/text.js';
import type { Zone } from '../logic/time.js';

/** Questions asked before an address is left: true where there is something that would be lost. */
const guards = new Set<() => boolean>();

/** While mounted, leaving the view asks first where `isUnsaved`. */
export function useGuard(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return undefined;
    const guard = (): boolean => true;
    const beforeUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
    guards.add(guard);
    window.addEventListener('beforeunload', beforeUnload);
    return () => {
      guards.delete(guard);
      window.removeEventListener('beforeunload', beforeUnload);
    };
  }, [isUnsaved]);
}

function mayLeave(): boolean {
  return ![...guards].some((guard) => guard()) || window.confirm(text.state.unsaved);
}

let current = location.hash;

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => {
      const [from, to] = [parseRoute(current), parseRoute(location.hash)];
      const leaves = from.view !== to.view || from.id !== to.id;
      if (leaves && !mayLeave()) {
        history.replaceState(null, '', current);
        return;
      }
      current = location.hash;
      setHash(location.hash);
    };
    window.addEventListener('hashchange', changed);
    window.addEventListener('popstate', changed);
    return () => {
      window.removeEventListener('hashchange', changed);
      window.removeEventListener('popstate', changed);
    };
  }, []);
  return parseRoute(hash);
}

/** @param replace true: no new entry in the history (zoom, cursors, sorting) */
export function go(href: string, replace = false): void {
  if (href === location.hash) return;
  if (replace) history.replaceState(null, '', href);
  else {
    location.hash = href;
    return;
  }
  window.dispatchEvent(new PopStateEvent('popstate'));
}

/** Changes parameters of the present view. */
export function setParams(changes: Record<string, string | undefined>, replace = true): void {
  go(patched(parseRoute(location.hash), changes), replace);
}

/** The address of another view, with the time range kept. */
export function linkTo(view: View, id?: string, extra: Record<string, string | undefined> = {}): string {
  const params = new Map<string, string | undefined>(sharedParams(parseRoute(location.hash).params));
  for (const [key, value] of Object.entries(extra)) params.set(key, value);
  return formatRoute(view, id, params);
}

export function setRange(choice: RangeChoice): void {
  setParams(rangeParams(choice), false);
}

/** Present time, renewed every `everyMs` while the page is looked at: a tab in the background costs nothing. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const renew = (): void => {
      if (!document.hidden) setNow(Date.now());
    };
    const timer = window.setInterval(renew, everyMs);
    document.addEventListener('visibilitychange', renew);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', renew);
    };
  }, [everyMs]);
  return now;
}

/** A range that ends now moves with steps of a hundredth of its length, 15 s or more, so that lists and charts do not change all the time. */
export function useRange(route: Route): Range & { choice: RangeChoice; key: string } {
  const choice = parseRange(route.params);
  const now = useNow(5000);
  const probe = resolveRange(choice, now);
  const step = Math.max(15_000, (probe.toMs - probe.fromMs) / 100);
  const range = choice.kind === 'fixed' ? probe : resolveRange(choice, Math.ceil(now / step) * step);
  return { ...range, choice, key: `${range.fromMs}-${range.toMs}` };
}

export type Theme = 'auto' | 'light' | 'dark';

interface Choices {
  zone: Zone;
  theme: Theme;
}

function stored(): Choices {
  try {
    const zone = localStorage.getItem('makai.zone') === 'utc' ? 'utc' : 'local';
    const theme = localStorage.getItem('makai.theme');
    return { zone, theme: theme === 'light' || theme === 'dark' ? theme : 'auto' };
  } catch {
    // storage can be forbidden; the choices then last as long as the page
    return { zone: 'local', theme: 'auto' };
  }
}

let choices = stored();
/** false: the browser forbids storage */
export let choicesAreKept = true;
const choiceListeners = new Set<() => void>();

function applyTheme({ theme }: Choices): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
applyTheme(choices);

export function setChoices(change: Partial<Choices>): void {
  choices = { ...choices, ...change };
  applyTheme(choices);
  try {
    localStorage.setItem('makai.zone', choices.zone);
    localStorage.setItem('makai.theme', choices.theme);
  } catch {
    // storage can be forbidden: they last as long as the page
    choicesAreKept = false;
  }
  for (const listener of choiceListeners) listener();
}

/** Zone and theme; the component is drawn again when they change, or when the system changes between dark and light. */
export function useChoices(): Choices & { colours: string } {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = (): void => draw((n) => n + 1);
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    choiceListeners.add(listener);
    system.addEventListener('change', listener);
    return () => {
      choiceListeners.delete(listener);
      system.removeEventListener('change', listener);
    };
  }, []);
  const systemDark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  return { ...choices, colours: choices.theme === 'auto' ? (systemDark ? 'dark' : 'light') : choices.theme };
}
