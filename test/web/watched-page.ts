/** The built page on a store of its own, and a browser that looks at it. */
import type { Browser } from 'playwright-core';
import { chromiumOrSkip, launch } from '../support/browser.js';
import { type GivenPage, startPage } from './box-stream.js';

/** For use inside `describe`: one page and one browser for its tests, which are skipped where there is no browser. */
export function givenWatchedPage(boxes: number): () => { browser: Browser; given: GivenPage } {
  let browser: Browser | undefined;
  let given: GivenPage | undefined;

  before(async function () {
    browser = await launch(chromiumOrSkip(this));
    given = await startPage(boxes);
  });

  after(async () => {
    await browser?.close();
    await given?.stop();
  });

  return () => {
    if (browser === undefined || given === undefined) throw new Error('before the tests');
    return { browser, given };
  };
}
