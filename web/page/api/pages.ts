/** Lists that come in pages: the first is read again when something is new, more are added when asked for. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { get, type Query } from './client.js';
import { type Loaded, useLoad } from './load.js';
import { ApiProblem } from './problem.js';

export interface Page<T> {
  items: T[];
  next?: string | undefined;
}

export interface Pages<T> {
  loaded: Loaded<Page<T>>;
  items: T[];
  hasMore: boolean;
  isLoadingMore: boolean;
  moreProblem: ApiProblem | undefined;
  loadMore: () => void;
}

/** @param keyOf what an item is: one that comes again (the first page was read again) is shown once */
export function usePages<T>(path: string, query: Query, keyOf: (item: T) => string | number): Pages<T> {
  const key = `${path} ${JSON.stringify(query)}`;
  const loaded = useLoad(key, (signal) => get<Page<T>>(path, query, signal), { keep: true });
  const [more, setMore] = useState<{ key: string; pages: Page<T>[] }>({ key, pages: [] });
  const [isLoadingMore, setLoadingMore] = useState(false);
  const [moreProblem, setProblem] = useState<ApiProblem>();
  const pages = more.key === key ? more.pages : [];
  const next = pages.length > 0 ? pages.at(-1)?.next : loaded.data?.next;

  useEffect(() => {
    setMore({ key, pages: [] });
    setProblem(undefined);
  }, [key]);

  const loadMore = useCallback(() => {
    if (next === undefined) return;
    setLoadingMore(true);
    setProblem(undefined);
    get<Page<T>>(path, { ...query, cursor: next })
      .then((page) => setMore((old) => ({ key, pages: old.key === key ? [...old.pages, page] : [page] })))
      .catch((error: unknown) =>
        setProblem(error instanceof ApiProblem ? error : new ApiProblem(0, String(error))),
      )
      .finally(() => setLoadingMore(false));
  }, [key, next]);

  const seen = new Set<string | number>();
  const items = [loaded.data, ...pages].flatMap((page) =>
    (page?.items ?? []).filter((item) => {
      const id = keyOf(item);
      if (seen.has(id)) return false;
      seen.add(id);
      return true;
    }),
  );
  return { loaded, items, hasMore: next !== undefined, isLoadingMore, moreProblem, loadMore };
}
