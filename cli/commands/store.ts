/** `makai store init | check | copy`. */
import { SingleBar } from 'cli-progress';
import { type Command, Option } from 'commander';
import { createLogger } from '../../common/log.js';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import { shownUrl } from '../../common/store-url.js';
import { checkStore } from '../../store/check.js';
import { type CopyProgress, type CopyReport, copyStore, emptyPosition } from '../../store/copy.js';
import { type OpenOptions, openStore } from '../../store/open.js';
import type { Retention } from '../../store/store.js';
import { PositionFile } from '../copy-position.js';
import { UsageError } from '../errors.js';
import { clean } from '../output.js';
import {
  STORE_FORMS,
  type StoreChoice,
  storeUrlFrom,
  storeUrlOf,
  withStoreOptions,
} from '../store-access.js';

const DAY = 86_400;

interface RetentionChoice {
  retention: Retention['mode'];
}

export function register(program: Command): void {
  const store = program.command('store').description('Create, check and copy stores.');
  const init = store
    .command('init')
    .description('Create a store, or what is missing in it: file and tables, or collections and indexes.');
  withRetention(withStoreOptions(init)).action(initStore);
  const check = store
    .command('check')
    .description(
      'Check a store and say what is wrong and what to do. Nothing is changed. The exit code is 1 if something is wrong.',
    )
    .option('--json', 'NDJSON, one finding per line');
  withRetention(withStoreOptions(check)).action(lookOver);
  const copy = store
    .command('copy')
    .description(
      'Copy a store into another: boxes, makai_config, events with waveforms, trends, measurements. Documents that the target already has stay. After an interruption the same command continues where it stopped.',
    )
    .requiredOption('--from <URL>', `store to copy: ${STORE_FORMS}`)
    .requiredOption('--to <URL>', 'store to copy into, in the same form; created if missing')
    .option('--restart', 'start again from the beginning after an interruption')
    .option('--json', 'the report as one JSON document');
  withRetention(copy).action(copyStores);
}

function withRetention(command: Command): Command {
  return command.addOption(
    new Option('--retention <mode>', 'retention mode of the store, as in the configuration of the daemons')
      .choices(['ttl', 'laha'])
      .default('ttl'),
  );
}

function optionsFor({ retention }: RetentionChoice): OpenOptions {
  return {
    retention: { mode: retention, measurementsSeconds: DAY },
    log: createLogger('makai', 'warn'),
  };
}

async function initStore(options: StoreChoice & RetentionChoice): Promise<void> {
  const url = storeUrlOf(options);
  await (await openStore(url, optionsFor(options))).close();
  await write(`${clean(shownUrl(url))}: ready\n`);
}

async function lookOver(options: StoreChoice & RetentionChoice & { json?: true }): Promise<void> {
  const findings = await checkStore(storeUrlOf(options), optionsFor(options));
  for (const finding of findings) {
    const { severity, message, hint } = finding;
    const lead = severity === 'info' ? '' : `${severity}: `;
    const text = `${clean(lead + message)}${hint === undefined ? '' : `\n  ${clean(hint)}`}\n`;
    await write(options.json ? jsonLine(finding) : text);
  }
  if (findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.failed;
}

async function copyStores(
  options: RetentionChoice & { from: string; to: string; restart?: true; json?: true },
): Promise<void> {
  const [source, target] = [storeUrlFrom(options.from), storeUrlFrom(options.to)];
  if (source === target) throw new UsageError('--from and --to name the same store');
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
      });
      shown.end();
      file.remove();
      await printReport(report, options.json === true);
    } finally {
      shown.end();
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function printReport(report: CopyReport, json: boolean): Promise<void> {
  if (json) await write(jsonLine(report));
  else {
    const { refused, ...parts } = report;
    for (const [part, { inserted, duplicates }] of Object.entries(parts)) {
      await write(`${part.padEnd(13)}${inserted} copied, ${duplicates} there already\n`);
    }
    for (const reason of refused.reasons) await write(`refused: ${clean(reason)}\n`);
    if (refused.count > 0) await write(`${refused.count} documents were refused\n`);
  }
  if (report.refused.count > 0) process.exitCode = EXIT.failed;
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
