import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sampleRuns } from '../../signal/index.js';

const CYCLE = 1000 / 60;

describe('signal/sample times', () => {
  const start = 1_700_000_000_000;
  const timestamps = (cycles: number, from = start, jitter: (i: number) => number = () => 0): number[] =>
    Array.from({ length: cycles }, (_, i) => Math.round(from + i * CYCLE + jitter(i)));

  it("each cycle's last sample is at its timestamp, samples 1/12 ms apart", () => {
    const [run, ...more] = sampleRuns(timestamps(60), 12_000, start);
    assert.deepEqual(more, []);
    assert.deepEqual([run?.first, run?.count, run?.stepMs], [0, 12_000, 1 / 12]);
    for (const [i, timestamp] of timestamps(60).entries()) {
      const last = (run?.startMs ?? 0) + (200 * (i + 1) - 1) / 12;
      assert.ok(Math.abs(last - timestamp) <= 0.6, `cycle ${i}: ${last - timestamp} ms off`);
    }
  });

  it('jitter of the timestamps moves the whole run by its mean, and bends nothing', () => {
    const late = (i: number): number => [0, 6, 3, 0, 1][i % 5] ?? 0;
    const [run, ...more] = sampleRuns(timestamps(100, start, late), 20_000, start);
    assert.deepEqual(more, []);
    assert.equal(run?.stepMs, 1 / 12);
    assert.ok(Math.abs((run?.startMs ?? 0) + 199 / 12 - (start + 2)) < 0.6);
  });

  it('after a gap, or a step back, a new run begins', () => {
    const both = [...timestamps(3), ...timestamps(2, start + 500), ...timestamps(2, start + 100)];
    const runs = sampleRuns(both, 1400, start);
    const places = runs.map(({ first, count }) => [first, count]);
    assert.deepEqual(places, [
      [0, 600],
      [600, 400],
      [1000, 400],
    ]);
    assert.ok(Math.abs((runs[1]?.startMs ?? 0) + 199 / 12 - (start + 500)) < 1);
  });

  it('timestamps that say plainly another rate are believed', () => {
    const at50Hz = Array.from({ length: 40 }, (_, i) => start + 20 * i);
    assert.equal(sampleRuns(at50Hz, 40 * 200, start)[0]?.stepMs, 20 / 200);
    // 240 samples a cycle of 50 Hz are 12 kHz.
    assert.equal(sampleRuns(at50Hz, 40 * 240, start)[0]?.stepMs, 1 / 12);
  });

  it('without timestamps the first cycle ends at the start of the box event', () => {
    const [run] = sampleRuns([], 1000, start);
    assert.equal(run?.count, 1000);
    assert.ok(Math.abs((run?.startMs ?? 0) + 199 / 12 - start) < 1e-3);
    assert.deepEqual(sampleRuns([], 0, start), []);
    assert.deepEqual(sampleRuns([start], 0, start), []);
  });

  it('whatever the timestamps, every sample is in one run, in order', () => {
    const anyTimestamps = fc.array(fc.integer({ min: 0, max: 4e12 }), { maxLength: 40 });
    fc.assert(
      fc.property(anyTimestamps, fc.nat({ max: 9000 }), (times, samples) => {
        let next = 0;
        for (const { first, count, startMs, stepMs } of sampleRuns(times, samples, start)) {
          assert.equal(first, next);
          assert.ok(count >= 0 && Number.isFinite(startMs) && stepMs > 0);
          next += count;
        }
        assert.equal(next, samples);
      }),
    );
  });
});
