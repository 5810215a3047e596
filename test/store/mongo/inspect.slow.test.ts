import assert from 'node:assert/strict';
import { MakaiError } from '../../../common/errors.js';
import { inspectMongo } from '../../../store/mongo/connection/inspect.js';
import { freePort } from '../../support/free-port.js';
import { givenMongo } from '../../support/mongo-server.js';
import { freshDatabase } from './fixture.js';

describe('MongoDB: inspection', () => {
  const server = givenMongo();

  it('says who the server is, and changes nothing in it', async () => {
    const { url, db, remove } = await freshDatabase(server().uri);
    try {
      const startMs = performance.now();
      const found = await inspectMongo(url, 60_000);
      const tookMs = performance.now() - startMs;
      assert.equal(found.database, db.databaseName);
      assert.match(found.serverVersion, /^\d+\./);
      // It is not known when within the question the server looked at its clock.
      assert.ok(Math.abs(found.clockOffsetMs) < 2000 + tookMs, String(found.clockOffsetMs));
      assert.deepEqual(await db.listCollections().toArray(), []);
    } finally {
      await remove();
    }
  });

  it('says when nobody answers, without the password', async () => {
    const url = `mongodb://user:PASSWORD@127.0.0.1:${await freePort()}/opq`;
    await assert.rejects(
      inspectMongo(url, 300),
      (error: unknown) =>
        error instanceof MakaiError && error.code === 'STORE_UNAVAILABLE' && !/PASSWORD/.test(error.message),
    );
  });
});
