import assert from 'node:assert/strict';
import { measureRun, type RunMeasures } from '../../signal/classify/run-measures.js';
import { analyseWaveform } from '../../signal/index.js';
import { Scratch } from '../../signal/scratch.js';
import { dip, wave } from './waves.js';

const RATE = 12_000;

describe('signal: memory that is used again', () => {
  const sag = (seconds: number, from: number, to: number, residual: number): Float64Array => {
    const depth = dip(RATE, from, to, residual);
    return wave({ rate: RATE, seconds, hz: 59.7, noise: 0.2, volts: (t) => 120 * depth(t) });
  };
  const waveforms = [
    sag(2, 0.7, 1.1, 0.6),
    sag(0.05, 0, 0, 1),
    sag(5, 0, 0, 1),
    sag(16, 3, 9, 0.3),
    new Float64Array(3000).fill(7),
    sag(1.3, 0, 0.4, 0.05),
  ];

  it('what is measured does not depend on what the memory held', () => {
    const poisoned = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);
    const measured = ({ take: _, ...measures }: RunMeasures) => measures;
    for (const x of waveforms) {
      const input = { x, rate: RATE, startMs: 0, nominalFrequency: 60, nominalVoltage: 120 };
      assert.deepEqual(measured(measureRun({ ...input, take: poisoned })), measured(measureRun(input)));
    }
  });

  it('a waveform is judged the same after any other', () => {
    const options = { rate: RATE, nominalVoltage: 120, nominalFrequency: 60, calibration: 1, startMs: 0 };
    const gapped = { ...options, gaps: [{ at: 6000, ms: 100 }] };
    const judged = () => waveforms.map((x) => [analyseWaveform(x, options), analyseWaveform(x, gapped)]);
    const first = judged();
    assert.ok(first.some(([whole]) => (whole?.incidents.length ?? 0) > 0));
    assert.deepEqual(judged(), first);
    assert.deepEqual(analyseWaveform(waveforms[0] ?? new Float64Array(), options), first[0]?.[0]);
  });

  it('arrays of one turn do not overlap; the next turn takes the same memory, a very long array its own', () => {
    const scratch = new Scratch();
    for (let turn = 0; turn < 3; turn += 1) {
      scratch.reset();
      const taken = [100, 0, 50, 7].map((length, i) => scratch.take(length).fill(i));
      assert.deepEqual(
        taken.map((array) => [array.length, array.every((value) => value === taken.indexOf(array))]),
        [
          [100, true],
          [0, true],
          [50, true],
          [7, true],
        ],
      );
      const [first, , third] = taken;
      assert.equal(first?.buffer === third?.buffer, turn > 0);
    }
    scratch.reset();
    const long = scratch.take(1_000_000);
    scratch.reset();
    assert.notEqual(scratch.take(1_000_000).buffer, long.buffer);
    assert.ok(scratch.take(10).buffer.byteLength <= 8 * 524_288);
  });
});
