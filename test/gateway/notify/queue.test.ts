/** What waits for channels, on disk. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveryQueue } from '../../../gateway/notify/queue.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';

describe('gateway: the queue of deliveries', () => {
  it('a notification that the disk does not take is to be tried again: what it is about is not passed over', () => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-queue-'));
    const file = join(folder, 'deliveries.db');
    const queue = new DeliveryQueue(file);
    const other = new DatabaseHandle(file);
    try {
      other.exec('BEGIN IMMEDIATE');
      const to = [{ recipient: 'ada', channel: 0, next_ms: 0, held: false }];
      const add = (): void => queue.add({ id: 'a', title: 'a sag' }, to, 1);
      assert.throws(add, { code: 'STORE_UNAVAILABLE' });
      other.exec('COMMIT');
      add();
      assert.equal(queue.counts().waiting, 1);
    } finally {
      other.close();
      queue.close();
      rmSync(folder, { recursive: true });
    }
  });
});
