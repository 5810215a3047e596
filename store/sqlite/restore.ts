/** Documents written as they are in another store: `makai store copy`. */
import { MakaiError } from '../../common/errors.js';
import { METRIC_FIELD, METRICS } from '../../proto/columns.js';
import type {
  BoxEventDocument,
  EventDocument,
  MeasurementDocument,
  Stored,
  StoredDocuments,
  TrendDocument,
} from '../documents.js';
import type { Context } from './context.js';
import { type ExpiryNotes, measurementExpiry } from './measurement-expiry.js';
import { boxNumber, timesToBlob } from './values.js';

const FIELDS = METRICS.map((metric) => METRIC_FIELD[metric]);

export function restoreOperations({ db, write }: Context) {
  const expiry = measurementExpiry(db);
  const insertInto = (table: string, columns: readonly string[]) =>
    db.prepare(
      `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})`,
    );
  const extremes = FIELDS.flatMap((field) => [`${field}_min`, `${field}_max`]);
  const averages = FIELDS.map((field) => `${field}_average`);
  const measurement = insertInto('measurements', [
    ...['second', 'box', 'ms', 'invalid', 'expire_at'],
    ...FIELDS,
    ...extremes,
  ]);
  const newest = db.prepare<[number, number]>(
    `INSERT INTO newest VALUES (?, ?) ON CONFLICT DO UPDATE SET timestamp_ms = max(timestamp_ms, excluded.timestamp_ms)`,
  );
  const trend = insertInto('trends', [
    ...['box_id', 'timestamp_ms', 'location', 'expire_at'],
    ...extremes,
    ...averages,
  ]);
  const event = insertInto('events', [
    ...['event_id', 'type', 'description', 'boxes_triggered', 'percent_magnitude', 'expire_at'],
    ...['target_event_start_timestamp_ms', 'target_event_end_timestamp_ms'],
  ]);
  const received = db.prepare<[number, string, number, number | null]>(
    `INSERT OR IGNORE INTO received (event_id, box_id, position, latency_ms)
     VALUES (?, ?, (SELECT coalesce(max(position), 0) + 1 FROM received WHERE event_id = ?), ?)`,
  );
  const setLastId = db.prepare<[number]>(
    "INSERT INTO sequences VALUES ('event_id', ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
  );
  const boxEvent = insertInto('box_events', [
    ...['event_id', 'box_id', 'event_start_timestamp_ms', 'event_end_timestamp_ms', 'location'],
    ...['data_fs_filename', 'window_timestamps_ms', 'samples'],
  ]);
  const boxIds = db
    .prepare<[], string>(
      `WITH RECURSIVE stored(id) AS (
       SELECT min(box_id) FROM trends
       UNION ALL
       SELECT (SELECT min(box_id) FROM trends WHERE box_id > stored.id) FROM stored WHERE stored.id IS NOT NULL
     )
     SELECT id FROM stored WHERE id IS NOT NULL UNION SELECT CAST(box AS TEXT) FROM newest`,
    )
    .pluck(true);

  const putMeasurement = (document: MeasurementDocument, notes: ExpiryNotes): number => {
    const box = boxNumber(document.box_id);
    if (box === undefined) {
      throw new MakaiError('STORE_REFUSED', `box ${document.box_id}: its id is not a number below 2^32`);
    }
    const second = Math.floor(document.timestamp_ms / 1000);
    const { invalid = [], extremes: limits = {}, expire_at } = document;
    const row: Record<string, number | null> = {
      second,
      box,
      ms: document.timestamp_ms - 1000 * second,
      invalid: FIELDS.reduce((bits, field, i) => (invalid.includes(field) ? bits | (1 << i) : bits), 0),
      expire_at,
    };
    for (const field of FIELDS) {
      row[field] = document[field] ?? null;
      row[`${field}_min`] = limits[field]?.min ?? null;
      row[`${field}_max`] = limits[field]?.max ?? null;
    }
    newest.run(box, document.timestamp_ms);
    notes.add(second, expire_at);
    return measurement.run(row).changes;
  };

  const putTrend = (document: TrendDocument): number => {
    const { box_id, timestamp_ms, location, expire_at } = document;
    const row: Record<string, number | string | null> = { box_id, timestamp_ms, location, expire_at };
    for (const field of FIELDS) {
      const { min = null, max = null, average = null } = document[field] ?? {};
      row[`${field}_min`] = min;
      row[`${field}_max`] = max;
      row[`${field}_average`] = average;
    }
    return trend.run(row).changes;
  };

  const putEvent = (document: EventDocument): number => {
    const { event_id, boxes_received, latencies_ms, boxes_triggered } = document;
    const { changes } = event.run({
      type: null,
      percent_magnitude: null,
      ...document,
      boxes_triggered: JSON.stringify(boxes_triggered),
    });
    boxes_received.forEach((box, i) => {
      received.run(event_id, box, event_id, latencies_ms?.[i] ?? null);
    });
    setLastId.run(event_id);
    return changes;
  };

  const putBoxEvent = (document: BoxEventDocument, bytes: Uint8Array | undefined): number => {
    const window_timestamps_ms = timesToBlob(document.window_timestamps_ms);
    return boxEvent.run({ ...document, window_timestamps_ms, samples: bytes ?? null }).changes;
  };

  return {
    boxIdsWithData: (): string[] => boxIds.all(),

    restore(documents: StoredDocuments): Stored {
      return write(() => {
        const { measurements = [], trends = [], events = [], boxEvents = [] } = documents;
        let inserted = 0;
        const notes = expiry.notes();
        for (const document of measurements) inserted += putMeasurement(document, notes);
        notes.write();
        for (const document of trends) inserted += putTrend(document);
        for (const document of events) inserted += putEvent(document);
        for (const { document, bytes } of boxEvents) inserted += putBoxEvent(document, bytes);
        const given = measurements.length + trends.length + events.length + boxEvents.length;
        return { inserted, duplicates: given - inserted };
      });
    },
  };
}
