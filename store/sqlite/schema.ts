/**
 * The tables of a SQLite store and how an older file becomes a newer one. `PRAGMA user_version` counts the migrations that a file
 * has seen. A migration that has been released is never changed: a change is a further entry.
 */
import type { Database } from 'better-sqlite3';
import { MakaiError } from '../../common/errors.js';
import { FOREVER_SECONDS } from '../documents.js';

/** `PRAGMA application_id` of our files: "OPQM". */
export const APPLICATION_ID = 0x4f50514d;

/**
 * Version 1. Measurements are keyed by time first, then box: what arrives together lies together, so that a batch of 1,000 boxes
 * writes a few pages instead of 1,000 (by box first: 22 times the bytes, 6 times the time). The key's first part is
 * a whole second, so that one box's rows are found with one seek per second. Rows that an index on `expire_at` leaves out are kept for good.
 */
const VERSION_1 = `
CREATE TABLE measurements (
  second INTEGER NOT NULL, -- timestamp_ms / 1000, rounded down
  box INTEGER NOT NULL,
  ms INTEGER NOT NULL,     -- timestamp_ms - 1000 * second
  frequency REAL, voltage REAL, thd REAL, transient REAL,
  invalid INTEGER NOT NULL, -- bit i: METRICS[i] came as infinity or NaN
  -- min and max of single cycles, NULL where both equal the average
  frequency_min REAL, frequency_max REAL, voltage_min REAL, voltage_max REAL,
  thd_min REAL, thd_max REAL, transient_min REAL, transient_max REAL,
  expire_at INTEGER NOT NULL, -- Unix seconds, here and below
  PRIMARY KEY (second, box, ms)
) WITHOUT ROWID;
CREATE INDEX measurements_expire ON measurements (expire_at) WHERE expire_at < ${FOREVER_SECONDS};

-- the newest measurement of each box: the key above cannot be searched by box alone
CREATE TABLE newest (
  box INTEGER PRIMARY KEY,
  timestamp_ms INTEGER NOT NULL
);

CREATE TABLE trends (
  box_id TEXT NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  location TEXT NOT NULL,
  frequency_min REAL, frequency_max REAL, frequency_average REAL,
  voltage_min REAL, voltage_max REAL, voltage_average REAL,
  thd_min REAL, thd_max REAL, thd_average REAL,
  transient_min REAL, transient_max REAL, transient_average REAL,
  expire_at INTEGER NOT NULL,
  PRIMARY KEY (box_id, timestamp_ms)
) WITHOUT ROWID;
CREATE INDEX trends_time ON trends (timestamp_ms);
CREATE INDEX trends_expire ON trends (expire_at) WHERE expire_at < ${FOREVER_SECONDS};

CREATE TABLE events (
  event_id INTEGER PRIMARY KEY,
  type TEXT,
  description TEXT NOT NULL,
  boxes_triggered TEXT NOT NULL, -- JSON list of box ids
  percent_magnitude REAL,
  target_event_start_timestamp_ms INTEGER NOT NULL,
  target_event_end_timestamp_ms INTEGER NOT NULL,
  expire_at INTEGER NOT NULL
);
CREATE INDEX events_start ON events (target_event_start_timestamp_ms, event_id);
CREATE INDEX events_end ON events (target_event_end_timestamp_ms);
CREATE INDEX events_expire ON events (expire_at) WHERE expire_at < ${FOREVER_SECONDS};

-- boxes_received and latencies_ms of an event, in the order of \`position\`
CREATE TABLE received (
  event_id INTEGER NOT NULL,
  box_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  latency_ms INTEGER, -- NULL: not known
  PRIMARY KEY (event_id, box_id)
) WITHOUT ROWID;

CREATE TABLE box_events (
  event_id INTEGER NOT NULL,
  box_id TEXT NOT NULL,
  event_start_timestamp_ms INTEGER NOT NULL,
  event_end_timestamp_ms INTEGER NOT NULL,
  location TEXT NOT NULL,
  data_fs_filename TEXT NOT NULL,
  window_timestamps_ms BLOB NOT NULL, -- int64, little endian
  samples BLOB,                       -- int16, little endian
  UNIQUE (event_id, box_id)
);
CREATE INDEX box_events_file ON box_events (data_fs_filename);

CREATE TABLE boxes (
  box_id TEXT PRIMARY KEY,
  name TEXT UNIQUE,
  document TEXT NOT NULL -- JSON, all fields
) WITHOUT ROWID;

CREATE TABLE documents (
  name TEXT PRIMARY KEY, -- makai_config, laha_config
  body TEXT NOT NULL     -- JSON
) WITHOUT ROWID;

CREATE TABLE metrics (
  metric_id INTEGER PRIMARY KEY,
  stored_ms INTEGER NOT NULL,
  name TEXT NOT NULL,
  bytes INTEGER, sent INTEGER, recv INTEGER
);
CREATE INDEX metrics_stored ON metrics (stored_ms);

CREATE TABLE health (
  finding_id INTEGER PRIMARY KEY,
  timestamp_ms INTEGER NOT NULL,
  service TEXT NOT NULL,
  service_id TEXT NOT NULL,
  status TEXT NOT NULL,
  info TEXT NOT NULL
);
CREATE INDEX health_time ON health (timestamp_ms);

CREATE TABLE open_requests (
  request_id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL
);

CREATE TABLE sequences (
  name TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) WITHOUT ROWID;
`;

