/** Loading for a view: what was there stays while it is read again, failures are tried again by themselves, and an answer that comes too late is dropped. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { backoffMs } from '../../logic/backoff.js';
import { onLive } from './live.js';
import { ApiProblem } from './problem.js';

/** Between an announcement and reading again. */
const ANNOUNCED_MS = 2000;

export interface Loaded<T> {
  data: T | undefined;
  problem: ApiProblem | undefined;
  /** the first time: nothing to show yet */
  isLoading: boolean;
  /** data of another key are shown until those of this one are there */
  isReading: boolean;
  /** when loading began to fail, by the page's clock */
  failingSinceMs: number | undefined;
  reload(): void;
}

interface State<T> {
  key: string;
  data?: T | undefined;
  problem?: ApiProblem | undefined;
  failingSinceMs?: number | undefined;
}

/**
 * @param key what is loaded; another key loads again. Data of the old key are shown until then if `keep`
 * @param load is given a signal that ends it
 * @param refreshMs reads again after so long; undefined: only when asked
 */
export function useLoad<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  { keep = false, refreshMs }: { keep?: boolean; refreshMs?: number | undefined } = {},
): Loaded<T> {
  const [state, setState] = useState<State<T>>({ key });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const reload = (): void => setRound((n) => n + 1);

  useEffect(() => {
    const ended = new AbortController();
    let timer: number | undefined;
    let failures = 0;
    let isWaiting = false;
    const run = async (): Promise<void> => {
      isWaiting = false;
      try {
        const data = await latest.current(ended.signal);
        if (ended.signal.aborted) return;
        failures = 0;
        setState({ key, data });
      } catch (error) {
        if (ended.signal.aborted) return;
        const problem = error instanceof ApiProblem ? error : new ApiProblem(0, String(error));
        setState((old) => ({
          key,
          problem,
          failingSinceMs: old.failingSinceMs ?? Date.now(),
          data: old.key === key || keep ? old.data : undefined,
        }));
        failures += 1;
        isWaiting = problem.isPassing;
        if (isWaiting) timer = window.setTimeout(start, backoffMs(failures));
      }
    };
    const start = (): void => {
      run().catch(reportError);
    };
    start();
    // What failed is read again when the store is available, not only after the pause.
    const unsubscribe = onLive('status', ({ store }) => {
      if (!store.available || !isWaiting) return;
      window.clearTimeout(timer);
      start();
    });
    return () => {
      unsubscribe();
      ended.abort();
      window.clearTimeout(timer);
    };
  }, [key, round, keep]);
  // A time that changes moves the next reading, and is no reason for one.
  useEffect(() => {
    if (refreshMs === undefined || state.key !== key || state.data === undefined) return undefined;
    // A failure has a retry of its own.
    if (state.problem !== undefined) return undefined;
    const timer = window.setTimeout(reload, refreshMs);
    return () => window.clearTimeout(timer);
  }, [state, key, refreshMs]);

  const isCurrent = state.key === key;
  const data = isCurrent || keep ? state.data : undefined;
  return {
    data,
    problem: isCurrent ? state.problem : undefined,
    isLoading: data === undefined && !(isCurrent && state.problem !== undefined),
    isReading: data !== undefined && !isCurrent,
    failingSinceMs: isCurrent ? state.failingSinceMs : undefined,
    reload,
  };
}

/** A function that reads again when something was announced: once in two seconds, however much is announced. */
export function useReload({ reload }: Pick<Loaded<unknown>, 'reload'>): () => void {
  const timer = useRef<number | undefined>(undefined);
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, ANNOUNCED_MS);
  }, []);
}
