/**
 * The engine of a thread, opened again when its file is no longer the one at its path (moved, replaced, a mount over it) or can no longer be used
 * (read-only, not to be opened): an administrator puts that right while the daemon runs, and what waits in its memory must then be written.
 */
import { realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { codeOf } from '../../common/errors.js';
import { unusedName } from './unused-name.js';

export interface Closing {
  /** Writes what is in the file's log into the file. @returns true when all of it is there */
  checkpoint(): boolean;
  close(): void;
}

export interface ReopeningOptions<E> {
  file: string;
  open(): E;
  /** looks at the file before it is opened again. @throws when that is of no use */
  look(): void;
  /** the log of a replaced file was not all in that file, and is kept as `kept` */
  leftLog?(kept: string): void;
  /** ms by a clock that does not jump */
  now?: () => number;
}

/** Between two tries to open another file than the last one. */
const PAUSE_MS = 250;
/** After a failure of an open file: one on a disk that refuses writes would be opened again for every operation. */
const FAILED_PAUSE_MS = 5000;
const REOPENS = ['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_IOERR'];

/** What distinguishes two files at one path. */
type Identity = string | undefined;

export class Reopening<E extends Closing> {
  readonly #options: ReopeningOptions<E>;
  readonly #now: () => number;
  #engine: E | undefined;
  /** the file that was opened last: where it is, past symbolic links as SQLite names its log, and what it is */
  #real = '';
  #file: Identity;
  #wal: Identity;
  #shm: Identity;
  /** the last try failed then, and how */
  #failed: { atMs: number; error: unknown } | undefined;

  /** @throws what `open` throws */
  constructor(options: ReopeningOptions<E>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#engine = this.#open();
  }

  /**
   * The engine on the file at the path.
   * @throws what `look` and `open` throw, and the system's error where nobody can look at the path. An engine whose file is gone or hidden is kept: the
   * file may come back.
   */
  current(): E {
    const there = this.#there();
    if (this.#engine !== undefined && there === this.#file) return this.#engine;
    if (there === undefined) {
      this.#checkpoint();
      this.#options.look();
    }
    const pause = there === this.#file ? FAILED_PAUSE_MS : PAUSE_MS;
    if (this.#failed !== undefined && this.#now() - this.#failed.atMs < pause) throw this.#failed.error;
    try {
      this.#leave();
      this.#options.look();
      this.#engine = this.#open();
      this.#failed = undefined;
      return this.#engine;
    } catch (error) {
      this.#failed = { atMs: this.#now(), error };
      throw error;
    }
  }

  /** An operation failed: what the handle may be the cause of makes a later one open the file again. Never throws. */
  failed(error: unknown): void {
    const code = codeOf(error) ?? '';
    if (this.#engine === undefined || !REOPENS.some((prefix) => code.startsWith(prefix))) return;
    this.#failed = { atMs: this.#now(), error };
    try {
      this.#leave();
    } catch {
      // The next operation meets it and says it.
    }
  }

  /** To be called now and then: an idle handle on a replaced file must not stay open beside those on the new one. Never throws. */
  look(): void {
    try {
      const there = identityOf(this.#options.file);
      if (this.#engine !== undefined && there !== undefined && there !== this.#file) this.#leave();
    } catch {
      // A folder that may not be entered, a disk that fails: the next operation meets it and says it.
    }
  }

  close(): void {
    this.#engine?.close();
    this.#engine = undefined;
  }

  #open(): E {
    const { file, open } = this.#options;
    const engine = open();
    try {
      this.#real = realpathSync(file);
      [this.#file, this.#wal, this.#shm] = ['', '-wal', '-shm'].map((suffix) =>
        identityOf(`${this.#real}${suffix}`),
      );
    } catch (error) {
      engine.close();
      throw error;
    }
    return engine;
  }

  #there(): Identity {
    try {
      return identityOf(this.#options.file);
    } catch (error) {
      // Says it better where it finds the same.
      this.#options.look();
      throw error;
    }
  }

  /** So that a file that was moved is complete where it is now. */
  #checkpoint(): boolean {
    try {
      return this.#engine?.checkpoint() === true;
    } catch {
      // What cannot be folded into the file stays in its log.
      return false;
    }
  }

  /** Closes the file, and moves its log away where another file is in its place: it would be played into that one. */
  #leave(): void {
    const isWhole = this.#checkpoint();
    const engine = this.#engine;
    this.#engine = undefined;
    engine?.close();
    const there = identityOf(this.#real);
    // One that is gone may come back, and needs its log then.
    if (there === undefined || there === this.#file) return;
    const [wal, shm] = [`${this.#real}-wal`, `${this.#real}-shm`];
    // Where the new file came with a log of its own, that stays.
    if (this.#wal !== undefined && identityOf(wal) === this.#wal) {
      if (isWhole) rmSync(wal, { force: true });
      else {
        const kept = unusedName(`${wal}.left-`);
        renameSync(wal, kept);
        this.#options.leftLog?.(kept);
      }
    }
    if (this.#shm !== undefined && identityOf(shm) === this.#shm) rmSync(shm, { force: true });
  }
}

/** @throws the system's error other than that nothing is there */
function identityOf(path: string): Identity {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}
