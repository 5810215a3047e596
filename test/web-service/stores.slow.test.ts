/** The contract on both stores, with the operations that take seconds; and a store that is unavailable for a while. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { silentLogger } from '../../common/log.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { OPERATIONS, type OperationName } from '../../web-service/api/operations.js';
import { startWebService, type WebService } from '../../web-service/index.js';
import { givenDatabase } from '../store/mongo/given.js';
import { givenMongo } from '../support/mongo-server.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { Contract, type OpenApiDocument } from './document.js';
import { EXAMPLES } from './examples.js';
import { fill, jsonBody, settingsOf, startWeb } from './given.js';

const RETENTION = { mode: 'ttl', measurementsSeconds: 100 * 365 * 86_400 } as const;

async function checkAll(base: string): Promise<void> {
  const contract = new Contract((await (await fetch(`${base}/api/openapi.json`)).json()) as OpenApiDocument);
  for (const [name, { body, path, status }] of Object.entries(EXAMPLES) as [
    OperationName,
    (typeof EXAMPLES)[OperationName],
  ][]) {
    if (name === 'live') continue;
    const { method } = OPERATIONS[name];
    const response = await fetch(
      `${base}/api/v1${path}`,
      body === undefined ? { method } : jsonBody(method, body),
    );
    assert.equal(response.status, status, `${name}: ${await response.clone().text()}`);
    await contract.check(name, response);
  }
}

describe('web-service: on SQLite', function () {
  this.timeout(300_000);

  it('every operation replies as the document says, also those that take seconds', async () => {
    const web = await startWeb({});
    try {
      await checkAll(web.base);
    } finally {
      await web.service.stop();
      await web.store.close();
      await rm(web.directory, { recursive: true });
    }
  });
});

describe('web-service: on MongoDB', function () {
  this.timeout(300_000);
  const server = givenMongo();
  const given = givenDatabase(server);
  let service: WebService | undefined;

  afterEach(async () => {
    await service?.stop();
    service = undefined;
  });

  const start = async (url: string): Promise<string> => {
    service = await startWebService(await settingsOf(url), {
      log: silentLogger(),
      openStore: (): Promise<Store> => openStore(url, { retention: RETENTION, log: silentLogger() }),
    });
    return service.endpoints.listen ?? '';
  };

  it('every operation replies as the document says', async () => {
    await fill(await given().open({ retention: RETENTION }));
    await checkAll(await start(given().url));
  });

  it('a database that is unavailable: 503 with its code, and everything comes back by itself', async () => {
    await fill(await given().open({ retention: RETENTION }));
    const proxy = await startTcpProxy(Number(new URL(given().url).port));
    try {
      const url = new URL(given().url);
      url.port = String(proxy.port);
      url.searchParams.set('serverSelectionTimeoutMS', '1000');
      url.searchParams.set('socketTimeoutMS', '2000');
      const base = await start(url.toString());
      const read = async () => {
        const response = await fetch(`${base}/api/v1/events`);
        return {
          status: response.status,
          text: await response.text(),
          retry: response.headers.get('retry-after'),
        };
      };
      // With limits as short as these a busy machine may not open it at the first try.
      await until('it is read', async () => (await read()).status === 200);
      await proxy.shut();
      await until('it says that the store is unavailable', async () => {
        const { retry, status, text } = await read();
        return status === 503 && text.includes('STORE_UNAVAILABLE') && retry !== null;
      });
      assert.equal((await fetch(`${base}/healthz`)).status, 503);
      assert.equal((await fetch(`${base}/api/v1/status`)).status, 200);
      await proxy.open();
      await until('it is back', async () => (await read()).status === 200);
      await until('it is healthy', async () => (await fetch(`${base}/healthz`)).status === 200);
    } finally {
      await proxy.close();
    }
  });
});
