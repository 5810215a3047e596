/** `makai report`: the power quality of a week. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { jsonLine, write } from '../../common/stdout.js';
import type { Report, ReportOptions } from '../../reports/report.js';
import { UsageError } from '../errors.js';
import { clean } from '../output.js';
import { parseTime } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';

const WEEK_MS = 7 * 86_400_000;

interface Options extends StoreChoice {
  from?: string;
  to?: string;
  box?: string;
  location?: string;
  html?: string;
  pdf?: string;
  json?: true;
  chromium?: string;
}

export function register(program: Command): void {
  const command = program
    .command('report')
    .description(
      'Report the power quality of a time: EN 50160 and IEEE 519 week by week, ITIC and SEMI F47 with all incidents, availability of each box. Without --html, --pdf or --json it prints a summary.',
    )
    .option(
      '--from <time>',
      'from this time on: ISO 8601 (UTC unless it has a time zone) or Unix ms (default: a week before --to)',
    )
    .option('--to <time>', 'before this time (default: now)')
    .option('--box <id>', 'of one box')
    .option('--location <slug>', 'of the boxes at one location')
    .option('--html <file>', 'write one HTML document that needs no network')
    .option('--pdf <file>', 'write a PDF; needs Chromium or Chrome')
    .option(
      '--chromium <path>',
      'the browser for --pdf (default: MAKAI_CHROMIUM, else the first on the PATH)',
    )
    .option('--json', 'one JSON document with all values');
  withStoreOptions(command).action(report);
}

async function report(options: Options): Promise<void> {
  const nowMs = Date.now();
  const { settingsReference } = await import('../settings-reference.js');
  const wanted = { ...wantedOf(options, nowMs), reference: settingsReference(options) };
  const [{ readReport }, { findChromium, printPdf }, { reportPage, sentenceOf }] = await Promise.all([
    import('../../reports/report.js'),
    import('../../reports/pdf.js'),
    import('../../reports/html/page.js'),
  ]);
  // Known before a long report is read.
  const chromium = options.pdf === undefined ? '' : findChromium(options.chromium);
  const found = await useStore(options, (store) => readReport(store, wanted));
  if (options.json) return write(jsonLine(found));
  if (options.html !== undefined || options.pdf !== undefined) {
    const page = reportPage(found);
    if (options.html !== undefined) await writeFile(options.html, page);
    if (options.pdf !== undefined) await printPdf(page, options.pdf, chromium);
  }
  await write(`${clean(sentenceOf(found))}\n`);
  if (options.html === undefined && options.pdf === undefined) await write(summaryOf(found));
}

function wantedOf(options: Options, nowMs: number): ReportOptions {
  if (options.box !== undefined && options.location !== undefined)
    throw new UsageError('give --box or --location, not both');
  if (options.json && (options.html ?? options.pdf) !== undefined)
    throw new UsageError('--json writes to the standard output; give it without --html and --pdf');
  const endMs = options.to === undefined ? nowMs : parseTime('--to', options.to);
  const startMs = options.from === undefined ? endMs - WEEK_MS : parseTime('--from', options.from);
  if (startMs >= endMs) throw new UsageError('--from must be before --to');
  if (startMs >= nowMs) throw new UsageError('--from is in the future');
  return {
    span: { startMs, endMs },
    boxId: options.box,
    location: options.location,
    nowMs,
  };
}

function summaryOf({ boxes }: Report): string {
  return boxes
    .flatMap((box) => [
      `box ${box.box_id} (${box.location}): measured ${(100 * box.availability.measured).toFixed(1)} % of the time`,
      ...box.en50160.flatMap(({ items }) =>
        items.map(
          ({ basis, quantity, rule, verdict }) => `  EN 50160 ${quantity}: ${verdict}: ${rule} (${basis})`,
        ),
      ),
      ...box.ieee519.flatMap(({ items }) =>
        items.map(
          ({ basis, quantity, rule, verdict }) => `  IEEE 519 ${quantity}: ${verdict}: ${rule} (${basis})`,
        ),
      ),
    ])
    .map((text) => `${clean(text)}\n`)
    .join('');
}
