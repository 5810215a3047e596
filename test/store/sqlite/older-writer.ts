/**
 * A daemon of an earlier version, as far as the file knows: it opened the file at its schema and writes events until it is killed, and says each that is on disk:
 * `node older-writer.js <file> <version>`.
 */
import { writeSync } from 'node:fs';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';

const [file = '', version = '0'] = process.argv.slice(2);
const db = new DatabaseHandle(file, { timeout: 20_000 });
db.pragma('synchronous = FULL');
if (db.pragma('user_version', { simple: true }) !== Number(version))
  throw new Error('schema version unknown');
const next = db
  .prepare<[], number>(
    "INSERT INTO sequences VALUES ('event_id', 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
  )
  .pluck(true);
// The columns of version 1.
const insert = db.prepare<[number, number, number]>(
  "INSERT INTO events (event_id, type, description, boxes_triggered, percent_magnitude, target_event_start_timestamp_ms, target_event_end_timestamp_ms, expire_at) VALUES (?, 'VOLTAGE_SAG', 'of an older version', '[]', 0, ?, ?, 253402300799)",
);
const pause = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  const write = db.transaction((): number => {
    const id = next.get() ?? 0;
    insert.run(id, 1_790_000_000_000 + id, 1_790_000_000_000 + id);
    return id;
  });
  writeSync(1, `${JSON.stringify({ event: write.immediate() })}\n`);
  Atomics.wait(pause, 0, 0, 20);
}
