/** HTML to PDF by a Chromium that is installed: no browser comes with Makai. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { MakaiError, messageOf } from '../common/errors.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const DEADLINE_MS = 120_000;

/**
 * The browser that prints.
 * @param named a path; wins over `MAKAI_CHROMIUM`, which wins over the PATH
 * @throws MakaiError CHROMIUM_MISSING
 */
export function findChromium(named?: string, env: Readonly<NodeJS.ProcessEnv> = process.env): string {
  const chosen = named ?? (env.MAKAI_CHROMIUM || undefined);
  if (chosen !== undefined) {
    if (isProgram(chosen)) return chosen;
    throw missing(`there is no program at ${chosen}`);
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram);
  if (found !== undefined) return found;
  throw missing(`none of ${NAMES.join(', ')} is on the PATH`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missing(what: string): MakaiError {
  return new MakaiError('CHROMIUM_MISSING', `a PDF needs Chromium or Chrome: ${what}`, {
    hint: 'Install it (Debian: apt install chromium), name one with --chromium or MAKAI_CHROMIUM, or write --html and print it from a browser.',
  });
}

/**
 * Prints a page.
 * @param target path of the PDF
 * @throws MakaiError CHROMIUM_FAILED with what the browser said
 */
export async function printPdf(html: string, target: string, chromium: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'makai-report-'));
  try {
    const page = join(folder, 'report.html');
    await writeFile(page, html);
    const options = [
      ...['--headless', '--disable-gpu', '--no-first-run', '--disable-extensions', '--disable-dev-shm-usage'],
      ...[
        '--disable-background-networking',
        `--user-data-dir=${join(folder, 'profile')}`,
        '--no-pdf-header-footer',
      ],
      // As root Chromium has no sandbox of its own; the page has no script and loads nothing.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ];
    await promisify(execFile)(
      chromium,
      [...options, `--print-to-pdf=${resolve(target)}`, pathToFileURL(page).href],
      { timeout: DEADLINE_MS, maxBuffer: 16 * 1024 * 1024 },
    );
    // Some versions end well without a file.
    await stat(resolve(target));
  } catch (error) {
    const said = messageOf(error).split('\n').filter(Boolean).slice(0, 3).join(' | ');
    throw new MakaiError('CHROMIUM_FAILED', `${chromium} did not print the report: ${said}`, {
      hint: 'Try the same with --html, and print the file from a browser.',
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
