/** The page with a login: wrong password, roles, a session that ends, and a web service that is killed and comes back. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { chromiumOrSkip, launch, violationsOf } from '../support/browser.js';
import { freePort } from '../support/free-port.js';
import { killTree } from '../support/kill-tree.js';
import { until } from '../support/until.js';
import { Demo, startWeb } from './demo.js';

const PASSWORD = 'correct horse battery';

describe('the page with a login', function () {
  this.timeout(400_000);
  let demo: Demo;
  let browser: Browser;
  let web: ChildProcess;
  let address: string;
  let settings: string;

  before(async function () {
    const chromium = chromiumOrSkip(this);
    demo = await Demo.start(1);
    browser = await launch(chromium);
    const port = await freePort();
    address = `http://127.0.0.1:${port}/`;
    settings = await demo.settingsWith({ listen: `127.0.0.1:${port}`, login: 'on' });
    for (const [name, role] of [
      ['vera', 'viewer'],
      ['ada', 'admin'],
    ] as const) {
      await addUser(name, role);
    }
    web = await startWeb(settings, address);
  });

  after(async () => {
    await browser?.close();
    await killTree(web?.pid);
    await demo?.stop();
  });

  async function addUser(name: string, role: string): Promise<void> {
    const args = [
      join(PACKAGE_ROOT, 'dist/cli/main.js'),
      'users',
      'add',
      name,
      '--role',
      role,
      '--store',
      `sqlite:${demo.directory}/makai.db`,
    ];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin?.end(`${PASSWORD}\n`);
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  }

  async function logIn(page: Page, name: string, password = PASSWORD): Promise<void> {
    await page.fill('input[name=username]', name);
    await page.fill('input[name=password]', password);
    await page.click('button[type=submit]');
  }

  async function newPage(hash: string): Promise<Page> {
    const context = await browser.newContext({ bypassCSP: true });
    context.setDefaultTimeout(180_000);
    const page = await context.newPage();
    await page.goto(`${address}#/${hash}`);
    return page;
  }

  it('asks who it is; a wrong password is refused; a viewer reads and changes nothing', async () => {
    const page = await newPage('boxes/1001');
    await page.waitForSelector('input[name=password]');
    assert.deepEqual(await violationsOf(page), []);
    await logIn(page, 'vera', 'something else');
    await page.waitForSelector('[role=alert]');
    assert.equal(await page.inputValue('input[name=password]'), '');
    await logIn(page, 'vera');
    await page.waitForSelector('h1:has-text("Box 1001")');
    await page.waitForSelector('text=Trends');
    assert.equal(await page.locator('#box-name').count(), 0);
    await page.click('nav a:has-text("Admin")');
    await page.waitForSelector('text=Administration needs the role admin.');
    assert.equal(await page.locator('text=Pending keys').count(), 0);
    await page.context().close();
  });

  it('lets an administrator change things, and asks again when the session ends, where one was', async () => {
    const page = await newPage('boxes/1001');
    await logIn(page, 'ada');
    await page.waitForSelector('#box-name');
    await page.fill('#box-name', 'by ada');
    await page.click('button:has-text("Save")');
    await page.waitForSelector('text=Saved.');
    await page.context().clearCookies();
    await page.click('nav a:has-text("Reports")');
    await page.waitForSelector('text=Your session has ended.');
    await logIn(page, 'ada');
    await page.waitForSelector('h2:has-text("Reports")');
    assert.match(page.url(), /#\/reports/);
    await page.context().close();
  });

  it('says that the web service is gone, keeps what it shows, and comes back by itself', async () => {
    const page = await newPage('');
    await logIn(page, 'vera');
    await page.waitForSelector('text=1 of 1 box live');
    await killTree(web.pid);
    await page.waitForSelector('text=No live data for');
    assert.ok((await page.locator('tbody tr').count()) > 0);
    web = await startWeb(settings, address);
    await until(
      'live again',
      async () =>
        (await page.locator('.live-state:has-text("live")').count()) > 0 &&
        (await page.locator('text=No live data for').count()) === 0,
    );
    await page.context().close();
  });
});
