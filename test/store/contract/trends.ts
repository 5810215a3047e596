import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FOREVER_SECONDS, type TrendDocument } from '../../../store/documents.js';
import { runs } from '../../support/property.js';
import type { MakeStore } from '../contract.js';
import { all, columnsOf, givenStore, HOUR } from './given.js';

const MINUTE = 60_000;

export function trendsContract(makeStore: MakeStore): void {
  describe('trends of measurements that live for an hour', () => {
    const given = givenStore(makeStore, { measurementsSeconds: HOUR });

    it('one whose measurements have begun to go is not computed from a late one alone; where there is none, it is', async () => {
      const { store, clock } = given();
      const startMs = Math.floor(clock.ms / MINUTE) * MINUTE;
      const windows = ['1', '2'].map((boxId) => ({ boxId, startMs, endMs: startMs + MINUTE }));
      const voltages = async () =>
        (await store.computeTrends(windows)).map((trend) => trend?.voltage?.average);
      const insert = (box: number, rms: number) =>
        store.insertMeasurements(columnsOf([{ box, at: startMs + rms, metrics: { rms } }]));
      await insert(1, 100);
      const [whole] = await store.computeTrends(windows);
      assert.ok(whole);
      await store.putTrends([whole]);
      await insert(1, 110);
      assert.deepEqual(await voltages(), [105, undefined]);
      clock.ms += 2 * HOUR * 1000;
      await store.sweep(clock.ms);
      await insert(1, 5);
      await insert(2, 6);
      assert.deepEqual(await voltages(), [undefined, 6]);
    });
  });

  describe('trends put together by spans', () => {
    const given = givenStore(makeStore);

    it('have the lowest min, the highest max and the mean of the averages of the windows that lie in them', async () => {
      const { store } = given();
      const start = 1_795_315_200_000;
      const trend = (i: number, more: object) => ({
        box_id: '7',
        timestamp_ms: start + i * MINUTE,
        location: 'lab',
        ...more,
      });
      const volts = (min: number, max: number, average: number) => ({ voltage: { min, max, average } });
      await store.putTrends([
        trend(0, volts(1, 1, 1)),
        trend(1, volts(10, 20, 15)),
        trend(5, { ...volts(8, 16, 12), flagged: 0.5, frequency: { min: 59, max: 61, average: 60 } }),
        trend(6, { thd: { min: 0, max: 0.25, average: 0.125 } }),
        trend(30, volts(5, 5, 5)),
        { ...trend(1, volts(0, 99, 50)), box_id: '8' },
      ]);
      const five = 5 * MINUTE;
      const bands = (fromMs: number, toMs: number) => store.trendBands('7', five, { fromMs, toMs });
      assert.deepEqual(await bands(start, start + 30 * MINUTE), [
        {
          startMs: start,
          trends: 2,
          flagged: 0.25,
          voltage: { min: 8, max: 20, average: 13.5 },
          frequency: { min: 59, max: 61, average: 60 },
        },
        { startMs: start + five, trends: 1, flagged: 0, thd: { min: 0, max: 0.25, average: 0.125 } },
        { startMs: start + 5 * five, trends: 1, flagged: 0, voltage: { min: 5, max: 5, average: 5 } },
      ]);
      // Clipped to the range, not to whole spans.
      assert.deepEqual(await bands(start + 4 * MINUTE, start + 5 * MINUTE), [
        {
          startMs: start,
          trends: 1,
          flagged: 0.5,
          voltage: { min: 8, max: 16, average: 12 },
          frequency: { min: 59, max: 61, average: 60 },
        },
      ]);
      assert.deepEqual(await bands(start + 30 * MINUTE, start + 90 * MINUTE), []);
      assert.deepEqual(await store.trendBands('9', five, { fromMs: 0, toMs: start }), []);
    });

    it('property: are what the documents give', async () => {
      const { store } = given();
      const start = 1_795_315_200_000;
      const times = Array.from({ length: 300 }, (_, i) => i).filter((i) => (i * 7919) % 5 !== 0);
      await store.putTrends(
        times.map((i) => ({
          box_id: '7',
          timestamp_ms: start + i * MINUTE,
          location: 'lab',
          voltage: { min: i % 17, max: 100 + (i % 23), average: i % 19 },
        })),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: 299 }),
          fc.integer({ min: 1, max: 200 }),
          fc.constantFrom(1, 2, 7, 60),
          async (from, length, minutes) => {
            const range = { fromMs: start + from * MINUTE, toMs: start + (from + length) * MINUTE };
            const step = minutes * MINUTE;
            const found = await store.trendBands('7', step, range);
            const wanted = new Map<number, number[]>();
            for (const i of times) {
              const ms = start + i * MINUTE;
              if (ms <= range.fromMs || ms > range.toMs) continue;
              const span = Math.floor((ms - 1) / step) * step;
              wanted.set(span, [...(wanted.get(span) ?? []), i]);
            }
            assert.deepEqual(
              found.map(({ startMs, trends, voltage }) => [startMs, trends, voltage?.min, voltage?.max]),
              [...wanted].map(([span, some]) => [
                span,
                some.length,
                Math.min(...some.map((i) => i % 17)),
                Math.max(...some.map((i) => 100 + (i % 23))),
              ]),
            );
          },
        ),
        { numRuns: runs(50) },
      );
    });
  });

  describe('trends', () => {
    const given = givenStore(makeStore);
    /** the start of a whole minute in the recent past */
    const minute = (): number => Math.floor(given().clock.ms / MINUTE) * MINUTE - 10 * MINUTE;

    it('are the lowest min, the highest max and the mean of averages of what is stored in the window', async () => {
      const { store } = given();
      const startMs = minute();
      const window = { boxId: '1', startMs, endMs: startMs + MINUTE };
      await store.insertMeasurements(
        columnsOf([
          { box: 1, at: startMs - 1, metrics: { rms: 999 } },
          { box: 1, at: startMs, metrics: { rms: 120, f: [59.5, 60, 60.5] } },
          { box: 2, at: startMs + 500, metrics: { rms: 1 } },
          { box: 1, at: startMs + 30_000, metrics: { rms: [90, 119, 119.5], thd: 0.25 } },
          { box: 1, at: startMs + 59_999, metrics: { rms: 121 } },
          { box: 1, at: startMs + MINUTE, metrics: { rms: 1 } },
        ]),
      );
      assert.deepEqual(await store.computeTrends([window]), [
        {
          box_id: '1',
          timestamp_ms: startMs + MINUTE,
          location: 'unknown',
          frequency: { min: 59.5, max: 60.5, average: 60 },
          voltage: { min: 90, max: 121, average: 120 },
          thd: { min: 0.25, max: 0.25, average: 0.25 },
        },
      ]);
    });

    it('say the share of flagged measurements, and min and max without them; where none is flagged, nothing', async () => {
      const { store } = given();
      const startMs = minute();
      const window = (boxId: string) => ({ boxId, startMs, endMs: startMs + MINUTE });
      await store.insertMeasurements(
        columnsOf([
          { box: 1, at: startMs, metrics: { rms: 120, f: [59.5, 60, 60.5] } },
          {
            box: 1,
            at: startMs + 1000,
            metrics: { rms: [0, 30, 119], f: 15, thd: 7 },
            flagged: ['interruption'],
          },
          { box: 1, at: startMs + 2000, metrics: { rms: 60, f: 59 }, flagged: ['sag'] },
          { box: 1, at: startMs + 3000, metrics: { rms: [118, 119, 119.5], f: 60.25 } },
          { box: 2, at: startMs, metrics: { rms: 0 }, flagged: ['interruption'] },
          { box: 3, at: startMs, metrics: { rms: 120 } },
        ]),
      );
      const [first, second, third] = await store.computeTrends(['1', '2', '3'].map(window));
      assert.deepEqual(
        [first?.flagged, first?.unflagged],
        [0.5, { frequency: { min: 59.5, max: 60.5 }, voltage: { min: 118, max: 120 } }],
      );
      assert.deepEqual([first?.voltage?.min, first?.frequency?.min, first?.thd?.max], [0, 15, 7]);
      assert.deepEqual([second?.flagged, second && 'unflagged' in second], [1, false]);
      assert.deepEqual(third && Object.keys(third).sort(), ['box_id', 'location', 'timestamp_ms', 'voltage']);
      assert.ok(first && second && third);
      await store.putTrends([first, second, third]);
      for (const trend of [first, second, third]) {
        const [read] = await all(store.trends(trend.box_id));
        const { expire_at: _, ...rest } = read ?? { expire_at: 0 };
        assert.deepEqual(rest, trend);
      }
      const { flagged: _f, unflagged: _u, ...plain } = first;
      await store.putTrends([plain]);
      const [replaced] = await all(store.trends('1'));
      assert.deepEqual([replaced?.flagged, replaced?.unflagged], [undefined, undefined]);
    });

    it('one answer a window, in their order; undefined where nothing is stored; locations from the boxes', async () => {
      const { store } = given();
      const startMs = minute();
      const endMs = startMs + MINUTE;
      await store.putBox({ box_id: '2', calibration_constant: 1, unplugged: false, location: 'lab-3' });
      await store.putBox({ box_id: '1', calibration_constant: 1, unplugged: false, location: '' });
      await store.insertMeasurements(
        columnsOf([
          { box: 1, at: startMs, metrics: { rms: 120 } },
          { box: 2, at: startMs, metrics: { rms: 121 } },
          { box: 3, at: startMs, invalid: ['rms'] },
        ]),
      );
      const windows = ['2', '9', '1', 'x', '3'].map((boxId) => ({ boxId, startMs, endMs }));
      const trends = await store.computeTrends([
        ...windows,
        { boxId: '1', startMs: endMs, endMs: endMs + MINUTE },
      ]);
      assert.deepEqual(
        trends.map((trend) => trend && [trend.box_id, trend.location, trend.voltage?.average]),
        [
          ['2', 'lab-3', 121],
          undefined,
          ['1', 'unknown', 120],
          undefined,
          ['3', 'unknown', undefined],
          undefined,
        ],
      );
    });

    it('the mean is taken in double precision', async () => {
      const { store } = given();
      const startMs = minute();
      const values = fc.array(fc.float({ min: 0.0009765625, max: 130, noNaN: true }), {
        minLength: 1,
        maxLength: 60,
      });
      let box = 0;
      await fc.assert(
        fc.asyncProperty(values, async (voltages) => {
          box += 1;
          const samples = voltages.map((rms, i) => ({ box, at: startMs + i * 1000, metrics: { rms } }));
          await store.insertMeasurements(columnsOf(samples));
          const [trend] = await store.computeTrends([
            { boxId: String(box), startMs, endMs: startMs + MINUTE },
          ]);
          const mean = voltages.reduce((a, b) => a + b, 0) / voltages.length;
          assert.equal(trend?.voltage?.min, Math.min(...voltages));
          assert.equal(trend?.voltage?.max, Math.max(...voltages));
          assert.ok(Math.abs((trend?.voltage?.average ?? 0) - mean) <= 1e-12 * mean);
        }),
        { numRuns: runs(25) },
      );
    });

    it('are replaced by (box, time) and read by ranges', async () => {
      const { store, another } = given();
      const t = minute();
      const trend = (box_id: string, at: number, average: number): Omit<TrendDocument, 'expire_at'> => ({
        box_id,
        timestamp_ms: at,
        location: 'lab',
        voltage: { min: 100, max: 130, average },
      });
      await store.putTrends([]);
      await store.putTrends([0, 1, 2, 3].map((i) => trend('1', t + i * MINUTE, 120 + i)));
      await (await another()).putTrends([
        { ...trend('1', t + MINUTE, 99), location: 'roof', thd: { min: 0, max: 1, average: 0.5 } },
        trend('2', t, 1),
      ]);
      const read = async (range: Parameters<typeof store.trends>[1]) =>
        (await all(store.trends('1', range))).map((found) => found.voltage?.average);
      assert.deepEqual(await read({}), [120, 99, 122, 123]);
      assert.deepEqual(await read({ fromMs: t + MINUTE, toMs: t + 3 * MINUTE, descending: true }), [122, 99]);
      assert.deepEqual(await read({ limit: 1, descending: true }), [123]);
      assert.deepEqual(await all(store.trends('1', { fromMs: t + MINUTE, toMs: t + MINUTE + 1 })), [
        {
          box_id: '1',
          timestamp_ms: t + MINUTE,
          location: 'roof',
          voltage: { min: 100, max: 130, average: 99 },
          thd: { min: 0, max: 1, average: 0.5 },
          expire_at: FOREVER_SECONDS,
        },
      ]);
      // A metric that the new one lacks does not stay behind from the old one.
      await store.putTrends([trend('1', t + MINUTE, 98)]);
      const [last] = await all(store.trends('1', { fromMs: t + MINUTE, limit: 1 }));
      assert.deepEqual([last?.voltage?.average, last?.thd, last?.location], [98, undefined, 'lab']);
    });

    it('any trend comes back as it went in', async () => {
      const { store } = given();
      const value = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
      const metric = fc.record({ min: value, max: value, average: value }, { noNullPrototype: true });
      const metrics = { frequency: metric, voltage: metric, thd: metric, transient: metric };
      const trends = fc.record(
        {
          box_id: fc.nat().map(String),
          timestamp_ms: fc.nat(),
          location: fc.string({ unit: 'grapheme' }),
          ...metrics,
        },
        { requiredKeys: ['box_id', 'timestamp_ms', 'location'], noNullPrototype: true },
      );
      await fc.assert(
        fc.asyncProperty(trends, async (trend) => {
          await store.putTrends([trend]);
          const range = { fromMs: trend.timestamp_ms, toMs: trend.timestamp_ms + 1 };
          const found = await all(store.trends(trend.box_id, range));
          assert.deepEqual(found, [{ ...trend, expire_at: FOREVER_SECONDS }]);
        }),
        { numRuns: runs(25) },
      );
    });
  });
}
