import assert from 'node:assert/strict';
import { FOREVER_SECONDS } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { all, bareAggregate, columnsOf, givenStore, HOUR, wholeAggregate } from './given.js';

const TEN_MINUTES = 600_000;

export function aggregatesContract(makeStore: MakeStore): void {
  describe('aggregates of ten minutes and two hours', () => {
    const given = givenStore(makeStore);
    /** the start of ten whole minutes in the recent past */
    const start = (): number => Math.floor(given().clock.ms / TEN_MINUTES) * TEN_MINUTES - 4 * TEN_MINUTES;

    it('come back as they went in, each length of window by itself', async () => {
      const { store } = given();
      const t = start();
      await store.putAggregates([]);
      await store.putAggregates([wholeAggregate('7', t), bareAggregate('7', t), wholeAggregate('8', t)]);
      const kept = { expire_at: FOREVER_SECONDS };
      assert.deepEqual(await all(store.aggregates('7', 600)), [{ ...wholeAggregate('7', t), ...kept }]);
      assert.deepEqual(await all(store.aggregates('7', 7200)), [{ ...bareAggregate('7', t), ...kept }]);
      assert.deepEqual(await all(store.aggregates('9', 600)), []);
    });

    it('are replaced whole by box, length and time, and read by ranges', async () => {
      const { store, another } = given();
      const t = start();
      const times = [0, 1, 2, 3].map((i) => t + i * TEN_MINUTES);
      await store.putAggregates(times.map((at, i) => wholeAggregate('7', at, 118 + i)));
      const { voltage: _, thd: __, ...less } = wholeAggregate('7', t + TEN_MINUTES);
      await (await another()).putAggregates([{ ...less, location: 'roof' }]);
      const read = async (range: Parameters<typeof store.aggregates>[2]) =>
        (await all(store.aggregates('7', 600, range))).map((found) => found.voltage?.rms);
      assert.deepEqual(await read({}), [118, undefined, 120, 121]);
      assert.deepEqual(await read({ fromMs: t + TEN_MINUTES, toMs: t + 3 * TEN_MINUTES, descending: true }), [
        120,
        undefined,
      ]);
      assert.deepEqual(await read({ limit: 1, descending: true }), [121]);
      const [replaced] = await all(store.aggregates('7', 600, { fromMs: t + 1, limit: 1 }));
      assert.deepEqual(replaced, { ...less, location: 'roof', expire_at: FOREVER_SECONDS });
    });

    it('counts of measurements are by box and span, spans without any left out', async () => {
      const { store } = given();
      const t = start();
      const at = (ms: number, box = 7) => ({ box, at: t + ms, metrics: { rms: 120 } });
      await store.insertMeasurements(
        columnsOf([
          ...[at(-1), at(0), at(999), at(1000), at(599_999), at(600_000, 8)],
          ...[at(2 * TEN_MINUTES + 5), at(3 * TEN_MINUTES)],
        ]),
      );
      const counted = (boxId: string, fromMs: number, toMs: number) =>
        store.measurementCounts(boxId, TEN_MINUTES, { fromMs, toMs });
      assert.deepEqual(await counted('7', t, t + 3 * TEN_MINUTES), [
        { startMs: t, count: 4 },
        { startMs: t + 2 * TEN_MINUTES, count: 1 },
      ]);
      assert.deepEqual(await counted('8', t, t + 3 * TEN_MINUTES), [{ startMs: t + TEN_MINUTES, count: 1 }]);
      assert.deepEqual(await counted('9', t, t + 3 * TEN_MINUTES), []);
      assert.deepEqual(await counted('7', t + TEN_MINUTES, t + 2 * TEN_MINUTES), []);
    });
  });

  describe('aggregates with a TTL', () => {
    const given = givenStore(makeStore, { trendsSeconds: 5 * HOUR });

    it('live as long as trends, from acceptance; computed again they live longer, never shorter', async () => {
      const { store, clock } = given();
      const accepted = clock.ms;
      const put = (boxId: string, acceptedAtMs: number) =>
        store.putAggregates([wholeAggregate(boxId, accepted - 20 * HOUR * 1000)], { acceptedAtMs });
      await put('7', accepted);
      await put('8', accepted);
      await put('8', accepted + HOUR * 1000);
      await put('8', accepted);
      const lives = async (boxId: string) =>
        (await all(store.aggregates(boxId, 600))).map((found) => found.expire_at - accepted / 1000);
      assert.deepEqual([await lives('7'), await lives('8')], [[5 * HOUR], [6 * HOUR]]);
      assert.equal((await store.sweep(accepted + (5 * HOUR - 1) * 1000)).aggregates, 0);
      assert.equal((await store.sweep(accepted + (5 * HOUR + 1) * 1000)).aggregates, 1);
      assert.deepEqual([await lives('7'), await lives('8')], [[], [6 * HOUR]]);
    });
  });

  describe('aggregates in mode laha', () => {
    const given = givenStore(makeStore, { mode: 'laha' });

    it('live as long as laha_config lets trends live', async () => {
      const { store, clock, writeLahaConfig } = given();
      await writeLahaConfig({ ttls: { trends: 3600 } });
      await store.putAggregates([wholeAggregate('7', clock.ms)]);
      const [found] = await all(store.aggregates('7', 600));
      assert.equal(found?.expire_at, clock.ms / 1000 + 3600);
      assert.equal((await store.sweep(clock.ms + 3_601_000)).aggregates, 1);
    });
  });
}
