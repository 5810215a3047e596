/** What `makai store restore` does. */
import { join } from 'node:path';
import { isThere } from '../common/is-there.js';
import { createLogger } from '../common/log.js';
import { EXIT } from '../common/report-error.js';
import { jsonLine, write } from '../common/stdout.js';
import { shownUrl } from '../common/store-url.js';
import { loadAnyConfig } from '../config/load.js';
import { lockAllRoles } from '../daemon/lock.js';
import { isMongoUrl } from '../store/mongo/connection/url.js';
import { highestSpooledEventId } from '../store/spool/highest-id.js';
import { nextEventIdPast, type ReplaceOptions, replaceSqlite } from '../store/sqlite/replace.js';
import { sqliteFile } from '../store/url.js';
import { storeUrlOf } from './chosen-store.js';
import { UsageError } from './errors.js';
import { mongoRestoreText } from './mongo-backup.js';
import { clean } from './output.js';
import type { StoreChoice } from './store-access.js';

const DEFAULT_SPOOL = '/var/lib/opq/spool';
/** The file of the one daemon that gives event ids. */
const SPOOL_FILE = 'acquisition-broker.db';

export interface RestoreChoice extends StoreChoice {
  eventIdGap: number;
  nextEventId?: number;
  eventIdsOnly?: true;
  spool?: string;
  json?: true;
}

/** Puts a backup in the place of the store, while no daemon runs, and moves event ids on. */
export async function restoreStore(backup: string | undefined, options: RestoreChoice): Promise<void> {
  const url = storeUrlOf(options);
  const only = options.eventIdsOnly === true;
  if (only === (backup !== undefined))
    throw new UsageError('give the file of a backup, or --event-ids-only after another program restored it');
  if (isMongoUrl(url)) {
    if (only) return moveMongoIds(url, options);
    await write(mongoRestoreText(url));
    process.stderr.write('nothing was restored: run the commands above\n');
    process.exitCode = EXIT.failed;
    return;
  }
  const file = sqliteFile(url);
  if (file === ':memory:') throw new UsageError('a store in memory cannot be restored');
  const source = backup ?? file;
  if (!isThere(source, 'STORE_UNAVAILABLE')) throw new UsageError(`there is no file ${source}`);
  const lock = lockAllRoles(file);
  try {
    const report = replaceSqlite(file, source, idOptions(options));
    if (options.json) return await write(jsonLine(report));
    const { nextEventId, replaced, unreadable, version } = report;
    await write(`${clean(report.file)}: restored, schema ${version}, next event id ${nextEventId}\n`);
    if (replaced !== undefined)
      await write(`the replaced file is ${clean(replaced)}; delete it when you do not need it\n`);
    if (unreadable !== undefined)
      process.stderr.write(
        `the highest event id of the replaced file is not known (${clean(unreadable)}): the gap of --event-id-gap covers what was given since the backup\n`,
      );
  } finally {
    lock.release();
  }
}

function idOptions(options: RestoreChoice): ReplaceOptions {
  const { eventIdGap, nextEventId } = options;
  return { eventIdGap, nextEventId, highestElsewhere: highestSpooledEventId(spoolOf(options)) };
}

/** The acquisition broker's spool: of the daemon's file that names the store, of the working folder, or of the default folder. */
function spoolOf({ dir, spool, store }: RestoreChoice): string {
  if (spool !== undefined) return join(spool, SPOOL_FILE);
  if (dir !== undefined) return join(dir, 'spool', SPOOL_FILE);
  const settings = store?.startsWith('config:') ? loadAnyConfig(store.slice('config:'.length)) : undefined;
  const folder = settings !== undefined && 'spool' in settings ? settings.spool.path : DEFAULT_SPOOL;
  return join(folder, SPOOL_FILE);
}

async function moveMongoIds(url: string, options: RestoreChoice): Promise<void> {
  const { openMongoStore } = await import('../store/mongo/index.js');
  const store = await openMongoStore(url, {
    retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    log: createLogger('makai', 'warn'),
    mustExist: true,
  });
  try {
    const { highestElsewhere = 0, ...ids } = idOptions(options);
    const next = nextEventIdPast(Math.max(await store.lastEventId(), highestElsewhere), ids);
    // The id before it is given to nobody.
    if (next > 1) await store.nextEventIdsAfter(1, next - 2, 'restore');
    await write(
      options.json ? jsonLine({ nextEventId: next }) : `${clean(shownUrl(url))}: next event id ${next}\n`,
    );
  } finally {
    await store.close();
  }
}
