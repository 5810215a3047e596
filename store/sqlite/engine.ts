/** Everything a SQLite store does, as synchronous operations over one open database. */
import type { Database } from 'better-sqlite3';
import type { MakaiError } from '../../common/errors.js';
import {
  FOREVER_SECONDS,
  INCIDENT_SECONDS,
  type LahaConfigDocument,
  type Retention,
  type Stored,
} from '../documents.js';
import { decodeWrite } from '../write-codec.js';
import { STORED, type Write } from '../writes.js';
import { aggregateOperations } from './aggregates.js';
import { alertOperations } from './alerts.js';
import { auditOperations } from './audit.js';
import { BUSY_TIMEOUT_MS, isBusy, openDatabase } from './connection.js';
import type { Context, LivingEvent } from './context.js';
import { documentOperations } from './documents.js';
import { eventOperations } from './events.js';
import { expiryOperations } from './expiry.js';
import { incidentOperations } from './incidents.js';
import { measurementOperations } from './measurements.js';
import { versionOf } from './migrate.js';
import { newIdOperations } from './new-ids.js';
import { readAsNewest } from './older-schema.js';
import { originalOperations } from './originals.js';
import { peopleOperations } from './people.js';
import { restoreOperations } from './restore.js';
import { SCHEMA_VERSION } from './schema.js';
import { seriesOperations } from './series.js';
import { trendWindowOperations } from './trend-windows.js';
import { trendOperations } from './trends.js';

export type Engine = ReturnType<typeof openEngine>;

/**
 * @param upgrade false: a file of an older schema is read as it is; what changes it is refused with STORE_SCHEMA_TOO_OLD
 * @param readOnly true: SQLite itself refuses what would change the file
 * @param cacheKb pages of the file that the connection keeps; left out: 16 MB
 * @throws MakaiError as `openDatabase`
 */
export function openEngine(
  file: string,
  retention: Retention,
  upgrade = false,
  readOnly = false,
  cacheKb?: number,
) {
  const pragmas = cacheKb === undefined ? [] : [`cache_size = -${cacheKb}`];
  const db = openDatabase(file, { pragmas }, upgrade);
  if (readOnly) db.pragma('query_only = ON');
  const version = versionOf(db);
  const tooOld = version < SCHEMA_VERSION ? readAsNewest(db, file, version) : undefined;
  const context = createContext(db, retention, tooOld);
  const { forgetNewest, insertMeasurements, prolongMeasurements, prolongMeasurementsOfBox, ...measurements } =
    measurementOperations(context);
  const { prolongTrends, prolongTrendsOfBox, putTrends, ...trends } = trendOperations(context);
  const prolong = (startMs: number, endMs: number, until: number): void => {
    prolongMeasurements(startMs, endMs, until);
    prolongTrends(startMs, endMs, until);
  };
  const newestBefore = (boxId: string, toMs: number): number | undefined =>
    measurements.measurementPage(boxId, { toMs, descending: true }, 1)[0]?.timestamp_ms;
  const trendWindows = trendWindowOperations(context, newestBefore);
  const { prolongAggregates, putAggregates, restoreAggregate, ...aggregates } = aggregateOperations(context);
  const { putPluginState, putSeries, restoreSeries, ...series } = seriesOperations(context);
  const { addTriggeredBoxes, insertEvent, prolongEvent, putBoxEvent, ...events } = eventOperations(
    context,
    prolong,
  );
  const { putAnalysis, putIncident, putIncidentGroup, restoreIncident, ...incidents } = incidentOperations(
    context,
    {
      event: prolongEvent,
      measurements: prolongMeasurementsOfBox,
      trends: prolongTrendsOfBox,
      aggregates: prolongAggregates,
    },
  );
  const { insertHealth, insertMetrics, putOpenRequest, removeOpenRequest, ...documents } =
    documentOperations(context);

  const apply = (write: Write, nowMs: number): Stored => {
    const at = write.acceptedAtMs ?? nowMs;
    switch (write.kind) {
      case 'measurements':
        return insertMeasurements(write.columns, at);
      case 'trends':
        return putTrends(write.trends, at);
      case 'trend_windows':
        return putTrends(
          trendWindows.computeTrends(write.windows, nowMs).filter((trend) => trend !== undefined),
          at,
        );
      case 'aggregates':
        return putAggregates(write.aggregates, at);
      case 'series':
        return putSeries(write.values, at);
      case 'plugin_state':
        putPluginState(write.state, at);
        return STORED;
      case 'event':
        return insertEvent(write.event, at);
      case 'triggered_boxes':
        addTriggeredBoxes(write.eventId, write.boxIds);
        return STORED;
      case 'box_event':
        return putBoxEvent(write.boxEvent, write.samples, write.acceptedAtMs);
      case 'open_request':
        putOpenRequest(write.request);
        return STORED;
      case 'closed_request':
        removeOpenRequest(write.key);
        return STORED;
      case 'metrics':
        insertMetrics(write.document, at);
        return STORED;
      case 'health':
        insertHealth(write.finding);
        return STORED;
      case 'incident':
        return putIncident(write, at);
      case 'analysis':
        return putAnalysis(write, at);
      case 'incident_group':
        putIncidentGroup(write.group);
        return STORED;
    }
  };

  return {
    ...measurements,
    ...aggregates,
    ...trends,
    ...trendWindows,
    ...series,
    ...events,
    ...incidents,
    ...documents,
    ...auditOperations(context),
    ...newIdOperations(context),
    ...expiryOperations(context),
    ...originalOperations(context),
    ...peopleOperations(context),
    ...alertOperations(context),
    ...restoreOperations(context, {
      aggregate: restoreAggregate,
      incident: restoreIncident,
      series: restoreSeries,
    }),
    /** @param write as a value, or as its bytes where it comes from another thread */
    write: (write: Write | Uint8Array, nowMs: number): Stored =>
      apply(write instanceof Uint8Array ? decodeWrite(write) : write, nowMs),
    /** A transaction around several operations; theirs become parts of it. */
    begin: (): void => {
      if (tooOld !== undefined) throw tooOld();
      beginImmediate(db);
    },
    /** The same for operations that only read. */
    beginReading: (): void => {
      db.exec('BEGIN');
    },
    commit: (): void => {
      db.exec('COMMIT');
    },
    rollback: (): void => {
      forgetNewest();
      if (db.inTransaction) db.exec('ROLLBACK');
    },
    inTransaction: (): boolean => db.inTransaction,
    /** @returns true when all of the log is in the file: beside a reader only a part of it may be */
    checkpoint: (): boolean => {
      const [row] = db.pragma('wal_checkpoint(PASSIVE)') as {
        busy: number;
        log: number;
        checkpointed: number;
      }[];
      return row !== undefined && row.busy === 0 && row.log === row.checkpointed;
    },
    close: (): void => {
      db.close();
    },
  };
}

