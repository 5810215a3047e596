/** Alerts on the page: what is open, what it is about, acknowledged and silenced by an operator; a phone, axe, an empty store. */
import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { AlertFields } from '../../store/store.js';
import { chromiumOrSkip, launch, problemsOf, violationsOf } from '../support/browser.js';
import { until } from '../support/until.js';
import { fill } from '../web-service/given.js';
import { type GivenPage, startPage } from './box-stream.js';

const NOW = Date.now();

function alertOf(alert_id: string, more: Partial<AlertFields>): AlertFields {
  return {
    ...{ alert_id, key: alert_id, rule: 'outage', severity: 'critical', state: 'firing' },
    ...{ title: `<b>${alert_id}</b>`, body: 'one line\nanother line', box_ids: ['1'], notify: ['outage'] },
    ...{ members: [], open_members: [], started_ms: NOW - 60_000, fired_ms: NOW - 55_000, page: '/boxes/1' },
    ...more,
  };
}

describe('the page: alerts', function () {
  this.timeout(300_000);
  let browser: Browser;
  let given: GivenPage;
  let context: BrowserContext;

  before(async function () {
    const chromium = chromiumOrSkip(this);
    browser = await launch(chromium);
    given = await startPage(1, {
      prepare: async (store) => {
        await fill(store);
        await store.putAlert(
          alertOf('group 1/a', { rule: 'incident', severity: 'warning', page: '/events/1' }),
        );
        const resolved_ms = NOW - 10_000;
        // It began before the range, and was over in it.
        const started_ms = NOW - 5 * 86_400_000;
        await store.putAlert(alertOf('over', { state: 'resolved', started_ms, resolved_ms }));
      },
    });
  });

  after(async () => {
    await browser?.close();
    await given?.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1366, height: 820 }, bypassCSP: true });
    context.setDefaultTimeout(60_000);
  });

  afterEach(() => context.close());

  async function open(hash: string, own = context): Promise<{ page: Page; problems: string[] }> {
    const page = await own.newPage();
    const problems = problemsOf(page);
    await page.goto(`${given.web.base}/#/${hash}`);
    await page.waitForSelector('h1');
    await page.waitForSelector('.skeleton', { state: 'detached' });
    return { page, problems };
  }

  it('the overview counts those that are open and leads to them; the most severe is first; a row opens its own address', async () => {
    const { page, problems } = await open('');
    await page.click('a.tile:has-text("2 open alerts")');
    await page.waitForURL(/#\/alerts/);
    const rows = page.locator('section.card').first().locator('tbody tr');
    await until('both are listed', async () => (await rows.count()) === 2);
    assert.match((await rows.first().textContent()) ?? '', /firing.*critical.*Box 2 is silent/);
    // markup in a title stays text
    assert.match((await rows.nth(1).textContent()) ?? '', /<b>group 1\/a<\/b>/);
    assert.equal(await rows.nth(1).locator('a:has-text("Event 1")').count(), 1);
    await rows.nth(1).locator('a').first().click();
    await page.waitForURL(/#\/alerts\/group%201%2Fa/);
    await page.waitForSelector('h1:has-text("<b>group 1/a</b>")');
    // A view is drawn a moment before its keys are listened to.
    await until('Escape leads back to the list', async () => {
      await page.keyboard.press('Escape');
      return /^#\/alerts($|\?)/.test(new URL(page.url()).hash);
    });
    await page.waitForSelector('section.card:has-text("Resolved, of this time range") tr:has-text("over")');
    assert.deepEqual(problems, []);
  });

  it('is acknowledged in the list, silenced and notified again where it has its own page', async () => {
    const { page, problems } = await open('alerts');
    await page.click('button[aria-label*="Acknowledge: <b>group"]');
    await page.waitForSelector('tr:has-text("group 1/a"):has-text("acknowledged")');
    assert.equal((await given.web.store.alert('group 1/a'))?.acknowledged_by, 'local (web)');
    await page.goto(`${given.web.base}/#/alerts/outage-1`);
    await page.waitForSelector('h1:has-text("Box 2 is silent")');
    await page.selectOption('select', '28800');
    await page.click('button:has-text("Silence")');
    await page.waitForSelector('.badge:has-text("silenced")');
    const { silenced_until_ms: until_ms = 0 } = (await given.web.store.alert('outage-1')) ?? {};
    assert.ok(Math.abs(until_ms - Date.now() - 8 * 3_600_000) < 300_000, String(until_ms));
    await page.click('button:has-text("Notify again")');
    await page.waitForSelector('.badge:has-text("firing")');
    assert.deepEqual(problems, []);
  });

  it('one that fires while the view is open appears by itself, and moves when it is over', async () => {
    const { page } = await open('alerts');
    const late = alertOf('late', { started_ms: Date.now() - 1000, fired_ms: Date.now() });
    await given.web.store.putAlert(late);
    await page.waitForSelector('section.card:has-text("Firing first") tr:has-text("late")');
    await given.web.store.putAlert({ ...late, state: 'resolved', resolved_ms: Date.now() });
    await page.waitForSelector('section.card:has-text("Firing first") tr:has-text("late")', {
      state: 'detached',
    });
  });

  it('an alert that is not there says so', async () => {
    for (const id of ['nothing', 'x'.repeat(300)]) {
      const page = await context.newPage();
      await page.goto(`${given.web.base}/#/alerts/${id}`);
      await page.waitForSelector('text=There is no such alert.');
      await page.close();
    }
  });

  for (const theme of ['light', 'dark'] as const)
    it(`has no violation that axe-core finds, and fits a phone, ${theme}`, async () => {
      for (const width of [1366, 360]) {
        const viewport = { width, height: 740 };
        const own = await browser.newContext({ viewport, colorScheme: theme, bypassCSP: true });
        own.setDefaultTimeout(60_000);
        for (const view of ['', 'alerts', 'alerts/outage-1']) {
          const { page, problems } = await open(view, own);
          assert.deepEqual(await violationsOf(page), [], `#/${view}, ${width} px`);
          const over = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          assert.ok(Number(over) <= 0, `#/${view} is ${over} px too wide at ${width} px`);
          assert.deepEqual(problems, []);
          await page.close();
        }
        await own.close();
      }
    });

  it('without alerts says what makes one; without a gateway, that it does not run', async () => {
    const empty = await startPage(1, { prepare: async () => undefined });
    try {
      const page = await context.newPage();
      await page.goto(`${empty.web.base}/#/alerts`);
      await page.waitForSelector('text=No alert is open.');
      await page.waitForSelector('text=The gateway does not run');
      await page.goto(`${empty.web.base}/#/overview`);
      await page.waitForSelector('a.tile:has-text("No open alert")');
    } finally {
      await empty.stop();
    }
  });
});
