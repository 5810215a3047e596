import assert from 'node:assert/strict';
import { silentLogger } from '../../../common/log.js';
import { copyStore, emptyPosition } from '../../../store/copy.js';
import { openMongoStore } from '../../../store/mongo/index.js';
import { openSqliteStore } from '../../../store/sqlite/index.js';
import { givenMongo } from '../../support/mongo-server.js';
import { CHANGED, changeAll, contentOf, fillStore } from '../content.js';
import { freshDatabase } from './fixture.js';

describe('store/copy with MongoDB', () => {
  const server = givenMongo();
  const retention = { mode: 'ttl' as const, measurementsSeconds: 86_400 };
  const quiet = { onProgress: () => undefined, save: async () => undefined };

  it('from SQLite to MongoDB and back to SQLite, everything is as it was', async function () {
    this.timeout(400_000);
    const { url, remove } = await freshDatabase(server().uri);
    const first = await openSqliteStore(':memory:', { retention });
    const mongo = await openMongoStore(url, { retention, log: silentLogger() });
    const last = await openSqliteStore(':memory:', { retention });
    try {
      await fillStore(first);
      const there = await copyStore(first, mongo, emptyPosition(), quiet);
      assert.deepEqual(there.refused, { count: 0, reasons: [] });
      assert.equal(there.measurements.inserted, 5001);
      assert.deepEqual(await contentOf(mongo), await contentOf(first));
      await copyStore(mongo, last, emptyPosition(), quiet);
      assert.deepEqual(await contentOf(last), await contentOf(first));
      const again = await copyStore(last, mongo, emptyPosition(), quiet);
      assert.deepEqual(again.measurements, { inserted: 0, duplicates: 5001 });
      assert.deepEqual(again.boxEvents, { inserted: 0, duplicates: 12 });
      assert.deepEqual(again.different, { count: 0, names: [] });
    } finally {
      for (const store of [first, mongo, last]) await store.close();
      await remove();
    }
  });

  it('a second copy names what differs since the first, or with `update` carries over what people changed', async function () {
    this.timeout(400_000);
    const { url, remove } = await freshDatabase(server().uri);
    const from = await openSqliteStore(':memory:', { retention });
    const mongo = await openMongoStore(url, { retention, log: silentLogger() });
    try {
      await fillStore(from);
      await from.putLocation({ slug: 'hall', description: 'of the source', regions: ['east'] });
      await from.addUser({ name: 'ada', role: 'viewer', password: 'a hash', created_ms: 1 });
      await copyStore(from, mongo, emptyPosition(), quiet);
      await changeAll(from);
      const named = await copyStore(from, mongo, emptyPosition(), quiet);
      assert.deepEqual(named.different, { count: CHANGED.length, names: CHANGED });
      const updated = await copyStore(from, mongo, emptyPosition(), { ...quiet, update: true });
      assert.deepEqual([updated.updated, updated.different.count], [CHANGED.length, 0]);
      assert.deepEqual(await contentOf(mongo), await contentOf(from));
      assert.deepEqual(await mongo.locations(), await from.locations());
      assert.deepEqual(await mongo.users(), await from.users());
    } finally {
      for (const store of [from, mongo]) await store.close();
      await remove();
    }
  });
});
