import assert from 'node:assert/strict';
import { silentLogger } from '../../../common/log.js';
import { copyStore, emptyPosition } from '../../../store/copy.js';
import { openMongoStore } from '../../../store/mongo/index.js';
import { openSqliteStore } from '../../../store/sqlite/index.js';
import { givenMongo } from '../../support/mongo-server.js';
import { contentOf, fillStore } from '../content.js';
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
    } finally {
      for (const store of [first, mongo, last]) await store.close();
      await remove();
    }
  });
});
