/** Which store a command reads; opens it for as long as the command runs. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { createLogger } from '../common/log.js';
import { holdsPassword, shownUrl } from '../common/store-url.js';
import { loadAnyConfig } from '../config/load.js';
import { DEFAULT_STORE } from '../config/resolve.js';
import { openStore } from '../store/open.js';
import type { Retention, Store } from '../store/store.js';
import { UsageError } from './errors.js';
import { STORE_FILE } from './up/workspace.js';

export interface StoreChoice {
  store?: string;
  dir?: string;
}

/** The forms in which a command line names a store. */
export const STORE_FORMS =
  'sqlite:<file>, mongodb://..., or config:<file> for the store in the configuration file of a daemon';

/** Adds `--store` and `--dir` to a command. */
export function withStoreOptions(command: Command): Command {
  return command
    .option('--store <URL>', `${STORE_FORMS} (default: ${DEFAULT_STORE})`)
    .option('--dir <D>', 'working folder of `makai up`, in place of --store');
}

/** The URL that the options name. @throws UsageError when both are given; errors of `storeUrlFrom` */
export function storeUrlOf({ store, dir }: StoreChoice): string {
  if (store !== undefined && dir !== undefined) throw new UsageError('give --store or --dir, not both');
  if (dir !== undefined) return `sqlite:${join(dir, STORE_FILE)}`;
  return store === undefined ? DEFAULT_STORE : storeUrlFrom(store);
}

/**
 * The URL that an argument names. A URL with a password is refused: arguments appear in the process list and in the shell's history.
 * @throws UsageError; MakaiError CONFIG_UNREADABLE, CONFIG_INVALID, SECRET_EXPOSED for a daemon's file
 */
export function storeUrlFrom(argument: string): string {
  if (argument.startsWith('config:')) return loadAnyConfig(argument.slice('config:'.length)).storeUrl;
  if (holdsPassword(argument)) {
    throw new UsageError(
      `the URL ${shownUrl(argument)} was given with a password, which every user of this machine can see in the process list; ` +
        "use config:<file> with the daemon's configuration file that contains it",
    );
  }
  return argument;
}

/** Commands store boxes as a rule, which do not expire. */
const NEVER_USED: Retention = { mode: 'ttl', measurementsSeconds: 86_400 };

/** How long what a command stores is kept: as the daemon configures it whose store it is; else for good. */
export function retentionOf({ store }: StoreChoice, mode: Retention['mode'] | undefined): Retention {
  const file = store?.startsWith('config:') ? store.slice('config:'.length) : undefined;
  const settings = file === undefined ? undefined : loadAnyConfig(file);
  const configured = settings !== undefined && 'retention' in settings ? settings.retention : NEVER_USED;
  return mode === undefined ? configured : { ...configured, mode };
}

/**
 * Opens an existing store (a command that reads creates none) and closes it when `use` has ended, also after an error.
 * @throws MakaiError as `openStore`, and what `use` throws
 */
export async function useStore<T>(
  choice: StoreChoice,
  use: (store: Store) => Promise<T>,
  retention: Retention = NEVER_USED,
): Promise<T> {
  const store = await openStore(storeUrlOf(choice), {
    retention,
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
