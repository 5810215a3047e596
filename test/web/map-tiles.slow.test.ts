/** The map of locations, with and without an address of tiles. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { chromiumOrSkip, launch, problemsOf } from '../support/browser.js';
import { until } from '../support/until.js';
import { type GivenPage, startPage } from './box-stream.js';

/** One pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('the map of locations', function () {
  this.timeout(300_000);
  let browser: Browser;
  let given: GivenPage | undefined;
  let tiles: Server;
  let asked: string[];

  before(async function () {
    browser = await launch(chromiumOrSkip(this));
    tiles = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(200, {
        'content-type': 'image/png',
        'cross-origin-resource-policy': 'cross-origin',
      });
      response.end(PNG);
    });
    await new Promise<void>((resolve) => tiles.listen(0, '127.0.0.1', resolve));
  });

  after(async () => {
    await browser?.close();
    tiles?.close();
  });

  beforeEach(() => {
    asked = [];
  });

  afterEach(async () => {
    await given?.stop();
    given = undefined;
  });

  async function open(settings: Record<string, unknown>): Promise<{ page: Page; problems: string[] }> {
    given = await startPage(1, { settings });
    const page = await browser.newPage();
    page.setDefaultTimeout(180_000);
    const problems = problemsOf(page);
    await page.goto(`${given.web.base}/#/charts`);
    await page.waitForSelector('svg.map a[aria-label^="lab"]');
    return { page, problems };
  }

  it('is drawn on the tiles of the address that is configured, and on nothing else', async () => {
    const { port } = tiles.address() as AddressInfo;
    const { page, problems } = await open({ map_tiles: `http://127.0.0.1:${port}/{z}/{x}/{y}.png` });
    await page.waitForSelector(`text=127.0.0.1:${port}`);
    await until('all tiles were asked for', async () => {
      const shown = await page.locator('svg.map image').count();
      return shown > 0 && new Set(asked).size === shown;
    });
    for (const url of asked) assert.match(url, /^\/\d+\/\d+\/\d+\.png$/);
    // The browser would say so if it had refused one.
    assert.deepEqual(problems, []);
    await page.close();
  });

  it('is drawn on a grid where no address is configured', async () => {
    const { page, problems } = await open({});
    assert.ok((await page.locator('svg.map line.grid').count()) > 0);
    assert.equal(await page.locator('svg.map image').count(), 0);
    assert.deepEqual([asked, problems], [[], []]);
    await page.close();
  });
});
