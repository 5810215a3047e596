/** Which store a command reads, and opening it for as long as the command runs. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { createLogger } from '../common/log.js';
import { DEFAULT_STORE } from '../config/derived.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { UsageError } from './errors.js';
import { STORE_FILE } from './up/workspace.js';

export interface StoreChoice {
  store?: string;
  dir?: string;
}

/** Adds `--store` and `--dir` to a command. */
export function withStoreOptions(command: Command): Command {
  return command
    .option('--store <URL>', `sqlite:<file> or mongodb://... (default: ${DEFAULT_STORE})`)
    .option('--dir <D>', 'the working folder of `makai up`, in place of --store');
}

/** The URL that the options name. @throws UsageError when both are given */
export function storeUrlOf({ store, dir }: StoreChoice): string {
  if (store !== undefined && dir !== undefined) throw new UsageError('give --store or --dir, not both');
  if (dir !== undefined) return `sqlite:${join(dir, STORE_FILE)}`;
  return store ?? DEFAULT_STORE;
}

/**
 * Opens a store that exists already (a command that reads makes none), and closes it when `use` has ended, however it ended.
 * @throws MakaiError as `openStore`, and what `use` throws
 */
export async function useStore<T>(choice: StoreChoice, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(storeUrlOf(choice), {
    // Commands store boxes at most, which do not expire: these times are never used.
    retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    thread: 'inline',
    mustExist: true,
    log: createLogger('makai', 'warn'),
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
