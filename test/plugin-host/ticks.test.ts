import assert from 'node:assert/strict';
import { TICK_MS, Ticks } from '../../plugin-host/ticks.js';

describe('plugin-host: ticks', () => {
  let nowMs: number;
  let ticks: Ticks;
  beforeEach(() => {
    nowMs = 1_795_315_200_000;
    ticks = new Ticks(nowMs, 2000);
  });
  /** Asks after each of these pauses. @returns when a tick was due, s from the first */
  const dueAfter = (...pauses: number[]): number[] => {
    const startMs = nowMs;
    const due: number[] = [];
    for (const pause of pauses) {
      nowMs += pause;
      if (ticks.isDue(nowMs)) due.push((nowMs - startMs) / 1000);
    }
    return due;
  };
  const seconds = (count: number): number[] => Array.from({ length: count }, () => TICK_MS);

  it('come each second, also where a second is long', () => {
    assert.deepEqual(dueAfter(...seconds(3), 4000, TICK_MS), [1, 2, 3, 7, 8]);
  });

  it('wait after the process stood still, until what came meanwhile is there', () => {
    assert.deepEqual(dueAfter(...seconds(2), 20_000, ...seconds(7)), [1, 2, 27, 28, 29]);
  });

  it('come in between where it stands still again and again', () => {
    assert.deepEqual(dueAfter(6000, 6000, 6000, 6000, 6000), [12, 24]);
  });

  it('come after a long call, where the plugin may take as long', () => {
    ticks = new Ticks(nowMs, 10_000);
    assert.deepEqual(dueAfter(TICK_MS, 10_000, TICK_MS), [1, 11, 12]);
  });

  it('do not wait for a clock that was set back', () => {
    assert.deepEqual(dueAfter(20_000, -3_600_000, TICK_MS), [-3580, -3579]);
  });
});
