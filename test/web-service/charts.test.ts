/** From which documents a chart is made. */
import assert from 'node:assert/strict';
import type { Store } from '../../store/store.js';
import type { Chart } from '../../web-service/api/values.js';
import { readAutoChart } from '../../web-service/operations/charts.js';
import { columnsOf } from '../store/contract/given.js';
import { openWritable, type Writable } from '../store/writable.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const NOW = 1_795_315_200_000;
const RETENTION = { mode: 'ttl', measurementsSeconds: 100 * 365 * 86_400 } as const;

describe('web-service: charts', function () {
  this.timeout(30_000);
  let store: Writable<Store>;
  const putTrends = (from: number, to: number): Promise<unknown> =>
    store.putTrends(
      Array.from({ length: (to - from) / 60_000 }, (_, i) => ({
        box_id: '1',
        timestamp_ms: from + 60_000 * (i + 1),
        location: 'lab',
        voltage: { min: 119, max: 121, average: 120 },
      })),
    );
  const putMeasurements = (from: number, to: number): Promise<unknown> =>
    store.insertMeasurements(
      columnsOf(
        Array.from({ length: (to - from) / 1000 }, (_, i) => ({
          box: 1,
          at: from + 1000 * i,
          metrics: { rms: 120, f: 60 },
        })),
      ),
    );
  const chart = (from: number, to: number): Promise<Chart> =>
    readAutoChart(store, '1', { from, to, points: 1000 });

  beforeEach(async () => {
    store = await openWritable(':memory:', { retention: RETENTION, now: () => NOW });
  });
  afterEach(() => store.close());

  it('an hour whose measurements have expired is made of trends', async () => {
    const from = NOW - 7 * DAY_MS;
    await putTrends(from, from + HOUR_MS);
    const found = await chart(from, from + HOUR_MS);
    assert.equal(found.source, 'trends');
    assert.equal(found.timestamp_ms.length, 60);
  });

  it('an hour whose trends have expired too is made of aggregates', async () => {
    const from = NOW - 300 * DAY_MS;
    await store.putAggregates(
      [1, 2, 3, 4, 5, 6].map((i) => ({
        ...{ box_id: '1', timestamp_ms: from + 600_000 * i, window_seconds: 600, location: 'lab' },
        ...{ measurements: 600, flagged: 0, coverage: 1 },
        voltage: { rms: 120, min: 119, max: 121 },
      })),
    );
    const found = await chart(from, from + HOUR_MS);
    assert.equal(found.source, 'aggregates');
    assert.equal(found.timestamp_ms.length, 6);
  });

  it('where half of the measurements have expired the trends are taken, and measurements where they are there', async () => {
    const from = NOW - DAY_MS;
    await putTrends(from, from + 2 * HOUR_MS);
    await putMeasurements(from + HOUR_MS, from + 2 * HOUR_MS);
    assert.equal((await chart(from, from + 2 * HOUR_MS)).source, 'trends');
    assert.equal((await chart(from + HOUR_MS, from + 2 * HOUR_MS)).source, 'measurements');
    // The minute that has not ended has no trend yet, and the measurements begin within a minute.
    assert.equal((await chart(from + HOUR_MS - 60_000, from + 2 * HOUR_MS)).source, 'measurements');
  });

  it('nothing is nothing', async () => {
    const found = await chart(NOW, NOW + HOUR_MS);
    assert.equal(found.source, 'measurements');
    assert.deepEqual(found.timestamp_ms, []);
  });
});
