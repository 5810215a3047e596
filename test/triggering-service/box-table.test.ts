import assert from 'node:assert/strict';
import { BoxTable } from '../../triggering-service/ingest/box-table.js';

describe('triggering-service/box-table: the rate of a box', () => {
  const startMs = 1_795_315_200_000;
  const table = (): { takes(ms: number, count: number): number } => {
    const boxes = new BoxTable(10, { perSecond: 10, burst: 100 });
    const slot = boxes.slotOf(7);
    return {
      takes: (ms, count) => Array.from({ length: count }).filter(() => boxes.withinRate(slot, ms)).length,
    };
  };

  it('is its burst, and from then on so many per second', () => {
    const box = table();
    assert.equal(box.takes(startMs, 150), 100);
    assert.equal(box.takes(startMs + 2000, 150), 20);
    assert.equal(box.takes(startMs + 3_600_000, 150), 100);
  });

  it('is not used up by a time that goes back: a batch that comes again, or a clock that was set', () => {
    for (const backMs of [5000, 120_000, 3_600_000]) {
      const box = table();
      assert.equal(box.takes(startMs, 10), 10);
      assert.equal(box.takes(startMs - backMs, 10), 10, `${backMs}`);
      assert.equal(box.takes(startMs - backMs + 100, 10), 10, `${backMs}`);
      assert.equal(box.takes(startMs, 10), 10, `${backMs}`);
    }
  });

  it('is still a limit where the time goes back', () => {
    const box = table();
    assert.equal(box.takes(startMs, 150) + box.takes(startMs - 1000, 150), 100);
  });
});
