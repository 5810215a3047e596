/** The resampler: tones keep their amplitude, what cannot be carried vanishes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { rms } from '../../signal/index.js';
import { resample, resampleTimed } from '../../signal/resample.js';
import { runs } from '../support/property.js';

const OUT = 12_000;

function tone(frequency: number, rate: number, seconds: number, phase = 0): Float64Array {
  return Float64Array.from({ length: Math.round(rate * seconds) }, (_, i) =>
    Math.sin((2 * Math.PI * frequency * i) / rate + phase),
  );
}

/** RMS of the middle half: the ends feel the mirror image beyond them. */
function middleRms(samples: Float64Array): number {
  return rms(samples, Math.floor(samples.length / 4), Math.floor((3 * samples.length) / 4));
}

describe('resampling to 12 kHz', () => {
  it('keeps the amplitude of a tone below 0.9 of the lower half rate within 0.1 %', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2400, max: 96_000 }),
        fc.double({ min: 0.03, max: 0.9, noNaN: true }),
        fc.double({ min: 0, max: 6.28, noNaN: true }),
        (rate, fraction, phase) => {
          const frequency = (fraction * Math.min(rate, OUT)) / 2;
          // whole periods in the middle half, so that its RMS is that of the tone
          const seconds = (4 * Math.max(8, Math.ceil(frequency / 20))) / frequency;
          const output = resample(tone(frequency, rate, seconds, phase), rate, OUT);
          const amplitude = fitted(output, frequency);
          assert.ok(Math.abs(amplitude - 1) < 1e-3, `${rate} Hz, ${frequency} Hz: ${amplitude}`);
        },
      ),
      { numRuns: runs(15) },
    );
  });

  it('keeps whatever would alias more than 60 dB down', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 14_000, max: 96_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (rate, place) => {
          const frequency = 6001 + place * (rate / 2 - 6001);
          const output = resample(tone(frequency, rate, 0.3, 0.5), rate, OUT);
          const level = middleRms(output) * Math.SQRT2;
          assert.ok(20 * Math.log10(level + 1e-12) < -60, `${rate} Hz, ${frequency} Hz: ${level}`);
        },
      ),
      { numRuns: runs(15) },
    );
  });

  it('gives the same samples at the same rate', () => {
    const input = tone(60, OUT, 0.5);
    const output = resample(input, OUT, OUT);
    assert.equal(output.length, input.length);
    for (let i = 100; i < input.length - 100; i += 1) {
      assert.ok(Math.abs((output[i] ?? 0) - (input[i] ?? 0)) < 1e-3);
    }
  });

  it('follows a rate that drifts: the tone stays one tone', () => {
    // a recorder that takes 48 samples of a cycle whose frequency wanders by 1 %
    const times: number[] = [];
    for (let t = 0; t < 2; ) {
      times.push(t);
      t += 1 / (2400 * (1 + 0.01 * Math.sin(2 * Math.PI * t)));
    }
    const samples = times.map((t) => Math.sin(2 * Math.PI * 50 * t));
    const output = resampleTimed({ samples, times }, OUT);
    for (let i = 1000; i < output.length - 1000; i += 1) {
      assert.ok(Math.abs((output[i] ?? 0) - Math.sin((2 * Math.PI * 50 * i) / OUT)) < 2e-3, `sample ${i}`);
    }
  });

  it('needs no more memory for a high rate: 10 MHz', () => {
    const rate = 10_000_000;
    const before = process.memoryUsage().arrayBuffers;
    const output = resample(tone(1000, rate, 0.02), rate, OUT);
    const grown = process.memoryUsage().arrayBuffers - before - 8 * 0.02 * rate;
    assert.equal(output.length, 240);
    for (let i = 60; i < 180; i += 1)
      assert.ok(Math.abs((output[i] ?? 0) - Math.sin((2 * Math.PI * 1000 * i) / OUT)) < 1e-3, `sample ${i}`);
    assert.ok(grown < 4e6, `${(grown / 1e6).toFixed(1)} MB`);
  });

  it('has as many samples as the duration holds, and does not choke on two samples', () => {
    assert.equal(resample(new Float64Array(30_707), 30_707, OUT).length, OUT);
    assert.equal(resample([1, 1], 2400, OUT).length, 10);
    assert.equal(resampleTimed({ samples: [1], times: [0] }, OUT).length, 0);
  });
});

/** Amplitude of the tone in the middle half, by least squares against sine and cosine. */
function fitted(samples: Float64Array, frequency: number): number {
  let [ss, sc, cc, xs, xc] = [0, 0, 0, 0, 0];
  for (let i = Math.floor(samples.length / 4); i < (3 * samples.length) / 4; i += 1) {
    const angle = (2 * Math.PI * frequency * i) / OUT;
    const [s, c, x] = [Math.sin(angle), Math.cos(angle), samples[i] ?? 0];
    ss += s * s;
    sc += s * c;
    cc += c * c;
    xs += x * s;
    xc += x * c;
  }
  const determinant = ss * cc - sc * sc;
  return Math.hypot((xs * cc - xc * sc) / determinant, (xc * ss - xs * sc) / determinant);
}
