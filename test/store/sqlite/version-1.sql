-- A store as version 1 of the schema wrote it. This file never changes: later versions must open it.
PRAGMA application_id = 1330663757;
PRAGMA user_version = 1;
CREATE TABLE measurements (
  second INTEGER NOT NULL, -- timestamp_ms / 1000, rounded down
  box INTEGER NOT NULL,
  ms INTEGER NOT NULL,     -- timestamp_ms - 1000 * second
  frequency REAL, voltage REAL, thd REAL, transient REAL,
  invalid INTEGER NOT NULL, -- bit i: METRICS[i] came as infinity or NaN
  -- least and greatest single cycle, NULL where both equal the average
  frequency_min REAL, frequency_max REAL, voltage_min REAL, voltage_max REAL,
  thd_min REAL, thd_max REAL, transient_min REAL, transient_max REAL,
  expire_at INTEGER NOT NULL, -- Unix seconds, here and below
  PRIMARY KEY (second, box, ms)
) WITHOUT ROWID;
CREATE INDEX measurements_expire ON measurements (expire_at) WHERE expire_at < 253402300799;
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
CREATE INDEX trends_expire ON trends (expire_at) WHERE expire_at < 253402300799;
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
CREATE INDEX events_expire ON events (expire_at) WHERE expire_at < 253402300799;
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
INSERT INTO measurements (second, box, ms, frequency, voltage, invalid, voltage_min, voltage_max, expire_at)
  VALUES (1700000000, 1001, 166, 59.75, 120.5, 4, 101.25, 121, 4000000000);
INSERT INTO newest VALUES (1001, 1700000000166);
INSERT INTO trends (box_id, timestamp_ms, location, voltage_min, voltage_max, voltage_average, expire_at)
  VALUES ('1001', 1700000040000, 'lab-3', 101.25, 121, 120.5, 253402300799);
INSERT INTO events VALUES (17, 'VOLTAGE_SAG', 'a sag', '["1001","1002"]', 15.5, 1700000000000, 1700000001000, 253402300799);
INSERT INTO received VALUES (17, '1001', 1, 1700000001500);
INSERT INTO box_events VALUES (17, '1001', 1700000000000, 1700000000032, 'lab-3', 'event_17_1001',
  x'0068e5cf8b0100001068e5cf8b010000', x'0100ffff0001');
INSERT INTO boxes VALUES ('1001', 'Roof', '{"box_id":"1001","name":"Roof","calibration_constant":152.5,"unplugged":false,"location":"lab-3"}');
INSERT INTO documents VALUES ('laha_config', '{"ttls":{"measurements":60}}');
INSERT INTO metrics VALUES (1, 1700000000000, 'triggering broker', 1000, NULL, NULL);
INSERT INTO health VALUES (1, 1700000000000, 'BOX', '1001', 'DOWN', '');
INSERT INTO open_requests VALUES (1, 'read 17', '{}');
INSERT INTO sequences VALUES ('event_id', 42);
