/** Many tabs of one browser: it allows six connections to a host, and the live stream is one that stays. */
import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromiumOrSkip, launch, problemsOf } from '../support/browser.js';
import { until } from '../support/until.js';
import { type GivenPage, startPage } from './box-stream.js';

const TABS = 8;

describe('the page in many tabs', function () {
  this.timeout(300_000);
  let browser: Browser;
  let given: GivenPage;
  let context: BrowserContext;
  let pages: Page[];
  let problems: string[];

  before(async function () {
    const chromium = chromiumOrSkip(this);
    given = await startPage(3);
    browser = await launch(chromium);
  });

  after(async () => {
    await browser?.close();
    await given?.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(180_000);
    pages = [];
    problems = [];
  });

  afterEach(() => context.close());

  const viewers = (): number => given.web.service.status().live.viewers;
  const voltage = async (page: Page): Promise<string> =>
    (await page.locator('tr:has-text("1001") td').nth(2).textContent()) ?? '';

  async function open(view: string): Promise<Page> {
    const page = await context.newPage();
    problems.push(...problemsOf(page));
    await page.goto(`${given.web.base}/#/${view}`);
    await page.waitForSelector('.live-state:has-text("live")');
    pages.push(page);
    return page;
  }

  async function isFollowing(page: Page): Promise<void> {
    const before = await voltage(page);
    await until('the voltage changes', async () => (await voltage(page)) !== before);
  }

  it(`loads ${TABS} of them, all live, over one stream`, async () => {
    for (let i = 0; i < TABS; i += 1) await open('');
    for (const page of pages) await isFollowing(page);
    // One that heard nothing for a while on a busy machine takes over, and the other one lets go.
    await until('one of them has the stream', async () => viewers() === 1);
    // Requests find a connection that is free.
    await pages[0]?.goto(`${given.web.base}/#/boxes/1`);
    await pages[0]?.waitForSelector('h1:has-text("1")');
    assert.deepEqual(problems, []);
  });

  it('goes on in the others when the tab that has the stream is closed', async () => {
    const [first, second, third] = [await open(''), await open(''), await open('')];
    await first.close();
    await until('another one has the stream', async () => viewers() === 1);
    await isFollowing(second);
    await isFollowing(third);
    await second.close();
    await isFollowing(third);
    await third.close();
    await until('nobody has', async () => viewers() === 0);
  });

  it('takes the stream from a tab that the browser has frozen', async () => {
    const [first, second] = [await open(''), await open('')];
    await isFollowing(second);
    const session = await context.newCDPSession(first);
    await session.send('Page.enable');
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await second.bringToFront();
    const before = await voltage(second);
    await until('it hears nothing, and takes over', async () => (await voltage(second)) !== before);
    await isFollowing(second);
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await isFollowing(first);
    await until('one of them has the stream', async () => viewers() === 1);
  });
});