/** What all operations share: transactions, and how long things live. */
function createContext(db: Database, retention: Retention, tooOld: (() => MakaiError) | undefined): Context {
  const lahaConfig = db
    .prepare<[], string>("SELECT body FROM documents WHERE name = 'laha_config'")
    .pluck(true);
  const overlapping = db.prepare<[number, number], LivingEvent>(
    `SELECT target_event_start_timestamp_ms AS startMs, target_event_end_timestamp_ms AS endMs, expire_at AS expireAt
     FROM events INDEXED BY events_end WHERE target_event_end_timestamp_ms >= ? AND target_event_start_timestamp_ms <= ?`,
  );
  const configured = {
    measurements: retention.measurementsSeconds,
    trends: retention.trendsSeconds,
    events: retention.eventsSeconds,
    incidents: retention.incidentsSeconds ?? INCIDENT_SECONDS,
  };
  // Made once: better-sqlite3 makes four functions for each.
  const transaction = db.transaction((change: () => void) => change());
  return {
    db,
    retention,
    eventsOver: (fromMs, toMs) => (retention.mode === 'laha' ? overlapping.all(fromMs, toMs) : []),
    write: (change) => {
      if (tooOld !== undefined) throw tooOld();
      let result: unknown;
      transaction.immediate(() => {
        result = change();
      });
      return result as ReturnType<typeof change>;
    },
    expireAt: (kind, nowMs) => {
      const body = retention.mode === 'laha' ? lahaConfig.get() : undefined;
      const ttls = body === undefined ? {} : (JSON.parse(body) as LahaConfigDocument).ttls;
      const seconds = ttls[kind] ?? configured[kind];
      // Rounded up: nothing is kept for less than its time.
      return seconds === undefined ? FOREVER_SECONDS : Math.ceil(nowMs / 1000) + seconds;
    },
  };
}

/** Between two looks at another process's lock: from the first one on so much of the time waited until then, within these bounds. */
const LOOK_AGAIN = { share: 0.5, minMs: 0.25, maxMs: 4 };

/**
 * Begins a transaction with the write lock. SQLite's own waiting looks again after 1, 2, 5, 10 ms and more, while another daemon's commit
 * takes one or two: an event would wait longer for the look than for the lock.
 * @throws SQLite's error when another process holds the lock for longer than one attempt waits
 */
export function beginImmediate(db: Database): void {
  const start = performance.now();
  db.exec('PRAGMA busy_timeout = 0');
  try {
    for (;;) {
      try {
        db.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        const waited = performance.now() - start;
        if (!isBusy(error) || waited > BUSY_TIMEOUT_MS) throw error;
        const pause = Math.min(Math.max(LOOK_AGAIN.share * waited, LOOK_AGAIN.minMs), LOOK_AGAIN.maxMs);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
      }
    }
  } finally {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}
