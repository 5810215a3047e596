import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { parseSettings } from '../../config/index.js';
import { triggerMessage } from '../../proto/index.js';
import { References } from '../../store/reference.js';
import { createRing, MAX_BATCH } from '../../stream/ring.js';
import { BATCH_PAUSE_MS, Intake } from '../../triggering-service/ingest/intake.js';
import { RefusedIds } from '../../triggering-service/ingest/refused-ids.js';

const BURST = 8;
const RING_ROWS = 4096;

describe('triggering-service: batches', () => {
  it('after a quiet time some follow each other without a pause, in the long run one each few ms', async () => {
    const limits = { measurements_per_second: 100_000, measurements_burst: 100_000 };
    const payload = triggerMessage.encode({ id: 7, time: Date.now(), frequency: 60, rms: 120 });
    const frames = [Buffer.from('7'), payload];
    let batches = 0;
    const start = performance.now();
    const intake = new Intake({
      settings: parseSettings('triggering-service', { limits }),
      references: new References(),
      ring: createRing(RING_ROWS, 64),
      rejections: new Rejections(silentLogger()),
      refusedIds: new RefusedIds(silentLogger()),
      trends: { closed: () => undefined, fromStore: () => undefined },
      location: () => '',
      boxHealth: { changed: () => undefined, isUnplugged: () => false },
      readers: { wake: () => undefined },
      writer: {
        // A full batch, or one at the ring's end, waits for no pause.
        add: ({ from, to }) => {
          if (to - from < MAX_BATCH && to < RING_ROWS) batches += 1;
        },
      },
    });
    for (let i = 1; i <= BURST; i += 1) {
      intake.receive(frames);
      await turn();
      assert.equal(batches, i);
    }
    for (let i = 0; i < 3000; i += 1) {
      intake.receive(frames);
      await turn();
    }
    // One more that the last pause allowed; a timer may come up to 1 ms early, each time.
    const max = BURST + (performance.now() - start) / (BATCH_PAUSE_MS - 1) + 1;
    assert.ok(batches <= max, `${batches} batches, max ${max}`);
    intake.finish();
    assert.equal(intake.totals.accepted, BURST + 3000);
  });
});
