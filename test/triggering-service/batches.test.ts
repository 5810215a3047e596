import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { createRing, MAX_BATCH } from '../../stream/ring.js';
import { BATCH_PAUSE_MS, Ingest } from '../../triggering-service/ingest/ingest.js';
import type { Judge } from '../../triggering-service/ingest/judge.js';

const AT_ONCE = 8;
const RING_ROWS = 4096;

describe('triggering service: batches', () => {
  const takesAll = { take: () => 0, setTime: () => undefined } as unknown as Judge;

  it('after a quiet time some follow each other without a pause, in the long run one each few ms', async () => {
    let batches = 0;
    const start = performance.now();
    // A full batch, or one at the ring's end, waits for no pause.
    const ingest = new Ingest(createRing(RING_ROWS, 64), takesAll, ({ from, to }) => {
      if (to - from < MAX_BATCH && to < RING_ROWS) batches += 1;
    });
    for (let i = 1; i <= AT_ONCE; i += 1) {
      ingest.take([]);
      await turn();
      assert.equal(batches, i);
    }
    for (let i = 0; i < 3000; i += 1) {
      ingest.take([]);
      await turn();
    }
    // One more that the last pause allowed; a timer may come up to 1 ms early, each time.
    const most = AT_ONCE + (performance.now() - start) / (BATCH_PAUSE_MS - 1) + 1;
    assert.ok(batches <= most, `${batches} batches, at most ${most}`);
    ingest.stop();
  });
});
