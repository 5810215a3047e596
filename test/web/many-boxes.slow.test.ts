/** 200 boxes on the page. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { chromiumOrSkip, launch, problemsOf } from '../support/browser.js';
import { until } from '../support/until.js';
import { type GivenPage, startPage } from './box-stream.js';

const BOXES = 200;

describe('the page with 200 boxes', function () {
  this.timeout(300_000);
  let browser: Browser;
  let given: GivenPage;

  before(async function () {
    const chromium = chromiumOrSkip(this);
    // Nothing but what is heard.
    given = await startPage(BOXES, { prepare: async () => undefined });
    browser = await launch(chromium);
  });

  after(async () => {
    await browser?.close();
    await given?.stop();
  });

  for (const viewport of [
    { width: 1366, height: 820 },
    { width: 360, height: 740 },
  ]) {
    it(`shows all of them with live values, ${viewport.width} px wide`, async () => {
      const context = await browser.newContext({ viewport });
      context.setDefaultTimeout(180_000);
      const page = await context.newPage();
      const problems = problemsOf(page);
      await page.goto(given.web.base);
      await page.waitForSelector(`text=${BOXES} of ${BOXES} boxes live`);
      for (const box of [1001, 1000 + BOXES]) {
        const row = page.locator(`tr:has-text("${box}")`).first();
        const before = await row.textContent();
        await until(`the voltage of box ${box} changes`, async () => (await row.textContent()) !== before);
      }
      const over = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      assert.ok(Number(over) <= 0, `${over} px too wide`);
      await page.goto(`${given.web.base}/#/boxes`);
      await page.waitForSelector(`tr:has-text("${1000 + BOXES}")`);
      assert.deepEqual(problems, []);
      await context.close();
    });
  }
});
