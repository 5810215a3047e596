import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TEN_MINUTES_MS, TenMinutes } from '../../../analysis-service/aggregates/ten-minutes.js';
import { TWO_HOURS_MS, twoHours } from '../../../analysis-service/aggregates/two-hours.js';
import type { Flag } from '../../../proto/columns.js';
import type { MeasurementDocument } from '../../../store/store.js';
import { runs } from '../../support/property.js';

const START = 1_780_000_200_000;
assert.equal(START % TEN_MINUTES_MS, 0);

type Measured = MeasurementDocument & { flagged?: string[] };
const at = (ms: number, values: Partial<Measured>): Measured => ({
  box_id: '1',
  timestamp_ms: START + ms,
  expire_at: 0,
  ...values,
});

function computed(measurements: readonly Measured[]) {
  const window = new TenMinutes(START);
  for (const measurement of measurements) window.add(measurement);
  return window.result('1', 'lab');
}

describe('analysis-service/aggregates: ten minutes', () => {
  it('without a measurement there is no aggregate; with one without a metric there is one without values', () => {
    assert.equal(computed([]), undefined);
    assert.equal(computed([at(-1, { voltage: 1 }), at(TEN_MINUTES_MS, { voltage: 1 })]), undefined);
    assert.deepEqual(computed([at(0, {})]), {
      box_id: '1',
      timestamp_ms: START + TEN_MINUTES_MS,
      window_seconds: 600,
      location: 'lab',
      measurements: 1,
      flagged: 0,
      coverage: 1 / 60,
    });
  });

  it('voltage is the root mean square of the RMS values, its limits those of single cycles', () => {
    const found = computed([
      at(0, { voltage: 100, extremes: { voltage: { min: 90, max: 104 } } }),
      at(10_000, { voltage: 140 }),
    ]);
    assert.deepEqual(found?.voltage, { rms: Math.sqrt((100 ** 2 + 140 ** 2) / 2), min: 90, max: 140 });
    assert.equal(found?.coverage, 2 / 60);
  });

  it('frequency is averaged in aligned 10 s; THD in 3 s, as root mean square', () => {
    const found = computed([
      ...[at(0, { frequency: 59.9 }), at(9_999, { frequency: 60 }), at(10_000, { frequency: 60.2 })],
      ...[at(30_000, { thd: 0.03 }), at(32_999, { thd: 0.04 }), at(33_000, { thd: 0.02 })],
    ]);
    assert.deepEqual(found?.frequency, { min: 59.95, max: 60.2, average: 60.075, ten_second: [59.95, 60.2] });
    const three = Math.sqrt((0.03 ** 2 + 0.04 ** 2) / 2);
    assert.ok(Math.abs((found?.thd?.rms ?? 0) - Math.sqrt((three ** 2 + 0.02 ** 2) / 2)) < 1e-15);
    assert.deepEqual(found?.thd?.three_second, {
      step: 0.001,
      from: 20,
      counts: [1, ...new Array(14).fill(0), 1],
    });
  });

  it('flagged measurements count; their frequency and THD do not, nor does a flagged 10 s, their voltage does', () => {
    const flagged: Flag[] = ['interruption'];
    const found = computed([
      at(0, { voltage: 120, frequency: 60, thd: 0.01 }),
      at(5_000, { voltage: 10, frequency: 15.674, thd: 122, flagged }),
      at(11_000, { voltage: 120, frequency: 60.1, thd: 0.02 }),
      at(12_000, { voltage: 120, flagged: [] }),
    ]);
    assert.equal(found?.flagged, 1);
    assert.equal(found?.measurements, 4);
    assert.deepEqual(found?.frequency?.ten_second, [60.1]);
    assert.equal(found?.thd?.max, 0.02);
    assert.equal(found?.voltage?.min, 10);
    const only = computed([at(0, { voltage: 1, frequency: 60, thd: 0.1, flagged })]);
    assert.deepEqual([only?.frequency, only?.thd, only?.coverage], [undefined, undefined, 1 / 60]);
  });

  it('a THD of any size is counted in a bounded number of steps', () => {
    const found = computed([at(0, { thd: 0 }), at(3_000, { thd: 1e9 })]);
    assert.equal(found?.thd?.three_second?.counts.length, 1001);
  });

  it('does not depend on the order, and every count adds up', () => {
    const value = fc.record({
      ms: fc.integer({ min: 0, max: TEN_MINUTES_MS - 1 }),
      voltage: fc.float({ min: 0, max: 300, noNaN: true }),
      frequency: fc.float({ min: 45, max: 65, noNaN: true }),
      thd: fc.float({ min: 0, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
        const list = values.map(({ ms, ...rest }) => at(ms, rest));
        const [one, other] = [computed(list), computed(list.toReversed())];
        assert.ok(one !== undefined && other !== undefined);
        assert.deepEqual(other.thd?.three_second, one.thd?.three_second);
        assert.ok(Math.abs((one.voltage?.rms ?? 0) - (other.voltage?.rms ?? 1)) < 1e-9);
        const tens = new Set(values.map(({ ms }) => Math.floor(ms / 10_000))).size;
        const threes = new Set(values.map(({ ms }) => Math.floor(ms / 3_000))).size;
        assert.equal(one.frequency?.ten_second?.length, tens);
        assert.equal(one.coverage, tens / 60);
        assert.equal(
          one.thd?.three_second?.counts.reduce((a, b) => a + b, 0),
          threes,
        );
        const rms = one.voltage?.rms ?? 0;
        assert.ok(rms >= (one.voltage?.min ?? 0) - 1e-9 && rms <= (one.voltage?.max ?? 0) + 1e-9);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('analysis-service/aggregates: two hours', () => {
  const end = Math.ceil(START / TWO_HOURS_MS) * TWO_HOURS_MS;
  const ten = (endMs: number, voltage: number, frequency: number[]) => ({
    box_id: '1',
    timestamp_ms: endMs,
    window_seconds: 600 as const,
    location: endMs === end ? 'roof' : 'lab',
    measurements: 10,
    flagged: 1,
    coverage: 0.5,
    voltage: { rms: voltage, min: voltage - 1, max: voltage + 1 },
    frequency: {
      min: Math.min(...frequency),
      max: Math.max(...frequency),
      average: frequency.reduce((a, b) => a + b, 0) / frequency.length,
      ten_second: frequency,
    },
  });

  it('are computed from the windows of ten minutes that are there', () => {
    assert.equal(twoHours(end, []), undefined);
    const windows = [ten(end, 140, [60.2]), ten(end - TEN_MINUTES_MS, 100, [59.9, 60])];
    assert.deepEqual(twoHours(end, windows), {
      box_id: '1',
      timestamp_ms: end,
      window_seconds: 7200,
      location: 'roof',
      measurements: 20,
      flagged: 2,
      coverage: 1 / 12,
      voltage: { rms: Math.sqrt((100 ** 2 + 140 ** 2) / 2), min: 99, max: 141 },
      frequency: { min: 59.9, max: 60.2, average: (60.2 + 59.9 + 60) / 3 },
    });
  });
});
