/**
 * The tables of a SQLite store, as the migrations that make an older file a newer one (`migrate.ts`). A migration that has been released is never changed: a change is a further entry.
 */
import { FOREVER_SECONDS } from '../documents.js';
import { VERSION_1 } from './first-schema.js';

/** `PRAGMA application_id` of our files: "OPQM". */
export const APPLICATION_ID = 0x4f50514d;

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

/** Version 4. Ten-minute and two-hour values. */
const VERSION_4 = `
CREATE TABLE aggregates (
  box_id TEXT NOT NULL,
  window_seconds INTEGER NOT NULL,
  timestamp_ms INTEGER NOT NULL, -- the window's end
  document TEXT NOT NULL,        -- JSON, the other fields
  expire_at INTEGER NOT NULL,
  PRIMARY KEY (box_id, window_seconds, timestamp_ms)
) WITHOUT ROWID;
CREATE INDEX aggregates_expire ON aggregates (expire_at) WHERE expire_at < ${FOREVER_SECONDS};
`;

/** Version 5. Incidents, which waveforms wait to be analysed, and what was said of those that were. */
const VERSION_5 = `
CREATE TABLE incidents (
  row_id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,     -- incidents.ts
  incident_id INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  box_id TEXT NOT NULL,
  start_timestamp_ms INTEGER NOT NULL,
  expire_at INTEGER NOT NULL,
  document TEXT NOT NULL,       -- JSON, all fields
  samples BLOB                  -- int16, little endian
);
CREATE INDEX incidents_id ON incidents (incident_id);
CREATE INDEX incidents_start ON incidents (start_timestamp_ms, incident_id);
CREATE INDEX incidents_box ON incidents (box_id, start_timestamp_ms, incident_id);
CREATE INDEX incidents_event ON incidents (event_id, box_id);
CREATE INDEX incidents_expire ON incidents (expire_at) WHERE expire_at < ${FOREVER_SECONDS};

-- a row from when a box event is stored until it is analysed
CREATE TABLE waiting_waveforms (
  arrival INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id INTEGER NOT NULL,
  box_id TEXT NOT NULL,
  UNIQUE (event_id, box_id)
);
INSERT INTO waiting_waveforms (event_id, box_id) SELECT event_id, box_id FROM box_events ORDER BY rowid;

CREATE TABLE analyses (
  event_id INTEGER NOT NULL,
  box_id TEXT NOT NULL,
  analysed_ms INTEGER NOT NULL,
  remarks TEXT NOT NULL, -- JSON list
  PRIMARY KEY (event_id, box_id)
) WITHOUT ROWID;
`;

/** Version 6. Series of plugins, and what plugins keep over restarts. */
const VERSION_6 = `
CREATE TABLE series (
  plugin TEXT NOT NULL,
  series TEXT NOT NULL,
  box_id TEXT NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  value REAL NOT NULL,
  expire_at INTEGER NOT NULL,
  PRIMARY KEY (plugin, series, box_id, timestamp_ms)
) WITHOUT ROWID;
CREATE INDEX series_expire ON series (expire_at) WHERE expire_at < ${FOREVER_SECONDS};

CREATE TABLE plugin_state (
  plugin TEXT PRIMARY KEY,
  format TEXT NOT NULL, -- json or bytes
  body TEXT NOT NULL,   -- JSON or Base64
  updated_ms INTEGER NOT NULL
) WITHOUT ROWID;
`;

/** Version 7. By how much the time of a measurement was moved because it was taken (repeated-times.ts); NULL: it was not. */
const VERSION_7 = 'ALTER TABLE measurements ADD COLUMN moved_ms INTEGER;';

/** Version 8. Flags of measurements, what trends say of them, and families of events. */
const VERSION_8 = `
ALTER TABLE measurements ADD COLUMN flags INTEGER NOT NULL DEFAULT 0; -- bit i: FLAGS[i]
ALTER TABLE trends ADD COLUMN flagged REAL;   -- share of flagged measurements; NULL: none
ALTER TABLE trends ADD COLUMN unflagged TEXT; -- JSON: min and max of each metric without flagged measurements
ALTER TABLE events ADD COLUMN family INTEGER; -- id of the first event of the same deviation
`;

