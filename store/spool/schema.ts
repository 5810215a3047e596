/** The tables of a spool file. Its application id differs from a store's, so that neither is taken for the other. */
import type { Schema } from '../sqlite/connection.js';

const VERSION_1 = `
-- what waits for the database, in the order in which it was accepted
CREATE TABLE queue (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL,      -- rows of one lane are delivered in order
  kind TEXT NOT NULL,
  event_id INTEGER,
  box_id TEXT,
  accepted_ms INTEGER NOT NULL,
  items INTEGER NOT NULL,     -- measurements in the row, else 1
  bytes INTEGER NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX queue_lane ON queue (lane, seq);
CREATE INDEX queue_kind ON queue (kind, seq);
CREATE INDEX queue_age ON queue (accepted_ms);
CREATE INDEX queue_event ON queue (event_id, kind) WHERE event_id IS NOT NULL;

-- what the database refused for what it is: kept for a person to look at
CREATE TABLE aside (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  event_id INTEGER,
  box_id TEXT,
  accepted_ms INTEGER NOT NULL,
  items INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  body BLOB NOT NULL,
  reason TEXT NOT NULL
);

-- trend windows to be computed again once their measurements are delivered
CREATE TABLE windows (
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  box_id TEXT NOT NULL,
  PRIMARY KEY (end_ms, start_ms, box_id)
) WITHOUT ROWID;

-- the acquisition broker's own state
CREATE TABLE open_requests (
  key TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;

-- documents as the database last had them, for a start without it
CREATE TABLE remembered (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL
) WITHOUT ROWID;

-- event ids reserved ahead; next = the first one not given
CREATE TABLE numbers (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  owner TEXT NOT NULL,
  first INTEGER, last INTEGER, next INTEGER
);
`;

/** Findings have a lane of their own. */
const VERSION_2 = "UPDATE queue SET lane = 2 WHERE kind IN ('metrics', 'health');";

/**
 * Rows are writes in the one form that a write has as bytes (write-codec.ts). Nothing reads the rows of versions before; they are kept for a person to look
 * at. No release wrote any.
 */
const VERSION_3 = `
ALTER TABLE aside RENAME TO quarantine;
ALTER TABLE numbers RENAME TO event_ids;
INSERT INTO quarantine
  SELECT seq, kind, event_id, box_id, accepted_ms, items, bytes, body, 'written by a version that was never released' FROM queue;
DELETE FROM queue;
`;

/** Whose state a row is: states of one plugin keep their order. */
const VERSION_4 = 'ALTER TABLE queue ADD COLUMN plugin TEXT;';

export const SPOOL_SCHEMA: Schema = {
  applicationId: 0x4f505153, // "OPQS"
  steps: [VERSION_1, VERSION_2, VERSION_3, VERSION_4],
  // One process a spool. Its file shrinks again after an outage.
  pragmas: ['auto_vacuum = INCREMENTAL', 'locking_mode = EXCLUSIVE'],
};
