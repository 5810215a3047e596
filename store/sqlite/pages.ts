/** Reading in pages, so that a reader holds neither the whole result nor a transaction. */
import type { TimeRange } from '../documents.js';

const PAGE_SIZE = 1000;

/**
 * Documents of a range, page by page.
 * @param read gives at most `size` documents of `range` in its order; fewer only at the end
 * @param rest the range that is left after `last`
 */
export async function* readPages<T, R extends TimeRange = TimeRange>(
  range: R,
  read: (range: R, size: number) => Promise<T[]>,
  rest: (range: R, last: T) => R,
): AsyncGenerator<T> {
  let left = range.limit ?? Number.POSITIVE_INFINITY;
  let remaining = range;
  while (left > 0) {
    const size = Math.min(PAGE_SIZE, left);
    const page = await read(remaining, size);
    // Not `yield*`, which makes promises of its own for each.
    for (const one of page) yield one;
    const last = page.at(-1);
    if (last === undefined || page.length < size) return;
    left -= page.length;
    remaining = rest(remaining, last);
  }
}
