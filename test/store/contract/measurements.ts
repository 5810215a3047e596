import assert from 'node:assert/strict';
import fc from 'fast-check';
import { METRIC_FIELD, METRICS } from '../../../proto/columns.js';
import type { MeasurementDocument } from '../../../store/documents.js';
import { runs } from '../../support/property.js';
import type { MakeStore } from '../contract.js';
import { all, columnsOf, DAY, givenStore, type Sample } from './given.js';

const { fround } = Math;

export function measurementsContract(makeStore: MakeStore): void {
  describe('measurements', () => {
    const given = givenStore(makeStore);

    it('come back by box in the order of time, with ids as text and float32 values as sent', async () => {
      const { store, clock } = given();
      const at = clock.ms - 5000;
      const result = await store.insertMeasurements(
        columnsOf([
          { box: 1001, at: at + 166, metrics: { f: 59.97, rms: 119.3, thd: 0.021 } },
          { box: 7, at, metrics: { f: 60.01, rms: 121.7, thd: 0.04 } },
          { box: 1001, at, metrics: { f: 60.02, rms: 120.1, thd: 0.019, trans: 3.3 } },
        ]),
      );
      assert.deepEqual(result, { inserted: 3, duplicates: 0 });
      const expire_at = clock.ms / 1000 + DAY;
      assert.deepEqual(await all(store.measurements('1001')), [
        {
          box_id: '1001',
          timestamp_ms: at,
          frequency: fround(60.02),
          voltage: fround(120.1),
          thd: fround(0.019),
          transient: fround(3.3),
          expire_at,
        },
        {
          box_id: '1001',
          timestamp_ms: at + 166,
          frequency: fround(59.97),
          voltage: fround(119.3),
          thd: fround(0.021),
          expire_at,
        },
      ]);
      assert.deepEqual(
        (await all(store.measurements('7'))).map((m) => m.timestamp_ms),
        [at],
      );
    });

    it('nothing is there for a box without measurements, or whose id is no number', async () => {
      const { store, clock } = given();
      await store.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { f: 60 } }]));
      for (const box of ['2', '01', '', 'x', '1.0', '-1', '4294967297']) {
        assert.deepEqual(await all(store.measurements(box)), [], `box ${JSON.stringify(box)}`);
      }
    });

    it('an empty batch is taken', async () => {
      assert.deepEqual(await given().store.insertMeasurements(columnsOf([])), { inserted: 0, duplicates: 0 });
    });

    it('the same values again are the same measurement, within a batch and across batches', async () => {
      const { store, clock, another } = given();
      const at = clock.ms;
      const first = columnsOf([
        { box: 1, at, metrics: { rms: 120, f: [59, 60, 61] }, invalid: ['thd'] },
        { box: 1, at, metrics: { rms: 120, f: [59, 60, 61] }, invalid: ['thd'] },
        { box: 2, at, metrics: { rms: 122 } },
      ]);
      assert.deepEqual(await store.insertMeasurements(first), { inserted: 2, duplicates: 1 });
      assert.deepEqual(await (await another()).insertMeasurements(first), { inserted: 0, duplicates: 3 });
      const voltages = async (box: string) => (await all(store.measurements(box))).map((m) => m.voltage);
      assert.deepEqual(await voltages('1'), [120]);
      assert.deepEqual(await voltages('2'), [122]);
    });

    it('other values with a time that is taken are stored at the next free ms, which the document says; twice changes nothing', async () => {
      const { store, clock, another } = given();
      // Over the end of a second.
      const at = 1000 * Math.floor(clock.ms / 1000) + 998;
      const batch = columnsOf([
        { box: 1, at, metrics: { rms: 120 } },
        { box: 2, at, metrics: { rms: 120 } },
        { box: 1, at, metrics: { rms: 121 } },
        { box: 1, at, metrics: { rms: 122 } },
        { box: 1, at: at + 1, metrics: { rms: 123 } },
        { box: 1, at, metrics: { rms: 121 } },
      ]);
      assert.deepEqual(await store.insertMeasurements(batch), { inserted: 5, duplicates: 1 });
      assert.deepEqual(await store.insertMeasurements(batch), { inserted: 0, duplicates: 6 });
      const other = await another();
      assert.deepEqual(await other.insertMeasurements(batch), { inserted: 0, duplicates: 6 });
      const late = columnsOf([{ box: 1, at, metrics: { rms: 90 } }]);
      assert.deepEqual(await other.insertMeasurements(late), { inserted: 1, duplicates: 0 });
      assert.deepEqual(await store.insertMeasurements(late), { inserted: 0, duplicates: 1 });
      const found = await all(store.measurements('1'));
      const reported = new Map(found.map((m) => [m.voltage, m.reported_timestamp_ms ?? m.timestamp_ms]));
      assert.deepEqual(
        [...reported].sort(),
        [
          [120, at],
          [121, at],
          [122, at],
          [123, at + 1],
          [90, at],
        ].sort(),
      );
      const times = found.map(({ timestamp_ms }) => timestamp_ms - at);
      assert.deepEqual(times, [0, 1, 2, 3, 4]);
      assert.ok(found.some((m) => m.reported_timestamp_ms === undefined && m.timestamp_ms === at));
    });

    it('a clock that stands still loses nothing, batch after batch', async () => {
      const { store, clock } = given();
      const at = clock.ms;
      for (let batch = 0; batch < 20; batch += 1) {
        const rows = Array.from({ length: 100 }, (_, i) => ({
          box: 1,
          at,
          metrics: { rms: 100 * batch + i },
        }));
        assert.deepEqual(await store.insertMeasurements(columnsOf(rows)), { inserted: 100, duplicates: 0 });
      }
      const found = await all(store.measurements('1'));
      assert.deepEqual(
        found.map((m) => m.voltage),
        Array.from({ length: 2000 }, (_, i) => i),
      );
    });

    it('a metric that was not sent is absent; one that came as NaN or infinity is absent and named; flags are named', async () => {
      const { store, clock } = given();
      await store.insertMeasurements(
        columnsOf([
          { box: 1, at: clock.ms, metrics: { rms: 0 }, invalid: ['f', 'thd'] },
          { box: 1, at: clock.ms + 1 },
          { box: 1, at: clock.ms + 2, metrics: { rms: 60 }, flagged: ['sag', 'interruption'] },
        ]),
      );
      const expire_at = clock.ms / 1000 + DAY;
      assert.deepEqual(await all(store.measurements('1')), [
        { box_id: '1', timestamp_ms: clock.ms, voltage: 0, invalid: ['frequency', 'thd'], expire_at },
        { box_id: '1', timestamp_ms: clock.ms + 1, expire_at },
        {
          box_id: '1',
          timestamp_ms: clock.ms + 2,
          voltage: 60,
          flagged: ['sag', 'interruption'],
          expire_at,
        },
      ]);
    });

    it('extremes are there only for metrics where they differ from the average', async () => {
      const { store, clock } = given();
      await store.insertMeasurements(
        columnsOf([
          { box: 3, at: clock.ms, metrics: { f: [60, 60, 60], rms: [101.5, 119, 122], thd: 0.02 } },
        ]),
      );
      const [measurement] = await all(store.measurements('3'));
      assert.deepEqual(measurement?.extremes, { voltage: { min: 101.5, max: 122 } });
      assert.deepEqual([measurement?.frequency, measurement?.voltage], [60, 119]);
    });

    it('ranges: from is inclusive, to exclusive; limit and order hold together', async () => {
      const { store, clock } = given();
      const t = clock.ms - 10_000;
      // Times within one second, at its edges and seconds apart.
      const times = [0, 1, 999, 1000, 1001, 2000, 7000].map((ms) => t + ms);
      await store.insertMeasurements(columnsOf(times.map((at) => ({ box: 5, at, metrics: { f: 60 } }))));
      const read = async (range: Parameters<typeof store.measurements>[1]) =>
        (await all(store.measurements('5', range))).map((m) => m.timestamp_ms - t);
      assert.deepEqual(await read({}), [0, 1, 999, 1000, 1001, 2000, 7000]);
      assert.deepEqual(await read({ fromMs: t + 1, toMs: t + 1001 }), [1, 999, 1000]);
      assert.deepEqual(await read({ fromMs: t + 1, toMs: t + 1001, descending: true }), [1000, 999, 1]);
      assert.deepEqual(await read({ fromMs: t + 1000, limit: 2 }), [1000, 1001]);
      assert.deepEqual(await read({ descending: true, limit: 3 }), [7000, 2000, 1001]);
      assert.deepEqual(await read({ toMs: t + 2000, descending: true, limit: 1 }), [1001]);
      assert.deepEqual(await read({ limit: 0 }), []);
      assert.deepEqual(await read({ fromMs: t + 3000, toMs: t + 3000 }), []);
      assert.deepEqual(await read({ fromMs: t + 5000, toMs: t + 3000 }), []);
    });

    it('more than one page is read without gap or double, both ways, and a reader can stop early', async () => {
      const { store, clock } = given();
      const t = clock.ms - 3_000_000;
      const many: Sample[] = Array.from({ length: 5001 }, (_, i) => ({
        box: 1 + (i % 2),
        at: t + i * 166,
        metrics: { f: 60 },
      }));
      await store.insertMeasurements(columnsOf(many));
      const expected = many.filter((m) => m.box === 1).map((m) => m.at);
      const times = (documents: MeasurementDocument[]) => documents.map((m) => m.timestamp_ms);
      assert.deepEqual(times(await all(store.measurements('1'))), expected);
      assert.deepEqual(
        times(await all(store.measurements('1', { descending: true }))),
        expected.toReversed(),
      );
      assert.deepEqual(times(await all(store.measurements('1', { limit: 2200 }))), expected.slice(0, 2200));
      for await (const measurement of store.measurements('1')) {
        assert.equal(measurement.timestamp_ms, t);
        break;
      }
    });

    it('columns over shared memory are taken as others are', async () => {
      const { store, clock } = given();
      const batch = columnsOf([{ box: 9, at: clock.ms, metrics: { f: 59.5 } }], true);
      assert.deepEqual(await store.insertMeasurements(batch), { inserted: 1, duplicates: 0 });
      assert.equal((await all(store.measurements('9')))[0]?.frequency, 59.5);
    });

    it('a batch may be written over once its promise is settled', async () => {
      const { store, clock } = given();
      const batch = columnsOf([{ box: 9, at: clock.ms, metrics: { f: 59.5 } }]);
      await store.insertMeasurements(batch);
      batch.timestampMs[0] = clock.ms + 1;
      batch.f.average[0] = 1;
      assert.equal((await all(store.measurements('9')))[0]?.frequency, 59.5);
    });

    it('the newest measurement and trend of each box are known, with what has expired left out', async () => {
      const { store, clock } = given();
      assert.deepEqual(await store.newestByBox(), []);
      const accepted = clock.ms;
      const t = accepted - 600_000;
      await store.insertMeasurements(
        columnsOf([
          { box: 1001, at: t + 500, metrics: { f: 60 } },
          { box: 7, at: t + 9000, metrics: { f: 60 } },
          { box: 7, at: t + 1000, metrics: { f: 60 } },
        ]),
      );
      clock.ms += 3_600_000;
      await store.insertMeasurements(columnsOf([{ box: 7, at: t + 2000 }]));
      await store.insertMeasurements(columnsOf([{ box: 8, at: t }]));
      for (const at of [t, t + 60_000])
        await store.putTrends([{ box_id: '7', timestamp_ms: at, location: 'x' }]);
      await store.putTrends([{ box_id: '99', timestamp_ms: t, location: 'x' }]);
      const newest = async () =>
        (await store.newestByBox()).toSorted((a, b) => Number(a.boxId) - Number(b.boxId));
      assert.deepEqual(await newest(), [
        { boxId: '7', measurementMs: t + 9000, trendMs: t + 60_000 },
        { boxId: '8', measurementMs: t },
        { boxId: '1001', measurementMs: t + 500 },
      ]);
      assert.deepEqual(await store.newestByBox((boxId) => boxId === '1001'), [
        { boxId: '1001', measurementMs: t + 500 },
      ]);
      await store.sweep(accepted + (DAY + 60) * 1000);
      assert.deepEqual(await newest(), [
        { boxId: '7', measurementMs: t + 2000, trendMs: t + 60_000 },
        { boxId: '8', measurementMs: t },
      ]);
      await store.insertMeasurements(columnsOf([{ box: 8, at: t + 3000 }]));
      assert.equal((await newest())[1]?.measurementMs, t + 3000);
    });

    it('any batch comes back as it went in', async () => {
      const { store, clock } = given();
      const value = fc.float({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
      const metric = fc.oneof(value, fc.tuple(value, value, value));
      const seen = new Set<string>();
      const sample = fc.record({
        box: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffffffff })),
        at: fc.integer({ min: clock.ms - 100_000, max: clock.ms }),
        metrics: fc.record({ f: metric, rms: metric, thd: metric, trans: metric }, { requiredKeys: [] }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(sample, { maxLength: 40 }), async (samples) => {
          // Other values under a key that is taken are moved; that has tests of its own.
          const fresh = samples.filter((s) => !seen.has(`${s.box} ${s.at}`) && seen.add(`${s.box} ${s.at}`));
          const unique = new Map(fresh.map((s) => [`${s.box} ${s.at}`, s]));
          const batch = columnsOf([...unique.values()]);
          const result = await store.insertMeasurements(batch);
          assert.deepEqual(result, { inserted: unique.size, duplicates: 0 });
          assert.deepEqual(await store.insertMeasurements(batch), { inserted: 0, duplicates: unique.size });
          for (const s of unique.values()) {
            const range = { fromMs: s.at, toMs: s.at + 1 };
            assert.deepEqual(await all(store.measurements(String(s.box), range)), [expected(s, clock.ms)]);
          }
        }),
        { numRuns: runs(25) },
      );
    });
  });
}

/** The document that the data model asks for. */
function expected(sample: Sample, nowMs: number): MeasurementDocument {
  const document: MeasurementDocument = {
    box_id: String(sample.box),
    timestamp_ms: sample.at,
    expire_at: nowMs / 1000 + DAY,
  };
  const extremes: MeasurementDocument['extremes'] = {};
  for (const metric of METRICS) {
    const value = sample.metrics?.[metric];
    if (value === undefined) continue;
    const [min, average, max] = typeof value === 'number' ? [value, value, value] : value;
    document[METRIC_FIELD[metric]] = average;
    if (min !== average || max !== average) extremes[METRIC_FIELD[metric]] = { min, max };
  }
  if (Object.keys(extremes).length > 0) document.extremes = extremes;
  return document;
}
