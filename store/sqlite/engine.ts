/** Everything a SQLite store does, as synchronous operations over one open database. */
import type { Retention, Stored } from '../documents.js';
import { decodeWrite } from '../write-codec.js';
import { STORED, type Write } from '../writes.js';
import { aggregateOperations } from './aggregates.js';
import { beginImmediate, openDatabase } from './connection.js';
import { createContext } from './context.js';
import { documentOperations } from './documents.js';
import { eventOperations } from './events.js';
import { expiryOperations } from './expiry.js';
import { measurementOperations } from './measurements.js';
import { originalOperations } from './originals.js';
import { restoreOperations } from './restore.js';
import { trendOperations } from './trends.js';

export type Engine = ReturnType<typeof openEngine>;

/** @throws MakaiError as `openDatabase` */
export function openEngine(file: string, retention: Retention) {
  const db = openDatabase(file);
  const context = createContext(db, retention);
  const { forgetNewest, insertMeasurements, prolongMeasurements, ...measurements } =
    measurementOperations(context);
  const { prolongTrends, putTrends, ...trends } = trendOperations(context);
  const prolong = (startMs: number, endMs: number, until: number): void => {
    prolongMeasurements(startMs, endMs, until);
    prolongTrends(startMs, endMs, until);
  };
  const newestBefore = (boxId: string, toMs: number): number | undefined =>
    measurements.measurementPage(boxId, { toMs, descending: true }, 1)[0]?.timestamp_ms;
  const aggregates = aggregateOperations(context, newestBefore);
  const { addTriggeredBoxes, insertEvent, putBoxEvent, ...events } = eventOperations(context, prolong);
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
          aggregates.computeTrends(write.windows, nowMs).filter((trend) => trend !== undefined),
          at,
        );
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
    }
  };

  return {
    ...measurements,
    ...aggregates,
    ...trends,
    ...events,
    ...documents,
    ...expiryOperations(context),
    ...originalOperations(context),
    ...restoreOperations(context),
    /** @param write as a value, or as its bytes where it comes from another thread */
    write: (write: Write | Uint8Array, nowMs: number): Stored =>
      apply(write instanceof Uint8Array ? decodeWrite(write) : write, nowMs),
    /** A transaction around several operations; theirs become parts of it. */
    begin: (): void => {
      beginImmediate(db);
    },
    commit: (): void => {
      db.exec('COMMIT');
    },
    rollback: (): void => {
      forgetNewest();
      if (db.inTransaction) db.exec('ROLLBACK');
    },
    inTransaction: (): boolean => db.inTransaction,
    close: (): void => {
      db.close();
    },
  };
}
