/** The tables of a SQLite store as they were first; `schema.ts` has what came later. Never changed: files of this version are there. */
import { FOREVER_SECONDS } from '../documents.js';

/**
 * Version 1. Measurements are keyed by time first, then box: what arrives together lies together, so that a batch of 1,000 boxes
 * writes a few pages instead of 1,000 (by box first: 22 times the bytes, 6 times the time). The key's first part is
 * a whole second, so that one box's rows are found with one seek per second. Rows that an index on `expire_at` leaves out are kept for good.
 */
export const VERSION_1 = `
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
