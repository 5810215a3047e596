/** An event that is deleted while somebody looks at it. */
import assert from 'node:assert/strict';
import { problemsOf } from '../support/browser.js';
import { givenWatchedPage } from './watched-page.js';

describe('the page: an event that expires while it is looked at', function () {
  this.timeout(300_000);
  const watched = givenWatchedPage(1);

  it('stays in view with what was read; a remark is kept with its incident; then the page says that the event is gone', async () => {
    const { browser, given } = watched();
    const context = await browser.newContext({ viewport: { width: 1366, height: 820 } });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const problems = problemsOf(page);
    await page.goto(`${given.web.base}/#/events/1`);
    await page.waitForSelector('.wave canvas');
    assert.equal(await given.web.store.deleteEvents([1]), 1);
    await page.keyboard.press('+');
    await page.waitForURL(/zoom=/);
    assert.ok((await page.locator('.wave canvas').count()) > 0);
    await page.fill('#remark', 'a tree on the line');
    await page.click('button:has-text("Save remark")');
    // The incident outlives its event, and the remark is its own.
    await page.waitForSelector('text=There is no such event.');
    assert.deepEqual((await given.web.store.incident(1))?.annotations, ['a tree on the line']);
    const again = await context.newPage();
    await again.goto(`${given.web.base}/#/events/1`);
    await again.waitForSelector('text=There is no such event.');
    assert.deepEqual(problems, []);
    await context.close();
  });
});
