/** The page while a daemon is killed, and when it is back. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { DaemonProcess } from '../faults/daemon-process.js';
import { chromiumOrSkip, launch, problemsOf } from '../support/browser.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';
import { type GivenPage, startPage } from './box-stream.js';

describe('the page: a daemon that is killed', function () {
  this.timeout(400_000);
  let browser: Browser;
  let folder: string;
  let given: GivenPage | undefined;
  let daemon: DaemonProcess | undefined;

  before(async function () {
    browser = await launch(chromiumOrSkip(this));
    folder = await mkdtemp(join(tmpdir(), 'makai-page-daemons-'));
  });

  after(async () => {
    await daemon?.stop();
    await given?.stop();
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  it('is said not to run on the overview and in the list, and to run again, by itself', async () => {
    const status = `127.0.0.1:${await freePort()}`;
    const file = join(folder, 'analysis_service.json');
    const endpoint = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`;
    given = await startPage(1, { settings: { daemons: { 'analysis-service': status } } });
    const settings = {
      ...{ zmq_trigger_endpoint: await endpoint(), zmq_data_endpoint: await endpoint() },
      ...{ incident_pub: await endpoint(), store: given.web.url, status },
    };
    await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
    const logFile = join(folder, 'analysis-service.log');
    daemon = new DaemonProcess({ name: 'analysis-service', args: ['analysis-service', file], logFile });
    await daemon.start();
    const [overview, admin] = [await browser.newPage(), await browser.newPage()];
    const problems = [problemsOf(overview), problemsOf(admin)];
    for (const [page, hash] of [
      [overview, ''],
      [admin, 'admin'],
    ] as const) {
      page.setDefaultTimeout(120_000);
      await page.goto(`${given.web.base}/#/${hash}`);
    }
    const row = (state: string): string => `li:has(strong:text-is("analysis-service")):has-text("${state}")`;
    await admin.waitForSelector(row('runs'));
    const tile = overview.locator('a.tile', { hasText: /daemons run/ });
    const running = async (): Promise<number> =>
      Number(/(\d+) of \d+ daemons run/.exec((await tile.textContent()) ?? '')?.[1]);
    // It hears of it by itself, maybe later than the other page.
    await until('the overview knows it', async () => (await running()) > 0);
    const before = await running();
    await daemon.kill();
    await admin.waitForSelector(row('does not reply'));
    await overview.waitForSelector(`a.tile:has-text("${before - 1} of ")`);
    await daemon.start();
    await admin.waitForSelector(row('runs'));
    await overview.waitForSelector(`a.tile:has-text("${before} of ")`);
    assert.deepEqual(problems, [[], []]);
  });
});
