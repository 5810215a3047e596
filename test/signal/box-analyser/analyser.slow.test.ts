/** WebAssembly says what the plain functions say: on random counts, on grid-like signals, on the real recordings. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { openSources } from '../../../box/index.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { countsFromBytes } from '../../../formats/index.js';
import * as plain from '../../../signal/index.js';
import { runs } from '../../support/property.js';

const SHARED = path.join(PACKAGE_ROOT, '../shared/data');

/** Equal but for rounding, which is judged against `scale`: what was added up may be far greater than what is left. */
function same(actual: number, expected: number, scale = Math.abs(expected)): void {
  if (Object.is(actual, expected)) return;
  assert.ok(Math.abs(actual - expected) <= 1e-9 * scale, `${actual}, expected ${expected}`);
}

function allSame(actual: Float64Array, expected: Float64Array, scale: number): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of expected.entries()) same(actual[i] ?? Number.NaN, value, scale);
}

const counts = (min: number, max: number): fc.Arbitrary<Int16Array> =>
  fc.int16Array({ minLength: min, maxLength: max });

/** Line voltage with harmonics and noise, any frequency near 60 Hz. */
const lineVoltage = fc
  .tuple(
    fc.double({ min: 55, max: 65, noNaN: true }),
    fc.array(fc.double({ min: 0, max: 0.2, noNaN: true }), { minLength: 8, maxLength: 8 }),
    fc.double({ min: 0, max: 6.28, noNaN: true }),
    fc.integer({ min: 700, max: 5000 }),
  )
  .map(([f, orders, phase, length]) =>
    Int16Array.from({ length }, (_, i) => {
      const angle = (2 * Math.PI * f * i) / 12_000 + phase;
      const value = orders.reduce((sum, a, k) => sum + a * Math.sin((k + 2) * angle + k), Math.sin(angle));
      return Math.round(Math.max(-32_768, Math.min(32_767, 12_000 * value + 37 * Math.sin(i * i))));
    }),
  );

