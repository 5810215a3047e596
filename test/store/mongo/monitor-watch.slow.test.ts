/** All connections of a server that break together, again and again: the store is there again each time. */
import assert from 'node:assert/strict';
import { codeOf } from '../../../common/errors.js';
import { createLogger } from '../../../common/log.js';
import { type MongoStore, openMongoStore } from '../../../store/mongo/index.js';
import { givenMongo } from '../../support/mongo-server.js';
import { startTcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';
import { givenDatabase } from './given.js';

/** Without the watch over the driver's monitor about every third outage ends every reading for good. */
const OUTAGES = 12;

describe('store/mongo: all connections break at the same moment', function () {
  this.timeout(600_000);
  const given = givenDatabase(givenMongo());

  it(`${OUTAGES} times: what is under way fails as unavailable, and reading works again`, async () => {
    const url = new URL(given().url);
    const proxy = await startTcpProxy(Number(url.port));
    url.port = String(proxy.port);
    const limits = { serverSelectionTimeoutMS: '1000', connectTimeoutMS: '1000', socketTimeoutMS: '2000' };
    for (const [name, value] of Object.entries(limits)) url.searchParams.set(name, value);
    let watched = 0;
    const log = createLogger('test', 'error', {
      write: () => {
        watched += 1;
      },
    });
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    const store = await opened(() => openMongoStore(url.toString(), { retention, log, cacheSeconds: 0 }));
    try {
      for (let i = 0; i < OUTAGES; i += 1) {
        const underWay = Array.from({ length: 10 }, () => store.boxes().catch(codeOf));
        // Some are written and not read yet: their connections break with an error, the monitor's without one.
        for (let turn = 0; turn < i % 4; turn += 1) await new Promise(setImmediate);
        await proxy.shut();
        for (const one of await Promise.all(underWay))
          assert.ok(Array.isArray(one) || one === 'STORE_UNAVAILABLE', String(one));
        await assert.rejects(store.boxes(), { code: 'STORE_UNAVAILABLE' });
        await proxy.open();
        await until(`it can be read after outage ${i + 1}`, () =>
          store.boxes().then(
            () => true,
            () => false,
          ),
        );
      }
    } finally {
      await store.close();
      await proxy.close();
    }
    if (watched > 0) process.stdout.write(`      connected again by the watch: ${watched}\n`);
  });
});

/** With limits as short as these a busy machine may not open it at the first try. */
async function opened(open: () => Promise<MongoStore>): Promise<MongoStore> {
  const stores: MongoStore[] = [];
  await until('it is open', () =>
    open().then(
      (store) => stores.push(store) > 0,
      (error: unknown) => {
        assert.equal(codeOf(error), 'STORE_UNAVAILABLE');
        return false;
      },
    ),
  );
  const [store] = stores;
  assert.ok(store);
  return store;
}
