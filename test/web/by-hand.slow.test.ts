/** The page with `makai up`: two fingers on a chart, and the key of a box that nobody knows. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Publisher } from 'zeromq';
import { readPublicCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { keyLayout } from '../../keys/layout.js';
import { chromiumOrSkip, launch, problemsOf } from '../support/browser.js';
import { until } from '../support/until.js';
import { Demo } from './demo.js';

describe('the page by hand', function () {
  this.timeout(400_000);
  let demo: Demo;
  let browser: Browser;

  before(async function () {
    const chromium = chromiumOrSkip(this);
    demo = await Demo.start(1);
    browser = await launch(chromium);
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it('zooms a waveform between two fingers, and moves it with one', async () => {
    const event = await demo.analysedEvent();
    const context = await browser.newContext({
      viewport: { width: 412, height: 840 },
      isMobile: true,
      hasTouch: true,
    });
    context.setDefaultTimeout(180_000);
    const page = await context.newPage();
    const problems = problemsOf(page);
    await page.goto(`${demo.page}#/events/${event}`);
    await page.waitForSelector('.wave canvas');
    const area = page.locator('.wave .u-over').first();
    await area.scrollIntoViewIfNeeded();
    const box = await area.boundingBox();
    assert.ok(box !== null);
    const [middle, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const session = await context.newCDPSession(page);
    const touch = (type: string, xs: readonly number[]) =>
      session.send('Input.dispatchTouchEvent', {
        type: type as 'touchStart',
        touchPoints: xs.map((x, id) => ({ x, y, id })),
      });
    await touch('touchStart', [middle - 20]);
    await touch('touchStart', [middle - 20, middle + 20]);
    for (let apart = 25; apart <= 100; apart += 5) await touch('touchMove', [middle - apart, middle + apart]);
    await touch('touchEnd', []);
    const [from = 0, to = 0] = await zoomOf(page, '');
    assert.ok(to > from, page.url());
    await touch('touchStart', [middle + 40]);
    for (let x = 40; x >= -40; x -= 10) await touch('touchMove', [middle + x]);
    await touch('touchEnd', []);
    const [movedFrom = 0, movedTo = 0] = await zoomOf(page, `${from}~${to}`);
    assert.ok(movedFrom > from, page.url());
    assert.ok(Math.abs(movedTo - movedFrom - (to - from)) < 0.02 * (to - from), page.url());
    assert.deepEqual(problems, []);
    await context.close();
  });

  it('approves the key of a box that knocked, which is then heard', async () => {
    const layout = keyLayout(join(demo.directory, 'curve'));
    const { publicKey } = await readPublicCertificate(layout.serverPublic);
    const config = JSON.parse(await readFile(join(demo.directory, 'triggering_broker.json'), 'utf8')) as {
      interface: string;
    };
    const pair = newKeyPair();
    const stranger = new Publisher({
      ...{ linger: 0, handshakeInterval: 1000, reconnectInterval: 200 },
      ...{ curveServerKey: publicKey, curvePublicKey: pair.publicKey },
      curveSecretKey: pair.secretKey.reveal(),
    });
    const page = await browser.newPage();
    try {
      stranger.connect(config.interface);
      page.setDefaultTimeout(180_000);
      const problems = problemsOf(page);
      await page.goto(`${demo.page}#/admin`);
      const row = page.locator('li', { has: page.locator('code', { hasText: pair.publicKey }) });
      await row.locator('input').fill('2222');
      await row.locator('button:has-text("Approve")').click();
      await row.waitFor({ state: 'detached' });
      await page.waitForSelector('td:text-is("2222")');
      assert.equal((await readPublicCertificate(layout.boxPublic('2222'))).publicKey, pair.publicKey);
      assert.deepEqual(problems, []);
    } finally {
      stranger.close();
      await page.close();
    }
  });
});

/** How often in a row, every 200 ms, the address is the same: then the page has taken in all that the fingers did. */
const STEADY = 10;

/** The part of the chart that is shown, by the address, which follows the fingers somewhat later. @param before what it was */
async function zoomOf(page: Page, before: string): Promise<number[]> {
  let [last, times] = ['', 0];
  await until('the address shows the zoom, and stays', async () => {
    const now = new URLSearchParams(page.url().split('?')[1]).get('zoom') ?? '';
    times = now === last && now !== before ? times + 1 : 0;
    last = now;
    return times >= STEADY;
  });
  return last.split('~').map(Number);
}
