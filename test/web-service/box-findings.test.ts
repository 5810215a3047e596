import assert from 'node:assert/strict';
import { givenWeb, START } from './given.js';

interface Page {
  items: { timestamp_ms: number; code?: string; began: boolean; info: string }[];
  next?: string;
}

describe('web-service: findings of a box over time', function () {
  this.timeout(60_000);
  const given = givenWeb();
  const read = async (query: string): Promise<Page> =>
    (await given().json(`/boxes/1/findings?${query}`)).body as Page;

  const ALL = [
    { timestamp_ms: START, code: 'CLOCK_OFFSET', began: true, info: 'CLOCK_OFFSET: 10 h behind' },
    {
      ...{ timestamp_ms: START + 90_000, code: 'CLOCK_OFFSET', began: false },
      info: 'CLOCK_OFFSET ended; it began at 12:00',
    },
    { timestamp_ms: START + 90_000, code: 'NOISY_INPUT', began: true, info: 'NOISY_INPUT: 3 V' },
  ];

  it('are given with their codes, of a range, the newest first or the oldest', async () => {
    assert.deepEqual(await read('order=oldest'), { items: ALL });
    assert.deepEqual(await read(''), { items: [...ALL].reverse() });
    assert.deepEqual(await read(`from=${START + 1}&order=oldest`), { items: ALL.slice(1) });
    assert.deepEqual(await read(`to=${START + 90_000}`), { items: ALL.slice(0, 1) });
  });

  for (const order of ['oldest', 'newest'])
    it(`come page by page, also those of the same time, the ${order} first`, async () => {
      const items: unknown[] = [];
      let cursor = '';
      for (let page = 0; page < 4; page += 1) {
        const { items: some, next } = await read(`order=${order}&limit=1${cursor}`);
        items.push(...some);
        if (next === undefined) break;
        cursor = `&cursor=${next}`;
      }
      assert.deepEqual(items, order === 'oldest' ? ALL : [...ALL].reverse());
    });

  it('what another program wrote has no code', async () => {
    await given().store.insertHealth({
      ...{ timestamp: new Date(START + 5), service: 'BOX', serviceID: '2', status: 'DOWN', info: 'no power' },
    });
    assert.deepEqual((await given().json('/boxes/2/findings')).body, {
      items: [{ timestamp_ms: START + 5, began: true, info: 'no power' }],
    });
  });

  it('a limit beyond the bound is refused', async () => {
    assert.equal((await given().api('/boxes/1/findings?limit=1001')).status, 400);
  });
});
