/**
 * A copy of a store that daemons are writing to. `VACUUM INTO` reads one state of the file, however much is written meanwhile; SQLite's `.backup` starts over
 * at each write of another process and never ends on a busy store. It runs in a process of its own, so that progress can be shown and a signal ends it: a thread cannot be ended while SQLite copies.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MakaiError } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { toError } from './execution.js';
import type { BackupMessage, BackupProgress } from './whole-file.js';

export type { BackupProgress };

export interface BackupReport {
  file: string;
  bytes: number;
  /** schema version */
  version: number;
  highestEventId: number;
  seconds: number;
}

export interface BackupOptions {
  onProgress?: (progress: BackupProgress) => void;
  /** ends it; nothing is left of it */
  signal?: AbortSignal;
  now?: () => Date;
}

const LOOK_MS = 200;

/**
 * The file that a backup goes to: `target` itself, or one named after the time in it where it is a folder.
 * @throws MakaiError TARGET_EXISTS
 */
export function backupFile(target: string, now = new Date()): string {
  const isFolder =
    target.endsWith('/') || (isThere(target, 'STORE_UNAVAILABLE') && statSync(target).isDirectory());
  const file = isFolder ? join(resolve(target), `makai-${timeInName(now)}.db`) : resolve(target);
  if (isThere(file, 'STORE_UNAVAILABLE')) {
    throw new MakaiError('TARGET_EXISTS', `${file} exists already`, {
      hint: 'A backup overwrites nothing: name another file, or a folder, in which each backup gets a name of its own.',
    });
  }
  return file;
}

/** `20260728T101500Z` */
export function timeInName(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '');
}

/**
 * Copies a store into a new file that only its owner can read, and checks the copy. What was accepted before the call is in it.
 * @throws MakaiError TARGET_EXISTS, STORE_UNAVAILABLE (also for a full disk), STORE_NOT_RECOGNIZED, STORE_DAMAGED
 */
export async function backupSqlite(
  source: string,
  target: string,
  { now = () => new Date(), onProgress = () => undefined, signal }: BackupOptions = {},
): Promise<BackupReport> {
  const start = performance.now();
  const file = backupFile(target, now());
  const part = `${file}.part`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(part, { force: true });
  // `VACUUM INTO` takes an empty file: so it never has a wider mode.
  closeSync(openSync(part, 'wx', 0o600));
  try {
    const { highestEventId, version } = await copyInProcess(resolve(source), part, onProgress, signal);
    const written = openSync(part, 'r');
    fsyncSync(written);
    closeSync(written);
    renameSync(part, file);
    syncFolder(dirname(file));
    const seconds = (performance.now() - start) / 1000;
    return { file, bytes: statSync(file).size, version, highestEventId, seconds };
  } catch (error) {
    for (const name of [part, `${part}-journal`]) rmSync(name, { force: true });
    throw error;
  }
}

/** A new name in a folder is on disk when it returns. */
export function syncFolder(folder: string): void {
  const open = openSync(folder, 'r');
  fsyncSync(open);
  closeSync(open);
}

async function copyInProcess(
  source: string,
  part: string,
  onProgress: (progress: BackupProgress) => void,
  signal: AbortSignal | undefined,
): Promise<{ version: number; highestEventId: number }> {
  if (signal?.aborted) throw interrupted();
  const program = fileURLToPath(new URL('./backup-worker.js', import.meta.url));
  const child = fork(program, [source, part], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let stage: BackupProgress['stage'] = 'copying';
  let total = 0;
  const look = (): void => onProgress({ stage, bytes: statSync(part).size, total });
  const looks = setInterval(look, LOOK_MS);
  let stop = (): void => undefined;
  const copied = new Promise<{ version: number; highestEventId: number }>((done, failed) => {
    stop = () => failed(interrupted());
    signal?.addEventListener('abort', stop, { once: true });
    child.on('error', failed);
    child.on('exit', () => failed(new MakaiError('WORKER_EXITED', 'the process of the backup ended')));
    child.on('message', (message: BackupMessage) => {
      if ('failure' in message) return failed(toError(message.failure));
      if ('done' in message) return done(message.done);
      ({ stage, total } = message);
      look();
    });
  });
  try {
    return await copied;
  } finally {
    signal?.removeEventListener('abort', stop);
    clearInterval(looks);
    await end(child);
  }
}

/** SQLite does not see other signals while it copies. Once the process is gone nobody writes to its files. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function interrupted(): MakaiError {
  return new MakaiError('STORE_UNAVAILABLE', 'the backup was interrupted: nothing is left of it');
}
