/** A store that a thread has for itself: work under the write lock, and reads of one moment. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MakaiError } from '../../../common/errors.js';
import { openStoreFile } from '../../../store/sqlite/index.js';
import type { Store, ThreadStore } from '../../../store/store.js';
import { newEvent } from '../contract/given.js';
import { openWritable } from '../writable.js';

describe('store/sqlite: work under the write lock', () => {
  let folder = '';
  let main: Store;
  let own: ThreadStore;
  const put = (store: Store, eventId: number) =>
    store.apply({ kind: 'event', event: newEvent(eventId, 1_000) });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-together-'));
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    main = await openWritable(join(folder, 'a.db'), { retention, thread: 'inline' });
    assert.ok(main.file);
    own = openStoreFile(main.file);
  });

  afterEach(async () => {
    await own.close();
    await main.close();
    await rm(folder, { recursive: true });
  });

  it('is stored as a whole, when it is over', async () => {
    await own.together(async () => {
      await put(own, 1);
      assert.ok(await own.event(1));
      assert.equal(await main.event(1), undefined);
    });
    assert.ok(await main.event(1));
  });

  it('that throws stores nothing, and the next one goes on', async () => {
    const failing = own.together(async () => {
      await put(own, 1);
      throw new MakaiError('STORE_REFUSED', 'no');
    });
    await assert.rejects(failing, { code: 'STORE_REFUSED' });
    assert.equal(await main.event(1), undefined);
    await own.together(() => put(own, 2));
    assert.ok(await main.event(2));
  });

  it('others write before or behind it', async () => {
    let other: Promise<unknown> = Promise.resolve();
    await own.together(async () => {
      other = put(main, 2);
      await sleep(100);
      await put(own, 1);
      assert.equal(await own.event(2), undefined);
    });
    await other;
    assert.ok(await own.event(2));
  });

  it('what is read together is of one moment, and holds up no write', async () => {
    await put(main, 1);
    await own.readTogether(async () => {
      assert.ok(await own.event(1));
      await put(main, 2);
      assert.equal(await own.event(2), undefined);
    });
    assert.ok(await own.event(2));
    await assert.rejects(
      own.readTogether(async () => {
        throw new MakaiError('STORE_REFUSED', 'no');
      }),
      { code: 'STORE_REFUSED' },
    );
    await own.together(() => put(own, 3));
    assert.ok(await main.event(3));
  });

  it('a store in memory, and one with a clock of its own, cannot be opened by a thread', async () => {
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    for (const options of [
      { file: ':memory:', retention },
      { file: join(folder, 'b.db'), retention, now: () => 1 },
    ]) {
      const store = await openWritable(options.file, { ...options, thread: 'inline' });
      assert.equal(store.file, undefined);
      await store.close();
    }
  });
});
