/**
 * What Lighthouse says of the page, with its defaults: a phone that is 4 times slower than this machine, on a slow mobile network (150 ms, 1.6 Mbit/s), both simulated. Its
 * setting for desktops is easier: no slower processor, a network of 10 Mbit/s. The machine must be quiet: what else runs makes a task longer, and each ms counts 4 times.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../common/errors.js';
import { findChromium } from '../reports/pdf.js';
import { npmPackage } from '../test/support/npm-package.js';
import { startPage } from '../test/web/box-stream.js';
import { type Comparison, compare } from './compare.js';

/** The last one for Node 20. Too heavy to be a dependency: 150 packages, 186 MB. */
const VERSION = '12.8.2';
const ROUNDS = 3;
/** Lighthouse itself fails now and then (its trace begins too late) and says `Please run Lighthouse again`. */
const ATTEMPTS = 4;
const BOXES = 3;
/** Views with something in them: an event with a waveform (test/web-service/given.ts). */
const VIEWS = { overview: '/', event: '/#/events/1' } as const;
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
const GOALS = { performance: 95, accessibility: 100, 'best-practices': 100 } as const;

type Scores = Record<(typeof CATEGORIES)[number], number>;

/** @returns nothing where there is no Chromium, or no way to Lighthouse */
export async function compareLighthouse(): Promise<Comparison[]> {
  const chromium = chromiumOrNone();
  const lighthouse = chromium === undefined ? undefined : await npmPackage('lighthouse', VERSION);
  if (chromium === undefined || lighthouse === undefined) return [];
  const page = await startPage(BOXES);
  try {
    const runs: { view: string; scores: Scores }[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [view, path] of Object.entries(VIEWS)) {
        process.stderr.write(`  Lighthouse: round ${round + 1} of ${ROUNDS}, ${view}\n`);
        runs.push({ view, scores: await scoresOf(lighthouse, chromium, `${page.web.base}${path}`) });
      }
    const comparisons: Comparison[] = [];
    for (const category of CATEGORIES) comparisons.push(await asComparison(category, runs));
    return comparisons;
  } finally {
    await page.stop();
  }
}

/** The rounds were run before: every run has the scores of all categories. */
function asComparison(
  category: keyof Scores,
  runs: readonly { view: string; scores: Scores }[],
): Promise<Comparison> {
  const views = Object.keys(VIEWS);
  return compare(
    {
      title: `Lighthouse ${VERSION}: ${category}`,
      unit: 'points',
      better: 'higher',
      baseline: views[0] ?? '',
      goals: views.map((contender) => ({ contender, figure: GOALS[category] })),
      contenders: views.map((view) => {
        const own = runs.filter((run) => run.view === view).map(({ scores }) => scores[category]);
        return { name: view, once: () => own.shift() ?? Number.NaN };
      }),
      warmUp: false,
    },
    ROUNDS,
  );
}

async function scoresOf(lighthouse: string, chromium: string, url: string): Promise<Scores> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await scoresOnce(lighthouse, chromium, url);
    } catch (error) {
      if (attempt === ATTEMPTS || !messageOf(error).includes('run Lighthouse again')) throw error;
      process.stderr.write(`  Lighthouse could not trace the page, attempt ${attempt} of ${ATTEMPTS}\n`);
    }
  }
}

async function scoresOnce(lighthouse: string, chromium: string, url: string): Promise<Scores> {
  const folder = await mkdtemp(join(tmpdir(), 'makai-lighthouse-'));
  try {
    const file = join(folder, 'report.json');
    const args = [
      join(lighthouse, 'cli/index.js'),
      url,
      '--quiet',
      '--output=json',
      `--output-path=${file}`,
      `--only-categories=${CATEGORIES.join(',')}`,
      // CI runs as root, where Chromium's sandbox does not start. The pages are our own.
      '--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage',
    ];
    const env = { ...process.env, CHROME_PATH: chromium };
    await promisify(execFile)(process.execPath, args, { env, timeout: 300_000 });
    const { categories } = JSON.parse(await readFile(file, 'utf8')) as {
      categories: Record<string, { score: number | null }>;
    };
    const of = (name: string): number => Math.round(100 * (categories[name]?.score ?? Number.NaN));
    return {
      performance: of('performance'),
      accessibility: of('accessibility'),
      'best-practices': of('best-practices'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function chromiumOrNone(): string | undefined {
  try {
    return findChromium();
  } catch (error) {
    process.stderr.write(`  Lighthouse is skipped: ${messageOf(error)}\n`);
    return undefined;
  }
}
