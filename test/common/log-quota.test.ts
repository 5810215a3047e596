import assert from 'node:assert/strict';
import { LogQuota } from '../../common/log-quota.js';

describe('common/log-quota', () => {
  it('lets so many lines through a minute, and tells how many it left out', () => {
    let now = 1000;
    const told: number[] = [];
    const quota = new LogQuota(
      2,
      (leftOut) => told.push(leftOut),
      () => now,
    );
    assert.deepEqual([quota.take(), quota.take(), quota.take(), quota.take()], [true, true, false, false]);
    now += 60_000;
    assert.equal(quota.take(), false, 'still the same minute');
    now += 1;
    assert.equal(quota.take(), true);
    assert.deepEqual(told, [3]);
    now += 60_001;
    assert.equal(quota.take(), true);
    assert.deepEqual(told, [3], 'nothing was left out');
  });
});
