/** Events, their ids, and the waveforms of their boxes. */
import { MakaiError } from '../../common/errors.js';
import {
  type BoxEventDocument,
  type EventDocument,
  FOREVER_SECONDS,
  type NewEvent,
  type RefusedBoxes,
  type Stored,
  type TimeRange,
} from '../documents.js';
import { calibrationRows } from './calibrations.js';
import type { Context } from './context.js';
import { keptValues } from './kept-values.js';
import { blobToTimes, bytesOf, fromMs, type Row, timesToBlob, toMs } from './values.js';

/** A position in the order of events: by target start, then id. */
export interface EventCursor {
  startMs: number;
  eventId: number;
}

/** Event ids are int32. */
const LAST_ID = 0x7fffffff;

const EVENT_COLUMNS = `event_id, type, description, boxes_triggered, percent_magnitude,
  target_event_start_timestamp_ms, target_event_end_timestamp_ms, expire_at, family, request_data, boxes_refused`;

export function eventOperations(
  context: Context,
  prolong: (startMs: number, endMs: number, until: number) => void,
) {
  const { db, write, retention, expireAt } = context;
  const releaseValues = keptValues(context, prolong);
  const lastId = db
    .prepare<[], number | null>(
      `SELECT max((SELECT coalesce(max(last), 0) FROM sequences WHERE name = 'event_id'),
                  (SELECT coalesce(max(event_id), 0) FROM events),
                  (SELECT coalesce(max(event_id), 0) FROM box_events))`,
    )
    .pluck(true);
  const setLastId = db.prepare<[number]>(
    "INSERT INTO sequences VALUES ('event_id', ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
  );
  const insert = db.prepare(
    `INSERT OR IGNORE INTO events (${EVENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const byId = db.prepare<[number], Row>('SELECT * FROM events WHERE event_id = ?');
  const setTriggered = db.prepare<[string, number]>(
    'UPDATE events SET boxes_triggered = ? WHERE event_id = ?',
  );
  const pageOf = (order: 'ASC' | 'DESC', past: '<' | '>') =>
    db.prepare<[number, number, number, number, number], Row>(
      `SELECT * FROM events WHERE target_event_start_timestamp_ms >= ? AND target_event_start_timestamp_ms < ?
         AND (target_event_start_timestamp_ms, event_id) ${past} (?, ?)
       ORDER BY target_event_start_timestamp_ms ${order}, event_id ${order} LIMIT +?`,
    );
  const up = pageOf('ASC', '>');
  const down = pageOf('DESC', '<');
  const receivedOf = db.prepare<[number], { box_id: string; latency_ms: number | null }>(
    'SELECT box_id, latency_ms FROM received WHERE event_id = ? ORDER BY position',
  );
  const receive = db.prepare<[number, string, number, number]>(
    `INSERT OR IGNORE INTO received (event_id, box_id, position, latency_ms)
     VALUES (?, ?, (SELECT coalesce(max(position), 0) + 1 FROM received WHERE event_id = ?), ?)`,
  );
  const insertBoxEvent = db.prepare(
    `INSERT INTO box_events (event_id, box_id, event_start_timestamp_ms, event_end_timestamp_ms, location, data_fs_filename,
       window_timestamps_ms, samples) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id, box_id) DO NOTHING`,
  );
  const boxEventsOf = db.prepare<[number], Row>(
    `SELECT event_id, box_id, event_start_timestamp_ms, event_end_timestamp_ms, location, data_fs_filename, window_timestamps_ms
     FROM box_events WHERE event_id = ? ORDER BY rowid`,
  );
  const boxEventOf = db.prepare<[number, string], Row>(
    `SELECT rowid AS row, event_id, box_id, event_start_timestamp_ms, event_end_timestamp_ms, location, data_fs_filename, window_timestamps_ms
     FROM box_events WHERE event_id = ? AND box_id = ?`,
  );
  const samplesOf = db
    .prepare<[string], Buffer | null>('SELECT samples FROM box_events WHERE data_fs_filename = ?')
    .pluck(true);

  const wait = db.prepare<[number, string]>(
    'INSERT OR IGNORE INTO waiting_waveforms (event_id, box_id) VALUES (?, ?)',
  );
  const calibrations = calibrationRows(db);
  const setKept = db.prepare<[number | null, number, number]>(
    'UPDATE events SET kept = ?, expire_at = ? WHERE event_id = ?',
  );
  const prolongIncidents = db.prepare<[number, number, number]>(
    'UPDATE incidents SET expire_at = ? WHERE event_id = ? AND +expire_at < ?',
  );
  const expireIncidents = db.prepare<[number, number]>(
    `UPDATE incidents SET expire_at = ? WHERE event_id = ? AND expire_at >= ${FOREVER_SECONDS}`,
  );
  const lastExpiryOfIncidents = db
    .prepare<[number], number | null>('SELECT max(expire_at) FROM incidents WHERE event_id = ?')
    .pluck(true);
  const prolongEvent = db.prepare<[number, number, number]>(
    'UPDATE events SET expire_at = ? WHERE event_id = ? AND +expire_at < ?',
  );

  const documentOf = (row: Row): EventDocument => {
    const eventId = Number(row.event_id);
    const received = receivedOf.all(eventId);
    const latencies = received.flatMap(({ latency_ms }) => (latency_ms === null ? [] : [latency_ms]));
    return {
      event_id: eventId,
      ...(row.type === null ? {} : { type: String(row.type) }),
      description: String(row.description),
      boxes_triggered: JSON.parse(String(row.boxes_triggered)) as string[],
      boxes_received: received.map(({ box_id }) => box_id),
      ...(latencies.length === received.length ? { latencies_ms: latencies } : {}),
      ...(row.percent_magnitude === null ? {} : { percent_magnitude: Number(row.percent_magnitude) }),
      ...(typeof row.family === 'number' ? { family: row.family } : {}),
      ...(row.request_data === 0 ? { request_data: false as const } : {}),
      ...(typeof row.boxes_refused === 'string'
        ? { boxes_refused: JSON.parse(row.boxes_refused) as RefusedBoxes[] }
        : {}),
      ...(row.kept === 1 ? { kept: true as const } : {}),
      ...(typeof row.waveforms_deleted_ms === 'number'
        ? { waveforms_deleted_ms: row.waveforms_deleted_ms }
        : {}),
      target_event_start_timestamp_ms: Number(row.target_event_start_timestamp_ms),
      target_event_end_timestamp_ms: Number(row.target_event_end_timestamp_ms),
      expire_at: Number(row.expire_at),
    };
  };

  return {
    nextEventIds(count: number): number[] {
      return write(() => {
        const last = lastId.get() ?? 0;
        if (last + count > LAST_ID) throw idsExhausted();
        setLastId.run(last + count);
        return Array.from({ length: count }, (_, i) => last + 1 + i);
      });
    },

    insertEvent(event: NewEvent, nowMs: number): Stored {
      const { target_event_start_timestamp_ms: startMs, target_event_end_timestamp_ms: endMs } = event;
      return write(() => {
        const until = expireAt('events', nowMs);
        const { event_id, type, description, percent_magnitude } = event;
        const triggered = JSON.stringify([...new Set(event.boxes_triggered)]);
        const { changes } = insert.run(
          event_id,
          type,
          description,
          triggered,
          percent_magnitude,
          startMs,
          endMs,
          until,
          event.family ?? null,
          event.request_data === false ? 0 : null,
          event.boxes_refused === undefined ? null : JSON.stringify(event.boxes_refused),
        );
        // So that the id is not given again once the event has expired.
        setLastId.run(event_id);
        if (changes === 1 && retention.mode === 'laha') prolong(startMs, endMs, until);
        return { inserted: changes, duplicates: 1 - changes };
      });
    },

    addTriggeredBoxes(eventId: number, boxIds: readonly string[]): void {
      write(() => {
        const row = byId.get(eventId);
        if (row === undefined) return;
        const before = JSON.parse(String(row.boxes_triggered)) as string[];
        const after = [...new Set([...before, ...boxIds])];
        if (after.length > before.length) setTriggered.run(JSON.stringify(after), eventId);
      });
    },

    /** The event lives until `until` at least. */
    prolongEvent(eventId: number, until: number): void {
      prolongEvent.run(until, eventId, until);
    },

    /** @returns false when there is no such event */
    keepEvent(eventId: number, keep: boolean, nowMs: number): boolean {
      return write(() => {
        const row = byId.get(eventId);
        if (row === undefined) return false;
        if (!keep && row.kept !== 1) return true;
        const isLaha = retention.mode === 'laha';
        const start = Number(row.target_event_start_timestamp_ms);
        const end = Number(row.target_event_end_timestamp_ms);
        setKept.run(keep ? 1 : null, keep ? FOREVER_SECONDS : expireAt('events', nowMs), eventId);
        if (!keep) {
          expireIncidents.run(expireAt('incidents', nowMs), eventId);
          // An event lives as long as its incidents.
          const until = lastExpiryOfIncidents.get(eventId) ?? 0;
          prolongEvent.run(until, eventId, until);
          if (isLaha) releaseValues(start, end, Math.max(until, expireAt('events', nowMs)), nowMs);
          return true;
        }
        prolongIncidents.run(FOREVER_SECONDS, eventId, FOREVER_SECONDS);
        if (isLaha) prolong(start, end, FOREVER_SECONDS);
        return true;
      });
    },

    event(eventId: number): EventDocument | undefined {
      const row = byId.get(eventId);
      return row === undefined ? undefined : documentOf(row);
    },

    eventPage(range: TimeRange, after: EventCursor | undefined, pageSize: number): EventDocument[] {
      const descending = range.descending === true;
      const edge = descending ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
      const { startMs, eventId } = after ?? { startMs: edge, eventId: edge };
      const rows = (descending ? down : up).all(fromMs(range), toMs(range), startMs, eventId, pageSize);
      return rows.map(documentOf);
    },

    putBoxEvent(document: BoxEventDocument, samples: Int16Array, receivedAtMs: number): Stored {
      return write(() => {
        const { event_id, box_id } = document;
        const { changes } = insertBoxEvent.run(
          event_id,
          box_id,
          document.event_start_timestamp_ms,
          document.event_end_timestamp_ms,
          document.location,
          document.data_fs_filename,
          timesToBlob(document.window_timestamps_ms),
          bytesOf(samples),
        );
        if (changes === 1) wait.run(event_id, box_id);
        if (changes === 1) calibrations.put(event_id, box_id, document);
        receive.run(event_id, box_id, event_id, receivedAtMs);
        return { inserted: changes, duplicates: 1 - changes };
      });
    },

    boxEvents(eventId: number, boxIds?: readonly string[]): BoxEventDocument[] {
      if (boxIds === undefined) {
        const known = calibrations.ofEvent(eventId);
        return boxEventsOf
          .all(eventId)
          .map((row) => ({ ...boxEventIn(row), ...known.get(String(row.box_id)) }));
      }
      return [...new Set(boxIds)]
        .map((boxId) => boxEventOf.get(eventId, boxId))
        .filter((row) => row !== undefined)
        .sort((a, b) => Number(a.row) - Number(b.row))
        .map((row) => ({ ...boxEventIn(row), ...calibrations.of(eventId, String(row.box_id)) }));
    },

    waveform(fileName: string): Uint8Array | undefined {
      return samplesOf.get(fileName) ?? undefined;
    },
  };
}

function boxEventIn(row: Row): BoxEventDocument {
  return {
    event_id: Number(row.event_id),
    box_id: String(row.box_id),
    event_start_timestamp_ms: Number(row.event_start_timestamp_ms),
    event_end_timestamp_ms: Number(row.event_end_timestamp_ms),
    window_timestamps_ms: blobToTimes(row.window_timestamps_ms as Buffer),
    location: String(row.location),
    data_fs_filename: String(row.data_fs_filename),
  };
}

function idsExhausted(): MakaiError {
  return new MakaiError('EVENT_IDS_EXHAUSTED', `no event id is left below ${LAST_ID + 1}`, {
    hint: '`makai store check` names the highest event_id stored; an event with an id far too high may be removed.',
  });
}
