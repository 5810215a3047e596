/** The view of an event: another event over it, per unit, a box that is silent. */
import assert from 'node:assert/strict';
import { problemsOf } from '../support/browser.js';
import { givenWatchedPage } from './watched-page.js';

describe('the page: the view of an event', function () {
  this.timeout(300_000);
  const watched = givenWatchedPage(1);

  it('draws the same box of another event over it, in volts and per unit; the address has it all; a silent box says so', async () => {
    const { browser, given } = watched();
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    const problems = problemsOf(page);
    await page.goto(`${given.web.base}/#/events/1`);
    await page.waitForSelector('.wave canvas');
    const silent = page.locator('.wave:has(.silent)');
    assert.match((await silent.textContent()) ?? '', /2.*It was asked and has not replied/);
    const waveform = page.waitForResponse(/\/events\/2\/boxes\/1\/waveform/);
    await page.getByLabel('Overlay with event').fill('2');
    await page.keyboard.press('Enter');
    assert.equal((await waveform).status(), 200);
    await page.waitForURL(/[?&]with=2/);
    await page.click('button:text-is("Cursors")');
    await page.waitForSelector('.cursor-values:has-text("ΔU")');
    await page.click('button:text-is("per unit")');
    await page.waitForURL(/[?&]unit=pu/);
    await page.waitForSelector('.cursor-values:has-text("pu")');
    // Event 3 is not there: said, and the event itself stays.
    await page.goto(`${given.web.base}/#/events/1?with=3`);
    await page.waitForSelector('.alert');
    await page.waitForSelector('.wave canvas');
    assert.deepEqual(problems, []);
    await page.close();
  });
});
