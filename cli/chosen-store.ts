/** From the options of a command to its store. */
import { join } from 'node:path';
import { createLogger } from '../common/log.js';
import { holdsPassword, shownUrl } from '../common/store-url.js';
import { DEFAULT_STORE } from '../config/default-store.js';
import { loadAnyConfig } from '../config/load.js';
import { openStore } from '../store/open.js';
import type { Retention, Store } from '../store/store.js';
import { UsageError } from './errors.js';
import { STORE_FILE } from './up/workspace.js';

/** `--store` and `--dir`. */
export interface StoreChoice {
  store?: string;
  dir?: string;
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

/** @throws UsageError; MakaiError as `openStore`; STORE_UNAVAILABLE where there is none: nothing is created */
export function openChosenStore(choice: StoreChoice, retention: Retention = NEVER_USED): Promise<Store> {
  return openStore(storeUrlOf(choice), {
    retention,
    thread: 'inline',
    mustExist: true,
    log: createLogger('makai', 'warn'),
  });
}
