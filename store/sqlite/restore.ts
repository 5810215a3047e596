/** Documents written as they are in another store: `makai store copy`. */
import { MakaiError } from '../../common/errors.js';
import { flagBits } from '../../proto/columns.js';
import type {
  AggregateDocument,
  BoxEventDocument,
  EventDocument,
  IncidentDocument,
  MeasurementDocument,
  SeriesDocument,
  Stored,
  StoredDocuments,
  TrendDocument,
} from '../documents.js';
import { calibrationRows } from './calibrations.js';
import type { Context } from './context.js';
import { EXTREMES, type ExpiryNotes, expiryNotes, FIELDS } from './measurement-insert.js';
import { flaggedValues } from './trends.js';
import { boxNumber, timesToBlob } from './values.js';

export function restoreOperations(
  { db, write }: Context,
  putOther: {
    aggregate(document: AggregateDocument): number;
    incident(document: IncidentDocument, bytes: Uint8Array | undefined): number;
    series(document: SeriesDocument): number;
  },
) {
  const expiry = expiryNotes(db);
  const insertInto = (table: string, columns: readonly string[]) =>
    db.prepare(
      `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})`,
    );
  const averages = FIELDS.map((field) => `${field}_average`);
  const measurement = insertInto('measurements', [
    ...['second', 'box', 'ms', 'invalid', 'flags', 'expire_at'],
    ...FIELDS,
    ...EXTREMES,
    'moved_ms',
  ]);
  const newest = db.prepare<[number, number]>(
    `INSERT INTO newest VALUES (?, ?) ON CONFLICT DO UPDATE SET timestamp_ms = max(timestamp_ms, excluded.timestamp_ms)`,
  );
  const trend = insertInto('trends', [
    ...['box_id', 'timestamp_ms', 'location', 'expire_at'],
    ...EXTREMES,
    ...averages,
    ...['flagged', 'unflagged'],
  ]);
  const event = insertInto('events', [
    ...['event_id', 'type', 'description', 'boxes_triggered', 'percent_magnitude', 'family', 'expire_at'],
    ...[
      'target_event_start_timestamp_ms',
      'target_event_end_timestamp_ms',
      'request_data',
      'boxes_refused',
      'kept',
      'waveforms_deleted_ms',
    ],
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
  const calibrations = calibrationRows(db);
  const wait = db.prepare<[number, string]>(
    'INSERT OR IGNORE INTO waiting_waveforms (event_id, box_id) VALUES (?, ?)',
  );
  const boxIds = db
    .prepare<[], string>(
      `WITH RECURSIVE stored(id) AS (
       SELECT min(box_id) FROM trends
       UNION ALL
       SELECT (SELECT min(box_id) FROM trends WHERE box_id > stored.id) FROM stored WHERE stored.id IS NOT NULL
     ), aggregated(id) AS (
       SELECT min(box_id) FROM aggregates
       UNION ALL
       SELECT (SELECT min(box_id) FROM aggregates WHERE box_id > aggregated.id) FROM aggregated WHERE aggregated.id IS NOT NULL
     )
     SELECT id FROM stored WHERE id IS NOT NULL UNION SELECT id FROM aggregated WHERE id IS NOT NULL UNION SELECT CAST(box AS TEXT) FROM newest`,
    )
    .pluck(true);

  const putMeasurement = (document: MeasurementDocument, notes: ExpiryNotes): number => {
    const box = boxNumber(document.box_id);
    if (box === undefined) {
      throw new MakaiError('STORE_REFUSED', `box ${document.box_id}: its id is not a number below 2^32`);
    }
    const second = Math.floor(document.timestamp_ms / 1000);
    const { invalid = [], extremes: limits = {}, expire_at, reported_timestamp_ms: reported } = document;
    const row: Record<string, number | null> = {
      second,
      box,
      ms: document.timestamp_ms - 1000 * second,
      invalid: FIELDS.reduce((bits, field, i) => (invalid.includes(field) ? bits | (1 << i) : bits), 0),
      flags: flagBits(document.flagged ?? []),
      expire_at,
      moved_ms: reported === undefined ? null : document.timestamp_ms - reported,
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
    const [flagged, unflagged] = flaggedValues(document);
    const row: Record<string, number | string | null> = {
      ...{ box_id, timestamp_ms, location, expire_at },
      ...{ flagged, unflagged },
    };
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
      family: null,
      waveforms_deleted_ms: null,
      ...document,
      boxes_triggered: JSON.stringify(boxes_triggered),
      request_data: document.request_data === false ? 0 : null,
      boxes_refused: document.boxes_refused === undefined ? null : JSON.stringify(document.boxes_refused),
      kept: document.kept === true ? 1 : null,
    });
    boxes_received.forEach((box, i) => {
      received.run(event_id, box, event_id, latencies_ms?.[i] ?? null);
    });
    setLastId.run(event_id);
    return changes;
  };

  const putBoxEvent = (document: BoxEventDocument, bytes: Uint8Array | undefined): number => {
    const window_timestamps_ms = timesToBlob(document.window_timestamps_ms);
    const { changes } = boxEvent.run({ ...document, window_timestamps_ms, samples: bytes ?? null });
    if (changes === 1) calibrations.put(document.event_id, document.box_id, document);
    if (changes === 1) wait.run(document.event_id, document.box_id);
    return changes;
  };

  return {
    boxIdsWithData: (): string[] => boxIds.all(),

    restore(documents: StoredDocuments): Stored {
      return write(() => {
        const { measurements = [], trends = [], aggregates = [], series = [] } = documents;
        const { events = [], boxEvents = [], incidents = [] } = documents;
        let inserted = 0;
        const notes = expiry();
        for (const document of measurements) inserted += putMeasurement(document, notes);
        notes.write();
        for (const document of trends) inserted += putTrend(document);
        for (const document of aggregates) inserted += putOther.aggregate(document);
        for (const document of series) inserted += putOther.series(document);
        for (const document of events) inserted += putEvent(document);
        for (const { document, bytes } of boxEvents) inserted += putBoxEvent(document, bytes);
        for (const { document, bytes } of incidents) inserted += putOther.incident(document, bytes);
        const given = [measurements, trends, aggregates, series, events, boxEvents, incidents].reduce(
          (sum, { length }) => sum + length,
          0,
        );
        return { inserted, duplicates: given - inserted };
      });
    },
  };
}
