import assert from 'node:assert/strict';
import { someAtOnce } from '../../common/at-once.js';

describe('common: someAtOnce', () => {
  it('works on all items, so many at the same time', async () => {
    const done: number[] = [];
    let underWay = 0;
    let most = 0;
    const work = async (item: number): Promise<void> => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, item % 3));
      underWay -= 1;
      done.push(item);
    };
    const items = Array.from({ length: 20 }, (_, i) => i);
    await someAtOnce(items, 4, work);
    assert.deepEqual(
      done.toSorted((a, b) => a - b),
      items,
    );
    assert.equal(most, 4);
    await someAtOnce([], 4, work);
  });

  it('says what failed first when all are over', async () => {
    const done: number[] = [];
    const work = async (item: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (item % 2 === 1) throw new Error(`item ${item}`);
      done.push(item);
    };
    await assert.rejects(someAtOnce([0, 1, 2, 3, 4], 1, work), /item 1/);
    assert.deepEqual(done, [0, 2, 4]);
  });
});