describe('the analyser in WebAssembly', () => {
  const wasm = plain.createSignalAnalyser();

  function compareAll(samples: Int16Array): void {
    // sums of squares of counts are whole numbers: not even rounding differs
    assert.deepEqual(wasm.cycleRms(samples), plain.cycleRms(samples));
    assert.deepEqual(wasm.halfCycleRms(samples, 200, 7), plain.halfCycleRms(samples, 200, 7));
    same(wasm.frequency(samples), plain.frequency(samples), 60);
    same(wasm.transientMagnitude(samples), plain.transientMagnitude(samples));
    for (const [cycles, grouping] of [
      [12, 'group'],
      [10, 'subgroup'],
      [6, 'none'],
      [7, 'group'],
    ] as const) {
      const window = samples.subarray(0, cycles * 200);
      if (window.length < cycles * 200) continue;
      const expected = plain.harmonicRms(window, { cycles, grouping });
      const level = plain.rms(window);
      allSame(wasm.harmonicRms(window, { cycles, grouping }), expected, level);
      // a fundamental of nothing but rounding makes any THD
      if ((expected[0] ?? 0) < 1e-3 * level) continue;
      const distortion = plain.thd(window, { cycles, grouping });
      same(wasm.thd(window, { cycles, grouping }), distortion, 1 + distortion);
    }
  }

  it('any counts', () => {
    fc.assert(
      fc.property(counts(0, 2600), (samples) => compareAll(samples)),
      { numRuns: runs(15) },
    );
  });

  it('grid-like counts', () => {
    fc.assert(
      fc.property(lineVoltage, (samples) => compareAll(samples)),
      { numRuns: runs(15) },
    );
  });

  it('the loudest counts, a dead input, none at all', () => {
    compareAll(new Int16Array(2400).fill(-32_768));
    compareAll(Int16Array.from({ length: 2400 }, (_, i) => (i % 2 === 0 ? -32_768 : 32_767)));
    compareAll(new Int16Array(2400));
    compareAll(new Int16Array(0));
  });

  it('an input that dies, and comes back', () => {
    fc.assert(
      fc.property(lineVoltage, fc.nat(3000), fc.nat(1500), (samples, from, length) => {
        samples.fill(0, from, from + length);
        compareAll(samples);
      }),
      { numRuns: runs(15) },
    );
  });

  it('other lengths of a cycle, steps, rates and orders', () => {
    fc.assert(
      fc.property(
        counts(500, 3000),
        fc.integer({ min: 2, max: 150 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 60 }),
        (samples, half, step, highest) => {
          const samplesPerCycle = 2 * half;
          assert.deepEqual(wasm.cycleRms(samples, samplesPerCycle), plain.cycleRms(samples, samplesPerCycle));
          assert.deepEqual(
            wasm.halfCycleRms(samples, samplesPerCycle),
            plain.halfCycleRms(samples, samplesPerCycle),
          );
          const options = { samplesPerCycle, step, sampleRate: 4800 };
          same(wasm.frequency(samples, options), plain.frequency(samples, options), 1e4);
          const cycles = Math.floor(samples.length / samplesPerCycle);
          const window = samples.subarray(0, cycles * samplesPerCycle);
          const orders = plain.harmonicRms(window, { cycles, highest });
          allSame(wasm.harmonicRms(window, { cycles, highest }), orders, 32_768);
          same(wasm.transientMagnitude(samples, 4800), plain.transientMagnitude(samples, 4800));
        },
      ),
      { numRuns: runs(15) },
    );
  });

  it('refuses what does not fit, and works on afterwards', () => {
    const small = plain.createSignalAnalyser(1000);
    assert.throws(() => small.cycleRms(new Int16Array(1001)), RangeError);
    assert.throws(() => small.cycleRms(new Int16Array(10), 0), RangeError);
    assert.throws(() => small.cycleRms(new Int16Array(10), 2.5), RangeError);
    assert.throws(() => small.halfCycleRms(new Int16Array(10), 7), RangeError);
    assert.throws(() => small.halfCycleRms(new Int16Array(10), 4, -1), RangeError);
    assert.throws(() => small.frequency(new Int16Array(10), { step: 0 }), RangeError);
    assert.throws(() => small.harmonicRms(new Int16Array(401), { cycles: 2 }), RangeError);
    assert.throws(() => small.harmonicRms(new Int16Array(400), { cycles: 0 }), RangeError);
    assert.deepEqual(small.cycleRms(new Int16Array(400).fill(3)), Float64Array.of(3, 3));
  });

  it('a result stays as it is when the analyser is used again', () => {
    const first = wasm.cycleRms(new Int16Array(400).fill(3));
    wasm.cycleRms(new Int16Array(400).fill(9));
    assert.deepEqual(first, Float64Array.of(3, 3));
  });

  describe('real recordings', () => {
    if (!existsSync(SHARED)) {
      it.skip(`SKIPPED: no recordings at ${SHARED}`);
      return;
    }
    for (const name of ['event_9354_1', 'event_9354_4']) {
      it(name, () => {
        const samples = countsFromBytes(readFileSync(path.join(SHARED, 'opq-box', name)));
        for (let at = 0; at + 2400 <= samples.length; at += 1700) compareAll(samples.subarray(at, at + 2400));
        compareAll(samples);
      });
    }
    for (const [file, channel] of [
      ['keating_1999.CFG', 'U3'],
      ['dips_and_swells.cfg', 'UB'],
      ['dips_and_swells.cfg', 'UC'],
    ] as const) {
      it(`${file} ${channel}`, () => {
        const source = openSources(path.join(SHARED, 'comtrade', file), { channel, nominalV: 120 })(1);
        const samples = Int16Array.from(
          Array.from({ length: source.cycles }, (_, n) => [...source.cycle(n)]).flat(),
        );
        compareAll(samples);
      });
    }
  });
});
