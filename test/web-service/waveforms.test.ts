/** Waveforms: parts, bands, the binary form, Urms(1/2) and the spectrum. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeWaveform } from '../../web-service/waveforms/binary.js';
import { rmsOf, spectrumOf } from '../../web-service/waveforms/measures.js';
import { trimWaveform } from '../../web-service/waveforms/trimmed.js';
import { waveform } from '../analysis-service/given.js';
import { runs } from '../support/property.js';

const STEP = 1000 / 12_000;

describe('web-service: waveforms', () => {
  const two = {
    counts: Int16Array.from({ length: 1000 }, (_, i) => (i * 7919) % 30_011),
    runs: [
      { first: 0, count: 600, startMs: 1000, stepMs: STEP },
      { first: 600, count: 400, startMs: 2000, stepMs: STEP },
    ],
  };

  it('a range has the samples from its start on and before its end, with their times', () => {
    const { form, inRange, low, runs: parts } = trimWaveform(two, 1000 + 10 * STEP, 2000 + 5 * STEP);
    assert.equal(form, 'samples');
    assert.equal(inRange, 595);
    assert.deepEqual([...low], [...two.counts.subarray(10, 605)]);
    assert.deepEqual(
      parts.map(({ count, first, start_ms }) => [first, count, start_ms]),
      [
        [0, 590, 1000 + 10 * STEP],
        [590, 5, 2000],
      ],
    );
    assert.equal(trimWaveform(two, 5000).inRange, 0);
  });

  it('property: bands hold the lowest and highest sample of what they cover, and are no more than asked for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 1, maxLength: 2000 }),
        fc.integer({ min: 2, max: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (samples, points, gapAt) => {
          const counts = Int16Array.from(samples);
          const cut = Math.floor(gapAt * counts.length);
          const runsOf = [
            { first: 0, count: cut, startMs: 0, stepMs: STEP },
            { first: cut, count: counts.length - cut, startMs: 1e6, stepMs: STEP },
          ];
          const found = trimWaveform({ counts, runs: runsOf }, undefined, undefined, points);
          if (found.form === 'samples') {
            assert.ok(counts.length <= points);
            assert.deepEqual([...found.low], samples);
            return;
          }
          assert.ok(found.low.length <= Math.max(points, found.runs.length));
          for (const { count, first, start_ms, step_ms } of found.runs) {
            const run = runsOf.find(({ startMs }) => startMs === start_ms);
            const width = Math.round(step_ms / STEP);
            for (let band = 0; band < count; band += 1) {
              const from = (run?.first ?? 0) + band * width;
              const to = Math.min(from + width, (run?.first ?? 0) + (run?.count ?? 0));
              const covered = samples.slice(from, to);
              assert.equal(found.low[first + band], Math.min(...covered));
              assert.equal(found.high[first + band], Math.max(...covered));
            }
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it('the binary form says what api/waveform.ts says', () => {
    const trimmed = trimWaveform(two, undefined, undefined, 50);
    const options = { constant: 100, fromMs: 1, toMs: 2, total: 1000 };
    for (const [values, code, bytesEach] of [
      ['int16', 1, 2],
      ['float32', 2, 4],
    ] as const) {
      const bytes = encodeWaveform(trimmed, { ...options, values });
      const count = trimmed.low.length;
      assert.equal(bytes.toString('latin1', 0, 4), 'MKW1');
      assert.deepEqual([...bytes.subarray(4, 8)], [code, 1, 0, 0]);
      assert.deepEqual([bytes.readDoubleLE(8), bytes.readDoubleLE(16), bytes.readDoubleLE(24)], [100, 1, 2]);
      assert.deepEqual(
        [32, 36, 40, 44].map((at) => bytes.readUInt32LE(at)),
        [2, count, 1000, 1000],
      );
      assert.deepEqual([bytes.readDoubleLE(72), bytes.readUInt32LE(88)], [2000, trimmed.runs[1]?.first]);
      assert.equal(bytes.length, 48 + 48 + 2 * count * bytesEach);
      const read = (i: number): number =>
        values === 'int16' ? bytes.readInt16LE(96 + 2 * i) : bytes.readFloatLE(96 + 4 * i) * 100;
      for (let i = 0; i < count; i += 1) {
        assert.ok(Math.abs(read(i) - (trimmed.low[i] ?? 0)) < 0.01);
        assert.ok(Math.abs(read(count + i) - (trimmed.high[i] ?? 0)) < 0.01);
      }
    }
  });

  const sine = (counts: Int16Array) => ({
    counts,
    constant: 146,
    runs: [{ first: 0, count: counts.length, startMs: 0, stepMs: STEP }],
  });
  const grid = { voltage: 120, frequency: 60 };

  it('Urms(1/2) of a sag to 0.7 pu', () => {
    const sag = sine(waveform(1, [{ fromS: 0.3, toS: 0.5, pu: 0.7 }]));
    const { max, min, timestamp_ms } = rmsOf(sag, grid, { points: 10_000 });
    assert.deepEqual(min, max);
    assert.ok(timestamp_ms.length > 110 && timestamp_ms.length < 120, `${timestamp_ms.length}`);
    assert.ok(Math.abs(Math.min(...min) - 84) < 0.2);
    assert.ok(Math.abs(Math.max(...min) - 120) < 0.2);
    const some = rmsOf(sag, grid, { points: 20 });
    assert.ok(some.min.length <= 20);
    assert.equal(Math.min(...some.min), Math.min(...min));
    assert.equal(Math.max(...some.max), Math.max(...max));
  });

  it('the spectrum of a sine with a fifth harmonic', () => {
    const counts = waveform(1).map(
      (count, i) => count + Math.round(146 * 6 * Math.SQRT2 * Math.sin((2 * Math.PI * 300 * i) / 12_000)),
    );
    const found = spectrumOf(sine(counts), grid, {});
    assert.ok(found !== undefined);
    assert.ok(Math.abs(found.fundamental - 120) < 0.05);
    assert.ok(Math.abs((found.harmonics[4] ?? 0) - 6) < 0.05);
    assert.ok(Math.abs(found.thd - 0.05) < 0.001);
    assert.ok(Math.abs(found.frequency - 60) < 0.01);
    assert.equal(spectrumOf(sine(counts), grid, { to: 100 }), undefined);
    assert.equal(spectrumOf(sine(new Int16Array(12_000)), grid, {}), undefined);
  });
});
