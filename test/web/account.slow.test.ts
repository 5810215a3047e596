/** What a user does with the own account on the page: tokens for programs, a session that another tab has renewed, a logout that fails. */
import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { hashPassword } from '../../daemon/people/password.js';
import { chromiumOrSkip, launch, violationsOf } from '../support/browser.js';
import { until } from '../support/until.js';
import { fill } from '../web-service/given.js';
import { type GivenPage, startPage } from './box-stream.js';

const PASSWORD = 'correct horse battery';

describe('the page and the own account', function () {
  this.timeout(300_000);
  let browser: Browser;
  let given: GivenPage;
  let context: BrowserContext;

  before(async function () {
    const chromium = chromiumOrSkip(this);
    given = await startPage(1, {
      settings: { login: 'on' },
      prepare: async (store) => {
        await fill(store);
        for (const [name, role] of [
          ['vera', 'viewer'],
          ['ada', 'admin'],
        ] as const)
          await store.addUser({ name, role, password: await hashPassword(PASSWORD), created_ms: 1 });
      },
    });
    browser = await launch(chromium);
  });

  after(async () => {
    await browser?.close();
    await given?.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext({ bypassCSP: true });
    context.setDefaultTimeout(180_000);
  });

  afterEach(() => context.close());

  async function logIn(page: Page, name: string): Promise<void> {
    await page.fill('input[name=username]', name);
    await page.fill('input[name=password]', PASSWORD);
    await page.click('button[type=submit]');
    await page.waitForSelector('nav.nav');
  }

  async function open(view: string, user?: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${given.web.base}/#/${view}`);
    if (user !== undefined) await logIn(page, user);
    return page;
  }

  const sessionCookies = async () => (await context.cookies()).filter(({ name }) => name === 'makai_session');

  async function statusWith(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await given.web.api('/events', { headers })).status;
  }

  it('makes a token, shows it once, and revokes it', async () => {
    const page = await open('admin', 'vera');
    await page.waitForSelector('text=There is no token.');
    await page.fill('label:has-text("For which program") input', 'billing');
    // A viewer's token is a viewer's.
    const roles = page.locator('section:has(h2:has-text("API tokens")) select[aria-label="Role"] option');
    assert.deepEqual(await roles.allTextContents(), ['viewer']);
    await page.click('button:has-text("Make a token")');
    const secret = (await page.locator('.alert.ok code').textContent()) ?? '';
    assert.match(secret, /^makai_/);
    await page.waitForSelector('td:has-text("billing")');
    assert.deepEqual(await violationsOf(page), []);
    assert.equal(await statusWith(secret), 200);
    await page.reload();
    await page.waitForSelector('td:has-text("billing")');
    assert.equal((await page.content()).includes(secret), false);
    await page.click('button[aria-label="Revoke: billing"]');
    await page.click('.alert button:has-text("Revoke")');
    await page.waitForSelector('text=There is no token.');
    assert.equal(await statusWith(secret), 401);
  });

  it('shows an administrator the tokens of all users', async () => {
    const vera = await open('admin', 'vera');
    await vera.fill('label:has-text("For which program") input', 'archive');
    await vera.click('button:has-text("Make a token")');
    await vera.waitForSelector('td:has-text("archive")');
    await context.clearCookies();
    const ada = await open('admin', 'ada');
    await ada.waitForSelector('tr:has-text("archive") td:has-text("vera")');
  });

  it('saves with the token of a session that the same user has renewed in another tab', async () => {
    const first = await open('boxes/1', 'ada');
    await first.waitForSelector('#box-name');
    const before = await sessionCookies();
    await context.clearCookies();
    await open('', 'ada');
    assert.notDeepEqual(await sessionCookies(), before);
    const statuses: number[] = [];
    first.on('response', (response) => {
      if (response.request().method() === 'PATCH') statuses.push(response.status());
    });
    await first.fill('#box-name', 'renewed');
    await first.click('button:has-text("Save")');
    await first.waitForSelector('text=Saved.');
    // Refused with the old token, taken with the new one.
    assert.deepEqual(statuses, [403, 200]);
  });

  it('says that a logout failed, and that the session goes on', async () => {
    const page = await open('', 'vera');
    await page.route('**/api/v1/session', (route) =>
      route.request().method() === 'DELETE' ? route.abort() : route.continue(),
    );
    await page.click('button[aria-label="Settings"]');
    await page.click('button:has-text("Log out")');
    await page.waitForSelector('.menu .alert');
    assert.equal(await page.locator('input[name=password]').count(), 0);
    assert.equal((await sessionCookies()).length, 1);
    await page.unroute('**/api/v1/session');
    await page.click('button:has-text("Log out")');
    await page.waitForSelector('input[name=password]');
    await until('the cookie is gone', async () => (await sessionCookies()).length === 0);
  });
});
