/** Everything a SQLite store does, as synchronous operations over one open database. */
import type { Retention } from '../documents.js';
import { aggregateOperations } from './aggregates.js';
import { applyOperation } from './apply.js';
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
  const { prolongMeasurements, forgetNewest, insertMeasurements, ...measurements } =
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
  return {
    ...measurements,
    ...aggregates,
    ...trends,
    ...events,
    ...documents,
    ...applyOperation({
      insertMeasurements,
      putTrends,
      computeTrends: aggregates.computeTrends,
      ...{ addTriggeredBoxes, insertEvent, putBoxEvent },
      ...{ insertHealth, insertMetrics, putOpenRequest, removeOpenRequest },
    }),
    ...expiryOperations(context),
    ...originalOperations(context),
    ...restoreOperations(context),
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
