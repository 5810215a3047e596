/** Writes that a trigger of an administrator refuses, among others that were made in the same turn and share a transaction with them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { codeOf } from '../../../common/errors.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import type { Store } from '../../../store/store.js';
import { newEvent } from '../contract/given.js';
import { openWritable } from '../writable.js';

describe('store/sqlite: a write that is refused', () => {
  let folder = '';
  let store: Store;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-refused-'));
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    store = await openWritable(join(folder, 'a.db'), { retention, thread: 'worker' });
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const make = (sql: string): void => {
    const db = new DatabaseHandle(join(folder, 'a.db'));
    db.exec(sql);
    db.close();
  };

  /** @returns the code of its failure */
  const put = (eventId: number): Promise<string | undefined> =>
    store.apply({ kind: 'event', event: newEvent(eventId, 1_000) }).then(() => undefined, codeOf);
  /** Three events in one turn. */
  const putThree = () => Promise.all([1, 2, 3].map(put));

  for (const how of ['ABORT', 'FAIL'])
    it(`is the only one that fails (RAISE(${how}))`, async () => {
      make(
        `CREATE TRIGGER ours BEFORE INSERT ON events WHEN NEW.event_id = 2 BEGIN SELECT RAISE(${how}, 'no'); END`,
      );
      assert.deepEqual(await putThree(), [undefined, 'STORE_REFUSED', undefined]);
      assert.ok(await store.event(1));
      assert.ok(await store.event(3));
    });

  it('and ends the transaction: those that went with it can be tried again', async () => {
    make(
      `CREATE TRIGGER ours BEFORE INSERT ON events WHEN NEW.event_id = 2 BEGIN SELECT RAISE(ROLLBACK, 'no'); END`,
    );
    assert.deepEqual(await putThree(), ['STORE_UNAVAILABLE', 'STORE_REFUSED', undefined]);
    assert.equal(await store.event(1), undefined);
    assert.ok(await store.event(3));
  });

  it('with the transaction that it is part of: none is refused for good but one that is alone', async () => {
    make(`CREATE TABLE others (id INTEGER PRIMARY KEY);
      CREATE TABLE checked (id REFERENCES others (id) DEFERRABLE INITIALLY DEFERRED);
      CREATE TRIGGER ours BEFORE INSERT ON events WHEN NEW.event_id = 2 BEGIN INSERT INTO checked VALUES (7); END`);
    assert.deepEqual(await putThree(), ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
    assert.deepEqual([await put(1), await put(2), await put(3)], [undefined, 'STORE_REFUSED', undefined]);
  });
});
