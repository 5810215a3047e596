/** A browser for tests of the page: the Chromium of this machine, driven by playwright-core. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../reports/pdf.js';

/** The installed browser; without one the test says so and is skipped. */
export function chromiumOrSkip(test: Mocha.Context): string {
  try {
    return findChromium();
  } catch {
    process.stderr.write(
      'SKIPPED: no Chromium (Debian: apt install chromium): the page was not tested in a browser\n',
    );
    return test.skip();
  }
}

/** `--no-sandbox`: CI runs as root, where Chromium's sandbox does not start. The pages are our own. */
export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** What axe-core finds wrong (WCAG 2.2 A and AA, best practices), one line each. The context must bypass CSP: axe is evaluated in the page. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = (await page.evaluate(
    `window.axe.run(document, { runOnly: ${JSON.stringify(tags)} })`,
  )) as AxeResult;
  return violations.map(
    ({ id, nodes }) =>
      `${id} (${nodes.length}): ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary ?? ''}`,
  );
}

/** Collects what a page reports as wrong: errors of scripts, and messages of level error (a forbidden source is one). */
export function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // a request that the test makes fail is logged by the browser too
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      problems.push(message.text());
    }
  });
  return problems;
}