/** Version 2. When measurements expire is kept for each second, not in an index of all rows: see measurement-expiry.ts. */
const VERSION_2 = `
CREATE TABLE measurement_expiry (
  second INTEGER PRIMARY KEY,
  soonest INTEGER NOT NULL -- no measurement of this second expires earlier; no row: none expires
);
INSERT INTO measurement_expiry
  SELECT second, min(expire_at) FROM measurements WHERE expire_at < ${FOREVER_SECONDS} GROUP BY second;
CREATE INDEX measurement_expiry_soonest ON measurement_expiry (soonest);
DROP INDEX measurements_expire;
`;

/** Version 3. What events were imported from: `makai import`. */
const VERSION_3 = `
CREATE TABLE imports (
  event_id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL,       -- of the files together
  recording INTEGER NOT NULL, -- which of the recordings in them, from 1 on
  stored_ms INTEGER NOT NULL,
  UNIQUE (sha256, recording)
);
CREATE TABLE original_files (
  sha256 TEXT NOT NULL, -- of all files of the import
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (sha256, position)
);
`;

/** Entry i takes a file from version i to i + 1. */
const MIGRATIONS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3];

export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings an open database to this program's schema, in one transaction; two processes at the same time do it once.
 * @param steps entry i takes a file from version i to i + 1
 * @throws MakaiError STORE_SCHEMA_TOO_NEW when a newer program wrote the file, STORE_NOT_RECOGNIZED when another program did
 */
export function migrate(
  db: Database,
  file: string,
  steps: readonly string[] = MIGRATIONS,
  applicationId = APPLICATION_ID,
): void {
  const isOurs = (): boolean => db.pragma('application_id', { simple: true }) === applicationId;
  if (versionOf(db) === steps.length && isOurs()) return;
  const upgrade = db.transaction(() => {
    const version = versionOf(db);
    if (!isOurs() && (version !== 0 || hasTables(db))) {
      throw new MakaiError('STORE_NOT_RECOGNIZED', `${file} is an SQLite database of another program`, {
        hint: 'Name another file: makai would not mix its tables with those of another program, nor a spool with a store.',
      });
    }
    if (version > steps.length) {
      throw new MakaiError(
        'STORE_SCHEMA_TOO_NEW',
        `${file} has schema version ${version}; this program knows versions up to ${steps.length}`,
        { hint: 'Install the newer version of makai that wrote it; nothing was changed.' },
      );
    }
    for (const step of steps.slice(version)) db.exec(step);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${steps.length}`);
  });
  upgrade.immediate();
}

function versionOf(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function hasTables(db: Database): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}
