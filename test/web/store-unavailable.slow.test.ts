/** The page while its database is unavailable, and when it is back. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { silentLogger } from '../../common/log.js';
import { openStore } from '../../store/open.js';
import { startWebService, type WebService } from '../../web-service/index.js';
import { givenDatabase } from '../store/mongo/given.js';
import { chromiumOrSkip, launch, problemsOf } from '../support/browser.js';
import { givenMongo } from '../support/mongo-server.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { fill, settingsOf } from '../web-service/given.js';
import { PAGE } from './first-view.js';

const RETENTION = { mode: 'ttl', measurementsSeconds: 100 * 365 * 86_400 } as const;

describe('the page while its store is unavailable', function () {
  this.timeout(600_000);
  const server = givenMongo();
  const given = givenDatabase(server);
  let browser: Browser;
  let service: WebService | undefined;

  before(async function () {
    browser = await launch(chromiumOrSkip(this));
  });

  after(() => browser?.close());

  afterEach(async () => {
    await service?.stop();
    service = undefined;
  });

  it('says so, keeps what it shows, and goes on by itself', async () => {
    await fill(await given().open({ retention: RETENTION }));
    const proxy = await startTcpProxy(Number(new URL(given().url).port));
    try {
      const url = new URL(given().url);
      url.port = String(proxy.port);
      url.searchParams.set('serverSelectionTimeoutMS', '1000');
      url.searchParams.set('socketTimeoutMS', '2000');
      const store = url.toString();
      service = await startWebService(await settingsOf(store), {
        log: silentLogger(),
        openStore: () => openStore(store, { retention: RETENTION, log: silentLogger() }),
        pageFolder: PAGE,
      });
      const page = await browser.newPage();
      page.setDefaultTimeout(240_000);
      const problems = problemsOf(page);
      await page.goto(`${service.endpoints.listen}/#/boxes`);
      await page.waitForSelector('td:has-text("cellar")');
      await proxy.shut();
      await page.waitForSelector('.alert:has-text("STORE_UNAVAILABLE")');
      assert.ok((await page.locator('td:has-text("cellar")').count()) > 0);
      // A view that was not open yet says so too, and is there once the store is.
      const other = await browser.newPage();
      other.setDefaultTimeout(240_000);
      await other.goto(`${service.endpoints.listen}/#/events/1`);
      await other.waitForSelector('.alert:has-text("STORE_UNAVAILABLE")');
      await proxy.open();
      await page.waitForSelector('.alert:has-text("STORE_UNAVAILABLE")', { state: 'detached' });
      await other.waitForSelector('.wave canvas');
      assert.deepEqual(problems, []);
      await page.close();
      await other.close();
    } finally {
      await proxy.close();
    }
  });
});
