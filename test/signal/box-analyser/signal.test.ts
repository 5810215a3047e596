/** The measurements against signals whose values are known. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  cycleRms,
  firstRisingZero,
  frequency,
  halfCycleRms,
  harmonicRms,
  lineRms,
  rms,
  thd,
  transientMagnitude,
} from '../../../signal/index.js';
import { runs } from '../../support/property.js';

const RATE = 12_000;

/** Sum of sines at 12 kHz: [Hz, amplitude, phase]. */
function wave(
  parts: readonly (readonly [number, number, number?])[],
  samples: number,
  offset = 0,
): Float64Array {
  return Float64Array.from({ length: samples }, (_, i) =>
    parts.reduce((sum, [f, a, p = 0]) => sum + a * Math.sin((2 * Math.PI * f * i) / RATE + p), offset),
  );
}

function near(actual: number, expected: number, relative: number): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual}, expected ${expected}`);
}

describe('RMS', () => {
  it('of a sine with a direct component, over each whole cycle', () => {
    const samples = wave([[60, 170]], 650, 3);
    const values = cycleRms(samples);
    assert.equal(values.length, 3);
    for (const value of values) near(value, Math.hypot(170 / Math.SQRT2, 3), 1e-12);
    assert.ok(Number.isNaN(rms([])));
  });

  it('each half cycle over a whole one: finds a dip of one and a half cycles that whole cycles smear', () => {
    const samples = wave([[60, 1]], 2000).map((x, i) => (i >= 300 && i < 600 ? x * 0.5 : x));
    const half = halfCycleRms(samples);
    assert.equal(half.length, 19);
    near(Math.min(...half), 0.5 / Math.SQRT2, 1e-12);
    near(half[0] ?? 0, 1 / Math.SQRT2, 1e-12);
    assert.deepEqual([...halfCycleRms(samples, 200, 100)], [...half.slice(1)]);
    assert.equal(halfCycleRms(samples.subarray(0, 199)).length, 0);
  });

  it('finds the first rising zero, where windows may begin', () => {
    assert.equal(firstRisingZero(wave([[60, 1, Math.PI + 0.001]], 400)), 100);
    assert.equal(firstRisingZero([1, 1]), 0);
  });
});

describe('frequency', () => {
  it('within 1 mHz in 10 cycles of a pure tone, whatever its phase and offset', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 57, max: 63, noNaN: true }),
        fc.double({ min: 0, max: 6.28, noNaN: true }),
        fc.double({ min: -0.05, max: 0.05, noNaN: true }),
        (f, phase, offset) => {
          assert.ok(Math.abs(frequency(wave([[f, 1, phase]], 2000, offset)) - f) < 1e-3);
        },
      ),
    );
  });

  it('is not moved by harmonics at 60 Hz, and little beside it', () => {
    const harmonics = (f: number): Float64Array =>
      wave(
        [
          [f, 1],
          [2 * f, 0.05, 1],
          [3 * f, 0.2, 2],
          [5 * f, 0.15, 3],
          [7 * f, 0.1, 4],
          [13 * f, 0.05, 5],
        ],
        2000,
      );
    assert.ok(Math.abs(frequency(harmonics(60)) - 60) < 1e-4);
    assert.ok(Math.abs(frequency(harmonics(59.5)) - 59.5) < 5e-3);
    assert.ok(Math.abs(frequency(harmonics(61)) - 61) < 5e-3);
  });

  it('of a 50 Hz grid with its own prefilter and rate', () => {
    const samples = wave(
      [
        [49.97, 1],
        [150, 0.1],
      ],
      12_000,
    );
    assert.ok(Math.abs(frequency(samples, { samplesPerCycle: 240 }) - 49.97) < 1e-3);
  });

  it('Infinity when nothing crosses zero, NaN for a single crossing', () => {
    assert.equal(frequency(new Float64Array(2000)), Number.POSITIVE_INFINITY);
    assert.equal(frequency(wave([], 2000, 5)), Number.POSITIVE_INFINITY);
    assert.equal(frequency(wave([[60, 1]], 100)), Number.POSITIVE_INFINITY, 'shorter than the prefilter');
    assert.ok(Number.isNaN(frequency(wave([[60, 1, 1]], 380))));
  });
});

describe('harmonics', () => {
  /** 12 cycles of 60 Hz: lines 5 Hz apart. */
  const window = (parts: readonly (readonly [number, number, number?])[]): Float64Array => wave(parts, 2400);

  it('a line has the RMS of the tone on it', () => {
    const samples = window([
      [60, 2],
      [180, 1, 1],
      [185, 0.5, 2],
    ]);
    near(lineRms(samples, 12), Math.SQRT2, 1e-12);
    near(lineRms(samples, 36), Math.SQRT1_2, 1e-12);
    near(lineRms(samples, 37), 0.5 * Math.SQRT1_2, 1e-12);
    assert.ok(lineRms(samples, 40) < 1e-12);
    // a window whose length four does not divide
    near(
      lineRms(
        Float64Array.from({ length: 202 }, (_, i) => Math.sin((2 * Math.PI * 3 * i) / 202)),
        3,
      ),
      Math.SQRT1_2,
      1e-12,
    );
  });

  it('groups as IEC 61000-4-7 has it: neighbours whole, the outermost two of a group at half their square', () => {
    // beside the third harmonic: 5 Hz (subgroup), 10 Hz (group), 30 Hz (half way to the fourth)
    const samples = window([
      [60, 1],
      [180, 0.3],
      [185, 0.2],
      [170, 0.1],
      [210, 0.1],
    ]);
    const third = (grouping: 'none' | 'subgroup' | 'group'): number =>
      harmonicRms(samples, { cycles: 12, grouping })[2] ?? 0;
    near(third('none'), 0.3 * Math.SQRT1_2, 1e-9);
    near(third('subgroup'), Math.hypot(0.3, 0.2) * Math.SQRT1_2, 1e-9);
    near(third('group'), Math.hypot(0.3, 0.2, 0.1, 0.1 * Math.SQRT1_2) * Math.SQRT1_2, 1e-9);
    near(harmonicRms(samples, { cycles: 12, grouping: 'group' })[3] ?? 0, 0.1 / 2, 1e-9);
  });

  it('THD of any harmonics is the root of the sum of their squares, up to the order asked for', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.tuple(fc.integer({ min: 2, max: 40 }), fc.double({ min: 0.001, max: 0.3, noNaN: true })),
          {
            minLength: 1,
            maxLength: 6,
            selector: ([order]) => order,
          },
        ),
        fc.constantFrom('none', 'subgroup', 'group'),
        (orders, grouping) => {
          const samples = window([
            [60, 1, 0.3],
            ...orders.map(([order, a]) => [60 * order, a, order] as const),
          ]);
          near(thd(samples, { cycles: 12, grouping }), Math.hypot(...orders.map(([, a]) => a)), 1e-9);
        },
      ),
      { numRuns: runs(20) },
    );
    const beyond = window([
      [60, 1],
      [60 * 45, 0.5],
    ]);
    assert.ok(thd(beyond, { cycles: 12 }) < 1e-9);
    near(thd(beyond, { cycles: 12, highest: 50 }), 0.5, 1e-9);
  });

  it('stops below half the sample rate, and is NaN for a dead input', () => {
    assert.equal(harmonicRms(window([[60, 1]]), { cycles: 12, highest: 1000, grouping: 'none' }).length, 99);
    assert.ok(Number.isNaN(thd(new Float64Array(2400), { cycles: 12 })));
  });
});

describe('transient magnitude', () => {
  it('nothing of the line voltage and its third harmonic, all of a ringing above 600 Hz', () => {
    const lineVoltage = wave(
      [
        [60, 170],
        [180, 5],
      ],
      2000,
    );
    assert.ok(transientMagnitude(lineVoltage) < 0.12, `${transientMagnitude(lineVoltage)}`);
    // no whole number of samples a period, so that some sample meets the peak
    for (const f of [701, 1237, 3011, 5503]) {
      near(
        transientMagnitude(
          wave(
            [
              [60, 170],
              [f, 20],
            ],
            2000,
          ),
        ),
        20,
        0.02,
      );
    }
  });

  it('finds a single pulse; a window no longer than its history says 0', () => {
    const pulse = wave([[60, 170]], 2000);
    pulse[1000] = (pulse[1000] ?? 0) + 90;
    near(transientMagnitude(pulse), 90 * (1 - 400 / 6000), 0.01);
    assert.equal(transientMagnitude(pulse.subarray(0, 124)), 0);
  });
});
