/** Deleting what has expired, in parts that are short enough that a writer hardly waits. */
import { type DeletedWaveforms, DIAGNOSTICS_MS, FOREVER_SECONDS, type SweepResult } from '../documents.js';
import { ORIGINAL_GRACE_MS } from '../originals.js';
import { calibrationRows } from './calibrations.js';
import type { Context } from './context.js';
import { measurementSweep } from './measurement-expiry.js';

const ROWS_A_SLICE = 2000;
const EVENTS_A_SLICE = 10;
const INCIDENTS_A_SLICE = 200;
/** Event ids looked at in one sweep: 2 ms. All of 100,000 events are gone through within an hour. */
const ORPHAN_STEPS = 2000;

export function expiryOperations({ db, write }: Context) {
  const sweepMeasurements = measurementSweep(db);
  // The second condition is what lets SQLite use the partial indexes.
  const trends = db.prepare<[number]>(
    `DELETE FROM trends INDEXED BY trends_expire WHERE expire_at <= ? AND expire_at < ${FOREVER_SECONDS} LIMIT ${ROWS_A_SLICE}`,
  );
  const series = db.prepare<[number]>(
    `DELETE FROM series INDEXED BY series_expire WHERE expire_at <= ? AND expire_at < ${FOREVER_SECONDS} LIMIT ${ROWS_A_SLICE}`,
  );
  const aggregates = db.prepare<[number]>(
    `DELETE FROM aggregates INDEXED BY aggregates_expire WHERE expire_at <= ? AND expire_at < ${FOREVER_SECONDS} LIMIT ${ROWS_A_SLICE}`,
  );
  const expiredEvents = db
    .prepare<[number], number>(
      `SELECT event_id FROM events INDEXED BY events_expire
       WHERE expire_at <= ? AND expire_at < ${FOREVER_SECONDS} ORDER BY expire_at LIMIT ${EVENTS_A_SLICE}`,
    )
    .pluck(true);
  // Steps from one event id to the next, so that an event of 1,000 boxes is one look-up.
  const numbered = db.prepare<[number, number], { id: number; orphaned: 0 | 1 }>(
    `WITH RECURSIVE numbered(id, step) AS (
       SELECT min(event_id), 1 FROM box_events WHERE event_id > ?
       UNION ALL
       SELECT (SELECT min(event_id) FROM box_events WHERE event_id > numbered.id), step + 1
       FROM numbered WHERE numbered.id IS NOT NULL AND step < ?
     )
     SELECT id, NOT EXISTS (SELECT 1 FROM events WHERE event_id = id) AS orphaned FROM numbered WHERE id IS NOT NULL`,
  );
  const hasEvent = db.prepare<[number], 1>('SELECT 1 FROM events WHERE event_id = ?').pluck(true);
  const deleteEvent = db.prepare<[number]>('DELETE FROM events WHERE event_id = ?');
  const deleteReceived = db.prepare<[number]>('DELETE FROM received WHERE event_id = ?');
  const incidents = db.prepare<[number]>(
    `DELETE FROM incidents INDEXED BY incidents_expire WHERE expire_at <= ? AND expire_at < ${FOREVER_SECONDS} LIMIT ${INCIDENTS_A_SLICE}`,
  );
  const calibrations = calibrationRows(db);
  const deleteWaiting = db.prepare<[number]>('DELETE FROM waiting_waveforms WHERE event_id = ?');
  const deleteAnalyses = db.prepare<[number]>('DELETE FROM analyses WHERE event_id = ?');
  const deleteBoxEvents = db.prepare<[number]>('DELETE FROM box_events WHERE event_id = ?');
  /** With what is known of them besides who replied. @returns the number of waveforms */
  const deleteWaveforms = (eventId: number): number => {
    deleteWaiting.run(eventId);
    deleteAnalyses.run(eventId);
    calibrations.remove(eventId);
    return deleteBoxEvents.run(eventId).changes;
  };
  const oldest = db
    .prepare<[], number>(
      `SELECT event_id FROM box_events AS owned
       WHERE NOT EXISTS (SELECT 1 FROM events WHERE event_id = owned.event_id AND kept = 1)
       GROUP BY event_id ORDER BY event_id LIMIT ${EVENTS_A_SLICE}`,
    )
    .pluck(true);
  const bytesOf = db
    .prepare<[{ eventId: number }], number>(
      `SELECT (SELECT coalesce(sum(coalesce(length(samples), 0) + length(window_timestamps_ms)), 0)
               FROM box_events WHERE event_id = :eventId)
            + (SELECT coalesce(sum(length(bytes)), 0) FROM original_files
               WHERE sha256 = (SELECT sha256 FROM imports WHERE event_id = :eventId))`,
    )
    .pluck(true);
  const noteDeleted = db.prepare<[number, number]>(
    'UPDATE events SET waveforms_deleted_ms = ? WHERE event_id = ?',
  );
  const unfinished = db
    .prepare<[number], number>(
      `SELECT event_id FROM imports WHERE stored_ms < ? AND event_id NOT IN (SELECT event_id FROM events) LIMIT ${EVENTS_A_SLICE}`,
    )
    .pluck(true);
  const hashOf = db
    .prepare<[number], string>('DELETE FROM imports WHERE event_id = ? RETURNING sha256')
    .pluck(true);
  const deleteFiles = db.prepare<[string, string]>(
    'DELETE FROM original_files WHERE sha256 = ? AND NOT EXISTS (SELECT 1 FROM imports WHERE sha256 = ?)',
  );
  /** The files go with the last event that was imported from them. */
  const deleteOriginal = (eventId: number): void => {
    const sha256 = hashOf.get(eventId);
    if (sha256 !== undefined) deleteFiles.run(sha256, sha256);
  };
  const metrics = db.prepare<[number]>(`DELETE FROM metrics WHERE stored_ms < ? LIMIT ${ROWS_A_SLICE}`);
  const health = db.prepare<[number]>(`DELETE FROM health WHERE timestamp_ms < ? LIMIT ${ROWS_A_SLICE}`);

  return {
    /** Deletes one slice of what has expired at `nowMs`. `more`: call again. */
    sweepSlice(nowMs: number): Omit<SweepResult, 'orphans'> & { more: boolean } {
      const seconds = Math.floor(nowMs / 1000);
      const result = { measurements: 0, trends: 0, aggregates: 0, events: 0, incidents: 0, more: false };
      const expired = write(() => sweepMeasurements(seconds, ROWS_A_SLICE));
      result.measurements = expired.deleted;
      result.trends = write(() => trends.run(seconds).changes);
      const values = write(() => series.run(seconds).changes);
      result.trends += values;
      result.aggregates = write(() => aggregates.run(seconds).changes);
      write(() => {
        for (const eventId of expiredEvents.all(seconds)) {
          deleteWaveforms(eventId);
          deleteReceived.run(eventId);
          deleteOriginal(eventId);
          deleteEvent.run(eventId);
          result.events += 1;
        }
      });
      result.incidents = write(() => incidents.run(seconds).changes);
      const before = nowMs - DIAGNOSTICS_MS;
      const diagnostics = write(() => metrics.run(before).changes + health.run(before).changes);
      result.more =
        expired.more ||
        Math.max(result.trends - values, values, result.aggregates, diagnostics) >= ROWS_A_SLICE ||
        result.incidents >= INCIDENTS_A_SLICE ||
        result.events >= EVENTS_A_SLICE;
      return result;
    },

    /** @returns how many there were */
    deleteEvents(eventIds: readonly number[]): number {
      return write(() => {
        let deleted = 0;
        for (const eventId of eventIds) {
          deleteWaveforms(eventId);
          deleteReceived.run(eventId);
          deleteOriginal(eventId);
          deleted += deleteEvent.run(eventId).changes;
        }
        return deleted;
      });
    },

    /** Pages in use, of the whole file; what waits in its log is not counted before it is in the file. */
    usedBytes(): number {
      const [pages = 0, free = 0, size = 0] = ['page_count', 'freelist_count', 'page_size'].map((name) =>
        Number(db.pragma(name, { simple: true })),
      );
      return (pages - free) * size;
    },

    /** Of the first events that have any and are not kept, until `bytes` of them are deleted. */
    deleteOldestWaveforms(bytes: number, nowMs: number): DeletedWaveforms {
      return write(() => {
        const deleted: DeletedWaveforms = { events: 0, waveforms: 0, bytes: 0 };
        for (const eventId of oldest.all()) {
          if (deleted.bytes >= bytes) break;
          deleted.bytes += bytesOf.get({ eventId }) ?? 0;
          deleted.waveforms += deleteWaveforms(eventId);
          deleteOriginal(eventId);
          noteDeleted.run(nowMs, eventId);
          deleted.events += 1;
        }
        return deleted;
      });
    },

    /** Originals whose event never came. */
    deleteUnfinishedImports(nowMs: number): void {
      const before = nowMs - ORIGINAL_GRACE_MS;
      if (unfinished.get(before) === undefined) return;
      write(() => {
        for (const eventId of unfinished.all(before)) deleteOriginal(eventId);
      });
    },

    /**
     * Events that have box events but no document of their own, among the next ids past `after` (undefined: from the lowest).
     * `next`: where to go on, undefined at the end.
     */
    orphanedEvents(
      after: number | undefined,
      steps = ORPHAN_STEPS,
    ): { orphans: number[]; next: number | undefined } {
      const found = numbered.all(after ?? -1, steps);
      return {
        orphans: found.filter(({ orphaned }) => orphaned === 1).map(({ id }) => id),
        next: found.length < steps ? undefined : found.at(-1)?.id,
      };
    },

    /** @returns the number of box events deleted. An event that has come meanwhile keeps its own. */
    deleteOrphans(eventIds: readonly number[]): number {
      return write(() => {
        let deleted = 0;
        for (const eventId of eventIds) {
          if (hasEvent.get(eventId) !== undefined) continue;
          deleteReceived.run(eventId);
          deleted += deleteWaveforms(eventId);
        }
        return deleted;
      });
    },
  };
}
