import assert from 'node:assert/strict';
import { silentLogger } from '../../../common/log.js';
import type { NewRow, QueueTotals } from '../../../store/spool/rows.js';
import { SpoolCounts } from '../../../store/spool/stats.js';

const EVENT = 7;
const NOTHING: QueueTotals = {
  waiting: {},
  measurements: 0,
  bytes: 0,
  windows: 0,
  quarantined: 0,
  oldestMs: null,
};
const ROW: NewRow = {
  queue: 'events',
  kind: 'event',
  eventId: EVENT,
  acceptedMs: 1,
  items: 1,
  body: new Uint8Array(9),
};

describe('store/spool: what waits', () => {
  it('is nothing after the last rows were dropped by age: waiting for that ends, and nothing of their event queues behind them', async () => {
    const counts = new SpoolCounts(NOTHING, [], silentLogger());
    counts.expect(ROW);
    counts.appended(ROW, { taken: [true], dropped: {}, totals: { ...NOTHING, waiting: { event: 1 } } });
    assert.equal(counts.empty, false);
    assert.ok(counts.waits(EVENT));
    const empty = counts.whenEmpty();
    counts.drop({ event: 1 }, NOTHING);
    await empty;
    assert.equal(counts.waits(EVENT), false);
    assert.deepEqual(counts.stats(true, false, 0).dropped, { event: 1 });
  });

  it('is not nothing while a row is on its way to the disk, whatever is dropped there', () => {
    const counts = new SpoolCounts(NOTHING, [], silentLogger());
    counts.expect(ROW);
    counts.drop({ measurements: 5 }, NOTHING);
    assert.equal(counts.empty, false);
    assert.ok(counts.waits(EVENT));
  });
});
