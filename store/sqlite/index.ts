/** The embedded store: one SQLite file, no server. */
import { resolve } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import type { Store, StoreFile, StoreOptions, ThreadStore } from '../store.js';
import { type Engine, openEngine } from './engine.js';
import { reopeningEngine } from './engines.js';
import { type Execution, executeOnThread } from './execution.js';
import { executeInline } from './inline.js';
import { READS } from './reads.js';
import { oneEngine } from './serve.js';
import { packWrite, storeOf } from './store-of.js';

export interface SqliteOptions extends StoreOptions {
  /**
   * `worker` (default for files): operations run on a thread of their own, so that a slow disk does not hold up this thread's sockets.
   * `inline` (always for databases in memory): they run here, without the cost of a thread: for short-lived programs.
   */
  thread?: 'worker' | 'inline';
  /**
   * true: a file of an older schema is upgraded, after a copy of it (daemons, `makai store init`). Otherwise it is read as it is, since daemons of an
   * older version may be using it; what would change it is refused with STORE_SCHEMA_TOO_OLD.
   */
  upgrade?: boolean;
  /** true: a file that is not there is an error, and not made */
  mustExist?: boolean;
  /** true: reads have a thread and a connection of their own, which cannot write, so that a long one holds up no write (the web service). Not for databases in memory. */
  readsApart?: boolean;
  /** pages of the file that each connection keeps, kB. Left out: 16 MB, for writes to many tables; a daemon that reads a few rows here and there is as fast with less. */
  cacheKb?: number | undefined;
  /** called when the store's thread has ended by itself (WORKER_EXITED): nothing is stored from then on */
  ended?: (error: MakaiError) => void;
}

/**
 * Opens (and makes, if missing) a store.
 * @param file path, or `:memory:` for a store that ends with `close`
 * @throws MakaiError STORE_UNAVAILABLE, STORE_NOT_RECOGNIZED (not a store of makai), STORE_SCHEMA_TOO_NEW (of a newer program)
 */
export async function openSqliteStore(file: string, options: SqliteOptions): Promise<Store> {
  const inline = file === ':memory:' || options.thread === 'inline';
  const path = file === ':memory:' ? file : resolve(file);
  const upgrade = options.upgrade === true;
  if (options.mustExist === true && !isThere(path, 'STORE_UNAVAILABLE')) {
    throw new MakaiError('STORE_UNAVAILABLE', `there is no store at ${path}`, {
      hint: 'Check the path; `makai store init` makes a new store.',
    });
  }
  const execution = inline
    ? executeInline(oneEngine(openEngine(path, options.retention, upgrade, false, options.cacheKb)), path)
    : await executeOnThread<Engine>(new URL('./worker.js', import.meta.url), path, {
        workerData: { retention: options.retention, upgrade, readOnly: false, cacheKb: options.cacheKb },
        ended: options.ended,
        pack: packWrite,
      });
  const both = inline || options.readsApart !== true ? execution : await withReader(execution, path, options);
  const store = storeOf(both, options.now ?? Date.now);
  // A thread has the system's clock.
  if (file === ':memory:' || options.now !== undefined) return store;
  return { ...store, file: { file: path, retention: options.retention, upgrade, cacheKb: options.cacheKb } };
}

/**
 * Opens a store in this thread, which waits for the disk meanwhile: for threads that work on nothing else.
 * @param file as the store says that the process has open
 * @throws MakaiError as `openSqliteStore`
 */
export function openStoreFile(file: StoreFile): ThreadStore {
  const execution = executeInline(reopeningEngine({ ...file, readOnly: false }), file.file);
  const { readTogether, together } = execution;
  return { ...storeOf(execution, Date.now), readTogether, together };
}

/** Reads go to a thread with a connection of its own, which cannot write. What was written before a read began is in it: a write is acknowledged once it is committed. */
async function withReader(
  writer: Execution<Engine>,
  path: string,
  { cacheKb, ended, retention }: SqliteOptions,
): Promise<Execution<Engine>> {
  try {
    const reader = await executeOnThread<Engine>(new URL('./worker.js', import.meta.url), path, {
      workerData: { retention, upgrade: false, readOnly: true, cacheKb },
      ended,
    });
    return {
      call: (name, ...args) => (READS.has(name) ? reader : writer).call(name, ...args),
      close: async () => {
        await reader.close();
        await writer.close();
      },
    };
  } catch (error) {
    await writer.close();
    throw error;
  }
}
