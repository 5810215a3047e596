/** What `makai store backup` does. */
import { rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { isThere } from '../common/is-there.js';
import { EXIT } from '../common/report-error.js';
import { jsonLine, write } from '../common/stdout.js';
import { isMongoUrl } from '../store/mongo/connection/url.js';
import { type BackupProgress, backupFile, backupSqlite } from '../store/sqlite/backup.js';
import { sqliteFile } from '../store/url.js';
import { storeUrlOf } from './chosen-store.js';
import { UsageError } from './errors.js';
import { mongoBackupText } from './mongo-backup.js';
import { clean } from './output.js';
import { backupSettings, pathsOfSettings } from './settings-backup.js';
import type { StoreChoice } from './store-access.js';

const DEFAULT_SETTINGS = '/etc/opq';

export interface BackupChoice extends StoreChoice {
  all?: true;
  /** folder of the settings, for `--all` */
  config?: string;
  json?: true;
}

/** Copies the store, and with `--all` keys and settings. With MongoDB it prints what to do: the exit code is 1, since the store was not copied. */
export async function backupStore(target: string, options: BackupChoice): Promise<void> {
  const url = storeUrlOf(options);
  if (options.config !== undefined && !options.all) throw new UsageError('--config needs --all');
  // One name for both files, found before anything is written.
  const file = backupFile(target);
  const archive = `${file}.settings.tar`;
  const settings = options.all ? pathsOfSettings(settingsFolder(options)) : undefined;
  if (isMongoUrl(url)) {
    if (settings !== undefined) await say(options, await backupSettings(archive, settings));
    await write(mongoBackupText(url));
    process.stderr.write('the MongoDB store was not copied: run the commands above\n');
    process.exitCode = EXIT.failed;
    return;
  }
  const source = sqliteFile(url);
  if (source === ':memory:') throw new UsageError('a store in memory has no backup');
  const shown = new ShownBackup();
  const end = new AbortController();
  const interrupt = (): void => end.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const report = await backupSqlite(source, file, {
      onProgress: (progress) => shown.update(progress),
      signal: end.signal,
    });
    shown.end();
    await say(options, {
      ...report,
      text: `${report.file}: ${megabytes(report.bytes)}, schema ${report.version}, highest event id ${report.highestEventId}, checked; ${report.seconds.toFixed(1)} s`,
    });
  } finally {
    shown.end();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  if (settings !== undefined) {
    try {
      await say(options, await backupSettings(archive, settings));
    } catch (error) {
      rmSync(archive, { force: true });
      throw error;
    }
  }
}

/** `--config`, else the working folder of `makai up`, else the folder of the daemon's file that names the store. */
function settingsFolder({ config, dir, store }: BackupChoice): string {
  if (config !== undefined) return resolve(config);
  if (dir !== undefined) return resolve(dir);
  const file = store?.startsWith('config:') ? store.slice('config:'.length) : join(DEFAULT_SETTINGS, 'any');
  const folder = resolve(dirname(file));
  if (isThere(folder, 'CONFIG_UNREADABLE')) return folder;
  throw new UsageError(`there is no folder ${folder}; name the folder of the settings with --config`);
}

async function say(
  { json }: BackupChoice,
  { text, ...report }: { file: string; text: string } & Record<string, unknown>,
): Promise<void> {
  await write(json ? jsonLine(report) : `${clean(text)}\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const STAGES = { copying: 'copying', checking: 'checking the copy' } as const;

/** A progress bar on a terminal, otherwise one line per stage. On stderr, so that stdout holds only the report. */
class ShownBackup {
  readonly #terminal = process.stderr.isTTY === true;
  #bar: SingleBar | undefined;
  #stage: string | undefined;

  update({ bytes, stage, total }: BackupProgress): void {
    if (total === 0) return;
    if (stage !== this.#stage) {
      this.#stage = stage;
      if (!this.#terminal) process.stderr.write(`${STAGES[stage]} (${megabytes(total)})\n`);
      else if (this.#bar === undefined) this.#start(total);
    }
    this.#bar?.update(Math.min(bytes, total), { stage: STAGES[stage] });
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #start(total: number): void {
    const format = '{stage} {bar} {percentage}%  {eta_formatted} left';
    this.#bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, etaBuffer: 50 });
    this.#bar.start(total, 0, { stage: STAGES.copying });
  }
}
