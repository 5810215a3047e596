/** What `makai store init | check | copy` do. */
import { SingleBar } from 'cli-progress';
import { createLogger } from '../common/log.js';
import { EXIT } from '../common/report-error.js';
import { jsonLine, write } from '../common/stdout.js';
import { placeOf, shownUrl } from '../common/store-url.js';
import { checkStore } from '../store/check.js';
import { type CopyProgress, type CopyReport, copyStore, emptyPosition } from '../store/copy.js';
import { type OpenOptions, openStore } from '../store/open.js';
import type { Retention } from '../store/store.js';
import { storeUrlFrom, storeUrlOf } from './chosen-store.js';
import { PositionFile } from './copy-position.js';
import { UsageError } from './errors.js';
import { clean } from './output.js';
import type { StoreChoice } from './store-access.js';

const DAY = 86_400;

export interface RetentionChoice {
  retention: Retention['mode'];
}

function optionsFor({ retention }: RetentionChoice): OpenOptions {
  return {
    retention: { mode: retention, measurementsSeconds: DAY },
    log: createLogger('makai', 'warn'),
  };
}

/** Creates a store, or what is missing in it. */
export async function initStore(options: StoreChoice & RetentionChoice): Promise<void> {
  const url = storeUrlOf(options);
  await (await openStore(url, { ...optionsFor(options), upgrade: true })).close();
  await write(`${clean(shownUrl(url))}: ready\n`);
}

/** Prints what is wrong with a store. The exit code is 1 if something is. */
export async function checkChosenStore(
  options: StoreChoice & RetentionChoice & { json?: true },
): Promise<void> {
  const findings = await checkStore(storeUrlOf(options), optionsFor(options));
  for (const finding of findings) {
    const { severity, message, hint } = finding;
    const lead = severity === 'info' ? '' : `${severity}: `;
    const text = `${clean(lead + message)}${hint === undefined ? '' : `\n  ${clean(hint)}`}\n`;
    await write(options.json ? jsonLine(finding) : text);
  }
  if (findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.failed;
}

/** Copies a store into another, from where an interrupted copy stopped. */
export async function copyStores(
  options: RetentionChoice & { from: string; to: string; restart?: true; update?: true; json?: true },
): Promise<void> {
  const [source, target] = [storeUrlFrom(options.from), storeUrlFrom(options.to)];
  if (placeOf(source) === placeOf(target)) throw new UsageError('--from and --to name the same store');
  const file = new PositionFile(source, target);
  if (options.restart) file.remove();
  const earlier = file.read();
  if (earlier !== undefined) process.stderr.write('continuing an interrupted copy\n');
  const from = await openStore(source, { ...optionsFor(options), mustExist: true });
  try {
    const to = await openStore(target, optionsFor(options));
    const shown = new ShownProgress();
    try {
      const report = await copyStore(from, to, earlier ?? emptyPosition(), {
        onProgress: (progress) => shown.update(progress),
        save: async (position) => file.save(position),
        update: options.update === true,
      });
      shown.end();
      file.remove();
      await printReport(report, options);
    } finally {
      shown.end();
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function printReport(
  report: CopyReport,
  { json, update }: { json?: true; update?: true },
): Promise<void> {
  if (json) await write(jsonLine(report));
  else {
    const { different, refused, updated, ...parts } = report;
    for (const [part, { inserted, duplicates }] of Object.entries(parts)) {
      await write(`${part.padEnd(13)}${inserted} copied, ${duplicates} there already\n`);
    }
    if (updated > 0) await write(`${updated} that were there already were updated\n`);
    if (different.count > 0) await write(differentText(different, update === true));
    for (const reason of refused.reasons) await write(`refused: ${clean(reason)}\n`);
    if (refused.count > 0) await write(`${refused.count} documents were refused\n`);
  }
  if (report.refused.count > 0) process.exitCode = EXIT.failed;
}

function differentText({ count, names }: CopyReport['different'], update: boolean): string {
  const named = names.map(clean).join(', ') + (count > names.length ? ' and more' : '');
  const why = update ? 'what differs is not carried over' : '--update carries over what people changed';
  return `${count} of those that were there already differ and stay as they are (${why}): ${named}\n`;
}

/** A progress bar on a terminal, otherwise one line per part. On stderr, so that stdout holds only the report. */
class ShownProgress {
  readonly #terminal = process.stderr.isTTY === true;
  #bar: SingleBar | undefined;
  #part: string | undefined;

  update({ part, total, done }: CopyProgress): void {
    if (part !== this.#part) {
      this.end();
      this.#part = part;
      if (this.#terminal) this.#start(part, total);
      else
        process.stderr.write(`${part}: ${total}${part === 'boxes' || part === 'events' ? '' : ' boxes'}\n`);
    }
    this.#bar?.setTotal(Math.max(total, 1));
    this.#bar?.update(total === 0 ? 1 : done);
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #start(part: string, total: number): void {
    const format = `${part.padEnd(13)}{bar} {percentage}%  {eta_formatted} left`;
    this.#bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, etaBuffer: 50 });
    this.#bar.start(Math.max(total, 1), 0);
  }
}
