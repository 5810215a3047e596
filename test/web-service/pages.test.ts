/** Pages of documents: every one once, whatever the page size, the order and the times. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pageOf } from '../../web-service/operations/pages.js';
import { runs } from '../support/property.js';

interface Item {
  ms: number;
  id: number;
}

describe('web-service: pages', () => {
  const sourceOf = (items: readonly Item[], isChosen?: (item: Item) => boolean) => ({
    read: async function* (range: { fromMs?: number; toMs?: number; descending: boolean; limit?: number }) {
      const sorted = items
        .filter(
          ({ ms }) =>
            ms >= (range.fromMs ?? Number.NEGATIVE_INFINITY) && ms < (range.toMs ?? Number.POSITIVE_INFINITY),
        )
        .toSorted((a, b) => (a.ms - b.ms || a.id - b.id) * (range.descending ? -1 : 1));
      yield* sorted.slice(0, range.limit);
    },
    timeOf: ({ ms }: Item) => ms,
    idOf: ({ id }: Item) => id,
    isChosen,
    jsonOf: (item: Item) => item,
  });

  it('property: all pages together are the range, in order', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        times,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('newest' as const, 'oldest' as const),
        fc.boolean(),
        fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
        async (ms, limit, order, isFiltered, from) => {
          const items = ms.map((one, id) => ({ ms: one, id }));
          const isChosen = isFiltered ? ({ id }: Item) => id % 3 === 0 : undefined;
          const got: Item[] = [];
          let cursor: string | undefined;
          for (let pages = 0; pages < 200; pages += 1) {
            const page = await pageOf({ limit, order, cursor, from }, sourceOf(items, isChosen));
            assert.ok(page.items.length <= limit);
            got.push(...page.items);
            cursor = page.next;
            if (cursor === undefined) break;
          }
          const wanted = items
            .filter((item) => item.ms >= (from ?? 0) && (isChosen?.(item) ?? true))
            .toSorted((a, b) => (a.ms - b.ms || a.id - b.id) * (order === 'newest' ? -1 : 1));
          assert.deepEqual(got, wanted);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it('what is no cursor is refused', async () => {
    for (const cursor of [
      '',
      'x',
      Buffer.from('[1]').toString('base64url'),
      Buffer.from('{}').toString('base64url'),
    ])
      await assert.rejects(pageOf({ limit: 1, order: 'newest', cursor }, sourceOf([])), {
        code: 'REQUEST_INVALID',
      });
  });
});
