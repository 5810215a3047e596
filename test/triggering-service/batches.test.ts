import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { BATCH_PAUSE_MS, Ingest } from '../../triggering-service/ingest/ingest.js';
import type { Judge } from '../../triggering-service/ingest/judge.js';
import { createRing } from '../../triggering-service/plugin-host/ring.js';

const AT_ONCE = 8;

describe('triggering service: batches', () => {
  const takesAll = { take: () => 0, setTime: () => undefined } as unknown as Judge;

  it('after a quiet time some follow each other without a pause, in the long run one each few ms', async () => {
    let batches = 0;
    const start = performance.now();
    const ingest = new Ingest(createRing(4096, 64), takesAll, () => {
      batches += 1;
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
