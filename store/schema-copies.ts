/** Deletes the copies that upgrades of a SQLite file leave beside it, once they are older than a setting says. */
import { rmSync, statSync } from 'node:fs';
import { type Clock, repeat } from '../common/clock.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { isMongoUrl } from './mongo/connection/url.js';
import { schemaCopies } from './sqlite/schema-copy.js';
import { sqliteFile } from './url.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface SchemaCopiesSettings {
  readonly storeUrl: string;
  /** how long a copy is kept; undefined: until the next upgrade */
  readonly storeSchemaCopyDays: number | undefined;
}

/** Looks now, and then once an hour. MongoDB and stores in memory have no copies. */
export function startSchemaCopies(
  { storeSchemaCopyDays: days, storeUrl }: SchemaCopiesSettings,
  { clock, log }: { clock: Clock; log: Logger },
): Running {
  const file = isMongoUrl(storeUrl) ? ':memory:' : sqliteFile(storeUrl);
  if (days === undefined || file === ':memory:') return { stop: () => Promise.resolve() };
  const look = (): void => {
    try {
      for (const { path } of schemaCopies(file)) {
        if (statSync(path).mtimeMs > clock.now() - days * DAY_MS) continue;
        rmSync(path);
        log.info(
          { path, days },
          'the copy from before an upgrade of the schema was deleted: it is old enough',
        );
      }
    } catch (error) {
      // it may have been deleted by hand in the same moment
      log.warn({ err: error }, 'old copies from before an upgrade could not be deleted');
    }
  };
  look();
  return repeat(async () => look(), HOUR_MS, clock);
}
