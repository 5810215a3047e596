/** A directory of its own for each test, and processes that end with it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { SqliteOptions } from '../../../store/sqlite/index.js';
import type { Store } from '../../../store/store.js';
import { openWritable, type Writable } from '../writable.js';

export interface Files {
  directory: string;
  file: string;
  /** @param options with a file other than `file`, where one is given */
  open(options?: Partial<SqliteOptions> & { file?: string }): Promise<Writable<Store>>;
}

export const DAY = 86_400;

/** Call inside `describe`. Stores that a test opened are closed after it. */
export function givenFiles(): () => Files {
  let files: Files | undefined;
  let stores: Store[] = [];
  beforeEach(() => {
    const directory = mkdtempSync(join(tmpdir(), 'makai-sqlite-'));
    const file = join(directory, 'makai.db');
    const open: Files['open'] = async ({ file: other, ...options } = {}) => {
      const store = await openWritable(other ?? file, {
        retention: { mode: 'ttl', measurementsSeconds: DAY },
        ...options,
      });
      stores.push(store);
      return store;
    };
    files = { directory, file, open };
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    stores = [];
    if (files !== undefined) rmSync(files.directory, { recursive: true, force: true });
  });
  return () => {
    if (files === undefined) throw new Error('files are there only while a test runs');
    return files;
  };
}

/** Starts the writer program; see writer.ts. */
export function startWriter(...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
  return startProgram('writer.js', ...args);
}

/** @param name of a program in this folder */
export function startProgram(name: string, ...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
  const program = fileURLToPath(new URL(name, import.meta.url));
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}
