/** State that is in the address too, but changes too often to be written there each time (zoom, cursors): it is written when it rests. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { parseRoute } from '../logic/route.js';
import { setParams } from './state.js';

const REST_MS = 300;

/** @param params the address's parameters; @param parse undefined: not there, or wrong */
export function useParamState<T>(
  params: URLSearchParams,
  key: string,
  parse: (text: string) => T | undefined,
  format: (value: T) => string,
): [T | undefined, (value: T | undefined) => void] {
  const inAddress = params.get(key) ?? '';
  const [value, setValue] = useState<T | undefined>(() => parse(inAddress));
  const written = useRef(inAddress);
  const timer = useRef<number | undefined>(undefined);
  // the address was changed by a link or by going back
  useEffect(() => {
    if (inAddress === written.current) return;
    written.current = inAddress;
    setValue(parse(inAddress));
  }, [inAddress]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const change = useCallback(
    (next: T | undefined) => {
      setValue(next);
      const route = parseRoute(location.hash);
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => {
        const now = parseRoute(location.hash);
        if (now.view !== route.view || now.id !== route.id) return;
        written.current = next === undefined ? '' : format(next);
        setParams({ [key]: written.current });
      }, REST_MS);
    },
    [key],
  );
  return [value, change];
}
