/** Gaps and bad input: a remark, and never an exception. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { analyseWaveform, gapsOf, sampleRuns, type WaveformAnalysis } from '../../../signal/index.js';
import { runs } from '../../support/property.js';
import { wave } from '../waves.js';
import { analysed, GRID, level, near, OPTIONS, RATE } from './grid.js';

describe('signal/classify analyseWaveform, what is not as it should be', () => {
  describe('gaps', () => {
    it('a sag over a gap is one incident, over a long gap two', () => {
      const whole = wave({ ...GRID, seconds: 3, volts: level(0.7, 2, 0.8) });
      const cut = (from: number, to: number, ms: number): WaveformAnalysis => {
        const x = Float64Array.from([...whole.subarray(0, from * RATE), ...whole.subarray(to * RATE)]);
        return analyseWaveform(x, { ...OPTIONS, gaps: [{ at: from * RATE, ms }] });
      };
      const short = cut(1, 1.4, 400);
      assert.equal(short.incidents.length, 1, JSON.stringify(short.incidents));
      near(short.incidents[0]?.endMs ?? 0, 1_002_000, 3);
      near(Number(short.incidents[0]?.metadata.gap_ms), 400, 1);
      assert.deepEqual(
        short.remarks.map(({ code }) => code),
        ['GAPS'],
      );
      const long = cut(1, 1.4, 60_000);
      assert.equal(long.incidents.length, 2);
      near(long.incidents[1]?.endMs ?? 0, 1_000_000 + 2000 + 59_600, 3);
    });

    it('are read from timestamps, one a cycle', () => {
      const timestamps = Array.from({ length: 60 }, (_, i) => 1000 + (i * 1000) / 60 + (i >= 30 ? 500 : 0));
      const gaps = gapsOf(sampleRuns(timestamps, 60 * 200, 1000));
      assert.equal(gaps.length, 1);
      assert.equal(gaps[0]?.at, 6000);
      near(gaps[0]?.ms ?? 0, 500, 0.5);
    });

    it('many gaps leave out what is shorter than a cycle', () => {
      const x = wave(GRID);
      const gaps = Array.from({ length: 100 }, (_, i) => ({ at: 3000 + i * 150, ms: 5 }));
      const { incidents, remarks } = analyseWaveform(x, { ...OPTIONS, gaps });
      assert.deepEqual(incidents, []);
      assert.deepEqual(remarks.map(({ code }) => code).sort(), ['GAPS', 'TOO_SHORT']);
    });
  });

  describe('bad input', () => {
    const codes = ({ remarks }: WaveformAnalysis): string[] => remarks.map(({ code }) => code);

    it('empty, shorter than a cycle, of a cycle or two', () => {
      assert.deepEqual(codes(analyseWaveform(new Int16Array(0), OPTIONS)), ['EMPTY']);
      assert.deepEqual(codes(analyseWaveform(new Int16Array(150), OPTIONS)), ['TOO_SHORT']);
      for (const seconds of [0.0167, 0.025, 0.034, 0.05]) {
        assert.deepEqual(analysed({ seconds }).incidents, [], `${seconds} s`);
      }
    });

    it('constant: nothing at all is an interruption, another value a fault of the box', () => {
      const dead = analyseWaveform(new Int16Array(12_000), { ...OPTIONS, calibration: 146 });
      assert.deepEqual(codes(dead), ['CONSTANT']);
      assert.deepEqual(
        dead.incidents.map(({ classes, openStart, openEnd }) => [classes[0], openStart, openEnd]),
        [['VOLTAGE_INTERRUPTION', true, true]],
      );
      const stuck = analyseWaveform(new Int16Array(12_000).fill(9000), { ...OPTIONS, calibration: 146 });
      assert.deepEqual(codes(stuck), ['CONSTANT']);
      assert.deepEqual(stuck.incidents, []);
    });

    it('clipped', () => {
      const x = wave({ ...GRID, noise: 0 }).map((value) => Math.min(140, Math.max(-140, value)));
      assert.ok(codes(analyseWaveform(x, OPTIONS)).includes('CLIPPED'));
      assert.ok(
        !codes(analysed({ step: 1.7, noise: 0, harmonics: [] })).includes('CLIPPED'),
        'a crest of 8 bits is not',
      );
    });

    it('no calibration, or a wrong one: frequency and distortion are judged, volts are not', () => {
      const counts = Int16Array.from(
        wave({ ...GRID, volts: level(0.7, 1, 0.5), harmonics: [[3, 0.07]] }),
        (value) => value * 146,
      );
      for (const calibration of [undefined, 0, -3, Number.NaN, 1]) {
        const found = analyseWaveform(counts, { ...OPTIONS, calibration });
        assert.deepEqual(
          codes(found),
          [calibration === 1 ? 'WRONG_CALIBRATION' : 'NO_CALIBRATION'],
          `${calibration}`,
        );
        assert.deepEqual(
          found.incidents.map(({ quantity }) => quantity),
          ['THD'],
        );
      }
    });

    it('samples that are no numbers are left out', () => {
      const x = Float32Array.from(wave({ ...GRID, volts: level(1.2, 1.5, 0.7) }));
      x.fill(Number.NaN, 6000, 6050);
      x[9000] = Number.POSITIVE_INFINITY;
      const found = analyseWaveform(x, OPTIONS);
      assert.deepEqual(codes(found), ['NOT_FINITE']);
      assert.deepEqual(
        found.incidents.map(({ classes }) => classes[0]),
        ['VOLTAGE_SAG'],
      );
    });

    it('16.7 Hz, direct voltage with ripple, and noise are not a grid', () => {
      const rail = analysed({ hz: 16.7, harmonics: [] }, { nominalFrequency: 50 });
      assert.deepEqual(codes(rail), ['NOT_MAINS']);
      assert.match(rail.remarks[0]?.text ?? '', /16\.7 Hz/);
      assert.deepEqual(rail.incidents, []);
      const direct = analysed({ volts: 0.1, harmonics: [], offset: 110 });
      assert.deepEqual(codes(direct), ['NOT_MAINS']);
      const noise = analysed({ volts: 0, harmonics: [], noise: 60 });
      assert.deepEqual(codes(noise), ['NOT_MAINS']);
    });

    it('options that make no sense', () => {
      for (const options of [
        { rate: 0 },
        { rate: Number.NaN },
        { rate: 300_000 },
        { nominalVoltage: 0 },
        { nominalFrequency: 16.7 },
      ]) {
        const found = analysed({}, options);
        assert.deepEqual(codes(found), ['BAD_OPTIONS'], JSON.stringify(options));
        assert.deepEqual(found.incidents, []);
      }
    });

    it('whatever comes, nothing is thrown and every number of an incident is one', () => {
      const anything = fc.oneof(
        fc.int16Array({ maxLength: 3000 }),
        fc.float32Array({ maxLength: 3000 }),
        fc.float64Array({ maxLength: 1000, noNaN: true, min: -400, max: 400 }),
      );
      const gaps = fc.array(fc.record({ at: fc.double(), ms: fc.double() }), { maxLength: 5 });
      fc.assert(
        fc.property(
          anything,
          gaps,
          fc.constantFrom(800, 2400, 12_000, 48_000),
          fc.constantFrom(1, 146, undefined),
          (samples, cuts, rate, calibration) => {
            const { incidents } = analyseWaveform(samples, { ...OPTIONS, rate, calibration, gaps: cuts });
            for (const incident of incidents) {
              assert.ok(Number.isFinite(incident.startMs) && incident.endMs >= incident.startMs);
              assert.ok(Number.isFinite(incident.deviation) && Number.isFinite(incident.worst));
              assert.ok(incident.classes.length > 0);
            }
          },
        ),
        { numRuns: runs(150) },
      );
    });
  });
});
