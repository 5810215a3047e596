/** SQLite through only its driver: prepared rows, inserted in bulk. Of the store it uses only the table. */
import { METRICS, type MeasurementColumns } from '../proto/columns.js';
import { openDatabase } from '../store/sqlite/connection.js';

/** Rows per INSERT. SQLite accepts 32,766 values; more than some dozens of rows gain nothing. */
export const ROWS_PER_STATEMENT = 50;
const COLUMNS =
  'second, box, ms, frequency, voltage, thd, transient, invalid, expire_at, frequency_min, frequency_max, ' +
  'voltage_min, voltage_max, thd_min, thd_max, transient_min, transient_max';
const WIDTH = COLUMNS.split(',').length;
/** The index of schema 1 of the store. */
const EXPIRY_INDEX =
  'CREATE INDEX measurements_expire ON measurements (expire_at) WHERE expire_at < 253402300799';

/** Values per statement. */
type Values = number[];

/** The values of the statements of each transaction. Batches hold a multiple of ROWS_PER_STATEMENT. */
export function readyRows(all: readonly MeasurementColumns[], expireAt: number): Values[][] {
  return all.map((batch) => {
    const statements: Values[] = [];
    for (let at = 0; at < batch.count; at += ROWS_PER_STATEMENT) {
      const values: Values = [];
      for (let i = at; i < at + ROWS_PER_STATEMENT; i++) {
        const time = batch.timestampMs[i] ?? 0;
        values.push(Math.floor(time / 1000), batch.boxId[i] ?? 0, time % 1000);
        for (const metric of METRICS) values.push(batch[metric].average[i] ?? 0);
        values.push(0, expireAt);
        for (const metric of METRICS) values.push(batch[metric].min[i] ?? 0, batch[metric].max[i] ?? 0);
      }
      statements.push(values);
    }
    return statements;
  });
}

/**
 * Inserts into a file with the table and settings of the store, one transaction per batch.
 * @param expiryIndex true: with an additional index on the expiry of every row
 * @returns rows per second
 */
export function sqliteAlone(file: string, ready: readonly Values[][], expiryIndex = false): number {
  const db = openDatabase(file);
  if (expiryIndex) db.exec(EXPIRY_INDEX);
  const row = `(${new Array(WIDTH).fill('?').join(', ')})`;
  const insert = db.prepare(
    `INSERT OR IGNORE INTO measurements (${COLUMNS}) VALUES ${new Array(ROWS_PER_STATEMENT).fill(row).join(', ')}`,
  );
  const start = performance.now();
  let rows = 0;
  for (const transaction of ready) {
    db.exec('BEGIN IMMEDIATE');
    for (const values of transaction) rows += insert.run(values).changes;
    db.exec('COMMIT');
  }
  const seconds = (performance.now() - start) / 1000;
  db.close();
  return rows / seconds;
}
