/** The file of what outlives a restart: messages that wait for the broker, and how far the store has been followed. A write is on disk when it returns. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { lockPath } from '../../daemon/lock.js';
import { openDatabase } from '../../store/sqlite/connection.js';
import { Outbox } from './outbox.js';
import { Positions } from './positions.js';
import { ALONE, type Shared } from './shared.js';
import { Watched } from './watched.js';

/** "makG": a file of the gateway, no store. */
const APPLICATION_ID = 0x6d616b47;

const SCHEMA = `
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  payload TEXT NOT NULL,
  retain INTEGER NOT NULL,
  put_ms INTEGER NOT NULL
);
CREATE TABLE positions (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE watched (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  hash TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX watched_due ON watched (kind, due_ms);
`;

export interface State {
  readonly outbox: Outbox;
  readonly positions: Positions;
  readonly watched: Watched;
  /** All changes of `work` together, or none. @throws what `work` throws */
  together(work: () => void): void;
  close(): void;
}

/**
 * Opens the file in a folder, which is made if it is missing.
 * @param name of the file among those of the gateway
 * @throws MakaiError ALREADY_RUNNING, STORE_UNAVAILABLE, STORE_NOT_WRITABLE, STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW
 */
export function openState(folder: string, maxBytes: number, shared: Shared = ALONE, name = 'outbox'): State {
  const file = join(folder, 'outbox.db');
  const lock = lockPath(file, 'gateway');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    const db: Database = openDatabase(file, { applicationId: APPLICATION_ID, steps: [SCHEMA] });
    const detach = shared.attach(name, db);
    const outbox = new Outbox(db, maxBytes);
    return {
      outbox,
      positions: new Positions(db),
      watched: new Watched(db),
      together: (work) => {
        try {
          db.transaction(work).immediate();
        } catch (error) {
          outbox.recount();
          throw error;
        }
      },
      close: () => {
        detach();
        db.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
