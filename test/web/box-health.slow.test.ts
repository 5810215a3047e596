/** The box view lists what was found of a box in the time range. */
import assert from 'node:assert/strict';
import { problemsOf, violationsOf } from '../support/browser.js';
import { START } from '../web-service/given.js';
import { givenWatchedPage } from './watched-page.js';

describe('the page: findings of a box over time', function () {
  this.timeout(300_000);
  const watched = givenWatchedPage(1);

  for (const width of [1366, 360])
    it(`have a beginning, an end and how long, ${width} px wide`, async () => {
      const { browser, given } = watched();
      const context = await browser.newContext({ viewport: { width, height: 740 }, bypassCSP: true });
      context.setDefaultTimeout(180_000);
      const page = await context.newPage();
      const problems = problemsOf(page);
      await page.goto(`${given.web.base}/#/boxes/1?from=${START - 60_000}&to=${START + 3_600_000}`);
      const health = page.locator('section.card:has(h2:text-is("Health"))');
      const offset = health.locator('tr:has-text("clock offset")');
      await offset.waitFor();
      assert.match((await offset.textContent()) ?? '', /10 h behind.*90\.0\ss/);
      // it began, no end is known, and the box does not have it now
      const noisy = (await health.locator('tr:has-text("noisy input")').textContent()) ?? '';
      assert.match(noisy, /3 V$/);
      assert.deepEqual(await violationsOf(page), []);
      await page.goto(`${given.web.base}/#/boxes/1?from=${START + 100_000}&to=${START + 3_600_000}`);
      await page.waitForSelector('text=No finding began or ended.');
      assert.deepEqual(problems, []);
      await context.close();
    });
});
