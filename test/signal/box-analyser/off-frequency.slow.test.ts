import assert from 'node:assert/strict';
import { rippleAt, rms, thd, thdAllowanceAt, thdLeakageAt } from '../../../signal/index.js';

const SAMPLE_RATE = 12_000;
const CYCLE = 200;

function sine(frequency: number, phase: number, samples: number): Float64Array {
  const omega = (2 * Math.PI * frequency) / SAMPLE_RATE;
  return Float64Array.from({ length: samples }, (_, i) => Math.SQRT2 * Math.sin(omega * i + phase));
}

const PHASES = Array.from({ length: 720 }, (_, i) => (Math.PI * i) / 360);

describe('signal: windows of 200 samples on a grid that has not 60 Hz', () => {
  it('the ripple is the lowest and highest RMS that any phase gives', () => {
    for (const frequency of [45, 50, 55, 56, 58, 62, 66]) {
      const found = PHASES.map((phase) => rms(sine(frequency, phase, CYCLE)));
      const { high, low } = rippleAt(frequency);
      assert.ok(Math.abs(low - Math.min(...found)) < 1e-4, `${frequency} Hz: ${low}`);
      assert.ok(Math.abs(high - Math.max(...found)) < 1e-4, `${frequency} Hz: ${high}`);
    }
    const { high, low } = rippleAt(50);
    assert.deepEqual([low.toFixed(4), high.toFixed(4)], ['0.9136', '1.0795']);
  });

  it('there is none near 60 Hz, nor where the frequency is not known', () => {
    for (const frequency of [60, 59.6, 60.5, Number.NaN])
      assert.deepEqual(rippleAt(frequency), { low: 1, high: 1 });
  });

  it('no sine shows more THD than the leakage, at any phase, and some phase shows nearly all of it', () => {
    for (const frequency of [56, 58, 59, 59.5, 60.5, 61, 63]) {
      for (const cycles of [1, 10]) {
        const found = PHASES.filter((_, i) => i % 12 === 0).map((phase) =>
          thd(sine(frequency, phase, cycles * CYCLE), { cycles, grouping: 'none' }),
        );
        const bound = thdLeakageAt(frequency);
        const most = Math.max(...found);
        assert.ok(most <= bound * 1.01, `${frequency} Hz, ${cycles} cycles: ${most} of ${bound}`);
        assert.ok(most > 0.85 * bound, `${frequency} Hz, ${cycles} cycles: ${most} of ${bound}`);
      }
    }
    assert.equal(thdLeakageAt(60), 0);
    assert.equal(thdLeakageAt(Number.NaN), 0);
  });

  it('the limit of THD is raised by the leakage up to 1 Hz from 60, and beyond THD is not judged', () => {
    assert.deepEqual([59.6, 60, 60.5, Number.NaN].map(thdAllowanceAt), [0, 0, 0, 0]);
    assert.equal(thdAllowanceAt(59.2), thdLeakageAt(59.2));
    assert.deepEqual([50, 56, 58.9, 61.1].map(thdAllowanceAt), new Array(4).fill(Number.POSITIVE_INFINITY));
  });
});