/** Version 9. Events whose waveforms were not asked for. */
const VERSION_9 =
  'ALTER TABLE events ADD COLUMN request_data INTEGER; -- 0: no box was asked for its waveform';

/** Version 10. Boxes that were not asked for the waveform of an event. */
const VERSION_10 = 'ALTER TABLE events ADD COLUMN boxes_refused TEXT; -- JSON: [{reason, boxes}]; NULL: none';

/** Version 11. Descriptions of locations, users of the web service, their sessions and tokens. */
const VERSION_11 = `
CREATE TABLE locations (slug TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID; -- JSON, all fields
CREATE TABLE users (name TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;     -- JSON, all fields
CREATE TABLE tokens (
  token_hash TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL, -- session or api
  user TEXT NOT NULL,
  expires_ms INTEGER, -- NULL: it does not expire
  document TEXT NOT NULL
);
CREATE INDEX tokens_user ON tokens (user);
`;

/** Version 12. Events that a person keeps, and who changed what. */
const VERSION_12 = `
ALTER TABLE events ADD COLUMN kept INTEGER; -- 1: kept for good
CREATE TABLE audit (
  entry_id INTEGER PRIMARY KEY,
  timestamp_ms INTEGER NOT NULL,
  user TEXT NOT NULL,
  command TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT, -- JSON; NULL: none
  after TEXT   -- JSON; NULL: none
);
CREATE INDEX audit_time ON audit (timestamp_ms, entry_id);
`;

/** Version 13. Events whose waveforms were deleted because the store was too large. */
const VERSION_13 =
  'ALTER TABLE events ADD COLUMN waveforms_deleted_ms INTEGER; -- Unix ms; NULL: they were not';

/**
 * Version 14. What a waveform is judged with, where it is known. A table of its own: columns behind the samples would make each look at a box event read them, and each
 * analysis write them again.
 */
const VERSION_14 = `
CREATE TABLE calibrations (
  event_id INTEGER NOT NULL,
  box_id TEXT NOT NULL,
  calibration_constant REAL, -- counts per volt; NULL here and below: not known
  nominal_voltage REAL,
  nominal_frequency REAL,
  PRIMARY KEY (event_id, box_id)
) WITHOUT ROWID;
`;

/** Version 15. Of a box the incidents that end after a time: those that another waveform may show too (`repeatsOf` of the analysis). */
const VERSION_15 =
  "CREATE INDEX incidents_end ON incidents (box_id, json_extract(document, '$.end_timestamp_ms'));";

/** Version 16. Alerts. */
const VERSION_16 = `
CREATE TABLE alerts (
  alert_id TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  resolved_ms INTEGER,                -- NULL: it is open
  document TEXT NOT NULL,             -- JSON: what the gateway says
  marks TEXT NOT NULL DEFAULT '{}'    -- JSON: what people say
) WITHOUT ROWID;
CREATE INDEX alerts_started ON alerts (started_ms, alert_id);
CREATE INDEX alerts_key ON alerts (key, started_ms);
CREATE INDEX alerts_resolved ON alerts (resolved_ms) WHERE resolved_ms IS NOT NULL;
CREATE INDEX alerts_open ON alerts (started_ms, alert_id) WHERE resolved_ms IS NULL;
`;

/** Version 17. Findings of one box among the entries of all boxes and every 20 s. */
const VERSION_17 =
  "CREATE INDEX health_findings ON health (service_id, timestamp_ms) WHERE service = 'BOX' AND info <> '';";

/** Entry i takes a file from version i to i + 1. */
export const MIGRATIONS: readonly string[] = [
  VERSION_1,
  VERSION_2,
  VERSION_3,
  VERSION_4,
  VERSION_5,
  VERSION_6,
  VERSION_7,
  VERSION_8,
  VERSION_9,
  VERSION_10,
  VERSION_11,
  VERSION_12,
  VERSION_13,
  VERSION_14,
  VERSION_15,
  VERSION_16,
  VERSION_17,
];

export const SCHEMA_VERSION = MIGRATIONS.length;
