/** Which store a command reads: its options, and the store while the command runs. */
import type { Command } from 'commander';
import { DEFAULT_STORE } from '../config/default-store.js';
import type { Retention, Store } from '../store/store.js';
import type { StoreChoice } from './chosen-store.js';

export type { StoreChoice };

/** The forms in which a command line names a store. */
export const STORE_FORMS =
  'sqlite:<file>, mongodb://..., or config:<file> for the store in the configuration file of a daemon';

/** Adds `--store` and `--dir` to a command. */
export function withStoreOptions(command: Command): Command {
  return command
    .option('--store <URL>', `${STORE_FORMS} (default: ${DEFAULT_STORE})`)
    .option('--dir <D>', 'working folder of `makai up`, in place of --store');
}

/** As `retentionOf`: how long what a command stores is kept. */
export async function retentionOfChoice(choice: StoreChoice): Promise<Retention> {
  return (await import('./chosen-store.js')).retentionOf(choice, undefined);
}

/**
 * Opens an existing store (a command that reads creates none) and closes it when `use` has ended, also after an error.
 * @param retention of what the command stores (`retentionOf`)
 * @throws UsageError; MakaiError as `openStore`, and what `use` throws
 */
export async function useStore<T>(
  choice: StoreChoice,
  use: (store: Store) => Promise<T>,
  retention?: Retention,
): Promise<T> {
  const { openChosenStore } = await import('./chosen-store.js');
  const store = await openChosenStore(choice, retention);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
