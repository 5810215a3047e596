/** Harmonics and interharmonics against signals whose spectrum is known (accuracy: IEC 61000-4-7, class I). */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  harmonicGroups,
  harmonicSubgroups,
  interharmonicGroups,
  interharmonicSubgroups,
  meanOrders,
  SpectrumAnalyser,
  totalDistortion,
  trackFundamental,
  zeroCrossings,
} from '../../signal/index.js';
import { RealTransform } from '../../signal/spectrum/fft.js';
import { WindowLines } from '../../signal/spectrum/window-lines.js';
import { runs } from '../support/property.js';
import { gaussian, wave } from './waves.js';

const NOMINAL = 120;

/** Subgroups, mean of 15 windows. */
function subgroups(x: Float64Array, rate: number, nominal: number): Float64Array {
  const analyser = new SpectrumAnalyser(rate, nominal);
  const track = trackFundamental(x, { rate, nominalFrequency: nominal });
  assert.ok(track !== undefined);
  const windows = analyser.windows(x, zeroCrossings(track)).slice(0, 15);
  assert.equal(windows.length, 15);
  return meanOrders(windows.map((w) => harmonicSubgroups(w, analyser.cycles, analyser.highestOrder)));
}

describe('signal/spectrum', () => {
  it('transforms as the sum does that defines it', () => {
    const random = gaussian(7);
    for (const n of [8, 16, 32, 64, 1024, 2048]) {
      const x = Float64Array.from({ length: n }, random);
      const transform = new RealTransform(n);
      transform.run(x);
      for (const k of [0, 1, n / 4, n / 2 - 1, n / 2]) {
        let re = 0;
        let im = 0;
        for (let i = 0; i < n; i += 1) {
          re += (x[i] ?? 0) * Math.cos((2 * Math.PI * k * i) / n);
          im -= (x[i] ?? 0) * Math.sin((2 * Math.PI * k * i) / n);
        }
        const off = Math.hypot((transform.re[k] ?? 0) - re, (transform.im[k] ?? 0) - im);
        assert.ok(off < 1e-10 * n, `${n} ${k} ${off}`);
      }
    }
    assert.throws(() => new RealTransform(12), RangeError);
  });

  it('lines of a window are those of its signal, whatever the number of points', () => {
    const random = gaussian(3);
    for (const points of [64, 128, 256, 512, 1024, 2048, 4096]) {
      const lines = Math.floor(points / 2.4);
      const step = 1.13;
      const windows = new WindowLines({ points, step, lines, highest: (1.1 * lines) / (points * step) });
      const expected = new Float64Array(lines);
      const tones = [0, 1, 5, lines >> 1, lines - 2, lines - 1].map((k) => {
        const size = 1 + Math.abs(random());
        expected[k] = k === 0 ? Math.SQRT2 * size : size / Math.SQRT2;
        return { k, size, phase: random() };
      });
      const at = (i: number): number =>
        tones.reduce((sum, { k, phase, size }) => {
          const angle = k === 0 ? 0 : (2 * Math.PI * k * (i - 70.3)) / (points * step) + phase;
          return sum + size * Math.cos(angle);
        }, 0);
      const x = Float64Array.from({ length: Math.ceil(points * step) + 140 }, (_, i) => at(i));
      // Twice: what a longer window before needed is of no matter.
      windows.run(x, 40, 40 + 1.5 * points * step, 1);
      const found = windows.run(x, 70.3, 70.3 + points * step, Math.SQRT2 / points);
      for (const [k, size] of expected.entries())
        assert.ok(
          Math.abs((found[k] ?? 0) - size) < 5e-3,
          `${points} points, line ${k}: ${found[k]}, ${size}`,
        );
    }
    assert.throws(() => new WindowLines({ points: 96, step: 1, lines: 20, highest: 0.2 }), RangeError);
    assert.throws(() => new WindowLines({ points: 32, step: 1, lines: 10, highest: 0.2 }), RangeError);
  });

  for (const [rate, nominal] of [
    [12_000, 60],
    [12_000, 50],
    [30_707, 60],
    [6400, 50],
    [2401, 50],
    [800, 60],
  ] as const) {
    for (const off of rate > 20_000 ? [1.003] : [0.9, 0.9993, 1, 1.1]) {
      it(`orders at ${rate} Hz, ${(nominal * off).toFixed(2)} Hz, 14 bits: within 5 % or 0.05 % of nominal`, () => {
        const { highestOrder } = new SpectrumAnalyser(rate, nominal);
        const share = (h: number): number =>
          h === 1 ? 1 : ([0.02, 0.1, 0.01, 0.08, 0.004, 0.05][h % 6] ?? 0) / (1 + h / 20);
        const harmonics = Array.from({ length: highestOrder - 1 }, (_, i) => i + 2).map(
          (h) => [h, share(h), 37 * h * h] as const,
        );
        const x = wave({
          rate,
          seconds: 3.6,
          hz: nominal * off,
          phase: 40,
          harmonics,
          step: 0.06,
          offset: 1,
        });
        const found = subgroups(x, rate, nominal);
        for (let h = 1; h <= Math.min(40, highestOrder); h += 1) {
          const expected = NOMINAL * share(h);
          const allowed = Math.max(0.05 * expected, 0.0005 * NOMINAL);
          // ten times better than class I
          const off = Math.abs((found[h - 1] ?? 0) - expected);
          assert.ok(off < allowed / 10, `order ${h}: ${found[h - 1]}, expected ${expected}`);
        }
        const expected = Math.sqrt(harmonics.reduce((sum, [, part]) => sum + part * part, 0));
        assert.ok(Math.abs(totalDistortion(found) / expected - 1) < 2e-3);
      });
    }
  }

  it('reaches the 50th order at 12 kHz, and what lies below 0.42 of a lower rate', () => {
    assert.equal(new SpectrumAnalyser(12_000, 60).highestOrder, 50);
    assert.equal(new SpectrumAnalyser(2400, 50).highestOrder, 17);
    assert.equal(new SpectrumAnalyser(800, 60).highestOrder, 4);
  });

  it('what lies above the highest line does not fold onto the orders', () => {
    const rate = 30_000;
    const add = (t: number): number =>
      20 * Math.sin(2 * Math.PI * 9870 * t) + 20 * Math.sin(2 * Math.PI * 14_500 * t);
    const found = subgroups(wave({ rate, seconds: 3.6, hz: 60, add }), rate, 60);
    for (const value of found.subarray(1)) assert.ok(value < 0.0005 * NOMINAL, `${value}`);
  });

  it('groups and subgroups as IEC 61000-4-7 draws them', () => {
    // RMS of lines, 12 to an order, around the third harmonic
    const lines = new Float64Array(64);
    const set = (line: number, value: number): void => {
      lines[line] = value;
    };
    set(12, 100);
    set(36, 3);
    set(37, 2);
    set(34, 1);
    set(42, 4);
    const w = { lines };
    const at = (values: Float64Array, index: number): number =>
      Number((values[index] ?? Number.NaN).toFixed(12));
    const root = (...values: number[]): number => Number(Math.hypot(...values).toFixed(12));
    assert.equal(at(harmonicSubgroups(w, 12, 4), 2), root(3, 2));
    assert.equal(at(harmonicGroups(w, 12, 4), 2), root(3, 2, 1, 4 * Math.SQRT1_2));
    assert.equal(at(harmonicGroups(w, 12, 4), 3), root(4 * Math.SQRT1_2));
    assert.equal(at(interharmonicGroups(w, 12, 4), 3), root(2, 4));
    assert.equal(at(interharmonicSubgroups(w, 12, 4), 3), 4);
    assert.equal(at(interharmonicSubgroups(w, 12, 4), 2), 1);
    assert.equal(totalDistortion(Float64Array.of(100, 3, 4)), 0.05);
    assert.ok(Number.isNaN(totalDistortion(new Float64Array(3))));
  });

  it('an interharmonic is found between its orders, with its RMS', () => {
    fc.assert(
      fc.property(fc.integer({ min: 15, max: 21 }), fc.integer({ min: 1, max: 30 }), (between, order) => {
        const hz = order * 60 + (between - 12) * 5;
        const add = (t: number): number => Math.SQRT2 * 2 * Math.sin(2 * Math.PI * hz * t);
        const analyser = new SpectrumAnalyser(12_000, 60);
        const w = analyser.window(wave({ rate: 12_000, seconds: 0.3, hz: 60, add }), 400, 2800);
        const found = interharmonicSubgroups(w, 12, 40)[order] ?? 0;
        assert.ok(Math.abs(found - 2) < 0.02, `${hz} Hz: ${found}`);
      }),
      { numRuns: runs(30) },
    );
  });
});
