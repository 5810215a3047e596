/** Measurements: read box by box, and kept longer where an event is about them. They are written by measurement-insert.ts. */
import { flagNames } from '../../proto/columns.js';
import type { MeasurementDocument, TimeRange } from '../documents.js';
import type { Context } from './context.js';
import { EXTREMES, FIELDS, measurementInserts } from './measurement-insert.js';
import { boxNumber, fromMs, toMs } from './values.js';

const READ_COLUMNS = ['ms', 'expire_at', 'invalid', 'flags', ...FIELDS, ...EXTREMES, 'moved_ms'];
const MOVED = READ_COLUMNS.indexOf('moved_ms');
const FIRST_VALUE = READ_COLUMNS.indexOf('frequency');
const FIRST_EXTREME = READ_COLUMNS.indexOf('frequency_min');
/** Values of READ_COLUMNS: arrays are read a third faster than objects of 15 fields. */
type ReadRow = (number | null)[];

export function measurementOperations(context: Context) {
  const { db } = context;
  const rowsOf = (order: 'ASC' | 'DESC') =>
    db
      .prepare<[number, number, number, number, number], ReadRow>(
        `SELECT ${READ_COLUMNS.join(', ')} FROM measurements
         WHERE second = ? AND box = ? AND ms >= ? AND ms < ? ORDER BY ms ${order} LIMIT +?`,
      )
      .raw(true);
  const up = rowsOf('ASC');
  const down = rowsOf('DESC');
  const secondFrom = db
    .prepare<[number], number | null>('SELECT min(second) FROM measurements WHERE second >= ?')
    .pluck(true);
  const secondUpTo = db
    .prepare<[number], number | null>('SELECT max(second) FROM measurements WHERE second <= ?')
    .pluck(true);
  const prolong = db.prepare<[number, number, number, number, number, number]>(
    `UPDATE measurements SET expire_at = ?
     WHERE second BETWEEN ? AND ? AND 1000 * second + ms BETWEEN ? AND ? AND expire_at < ?`,
  );

  /** What explains an event lives as long as the event; both ends belong to the window. */
  const prolongMeasurements = (startMs: number, endMs: number, until: number): void => {
    prolong.run(until, Math.floor(startMs / 1000), Math.floor(endMs / 1000), startMs, endMs, until);
  };

  const prolongBox = db.prepare<[number, number, number, number, number, number, number]>(
    `UPDATE measurements SET expire_at = ? WHERE second BETWEEN ? AND ? AND box = ?
       AND 1000 * second + ms BETWEEN ? AND ? AND expire_at < ?`,
  );
  /** The same of one box, for an incident. */
  const prolongMeasurementsOfBox = (boxId: string, startMs: number, endMs: number, until: number): void => {
    const box = boxNumber(boxId);
    if (box === undefined) return;
    const seconds = [Math.floor(startMs / 1000), Math.floor(endMs / 1000)] as const;
    prolongBox.run(until, ...seconds, box, startMs, endMs, until);
  };

  return {
    ...measurementInserts(context),

    prolongMeasurements,
    prolongMeasurementsOfBox,

    /** At most `pageSize` measurements of the range in its order; fewer only at its end. */
    measurementPage(boxId: string, range: TimeRange, pageSize: number): MeasurementDocument[] {
      const box = boxNumber(boxId);
      const [from, to] = [fromMs(range), toMs(range)];
      const documents: MeasurementDocument[] = [];
      if (box === undefined || from >= to) return documents;
      const descending = range.descending === true;
      const [first, last] = [Math.floor(from / 1000), Math.floor((to - 1) / 1000)];
      let second = descending ? secondUpTo.get(last) : secondFrom.get(first);
      while (typeof second === 'number' && second >= first && second <= last && documents.length < pageSize) {
        const base = 1000 * second;
        const wanted = pageSize - documents.length;
        const rows = (descending ? down : up).all(second, box, from - base, to - base, wanted);
        for (const row of rows) documents.push(documentOf(boxId, base, row));
        second = descending ? secondUpTo.get(second - 1) : secondFrom.get(second + 1);
      }
      return documents;
    },
  };
}

function documentOf(boxId: string, baseMs: number, row: ReadRow): MeasurementDocument {
  const document: MeasurementDocument = {
    box_id: boxId,
    timestamp_ms: baseMs + (row[0] ?? 0),
    expire_at: row[1] ?? 0,
  };
  const moved = row[MOVED];
  if (typeof moved === 'number') document.reported_timestamp_ms = document.timestamp_ms - moved;
  let extremes: MeasurementDocument['extremes'];
  for (let i = 0; i < FIELDS.length; i += 1) {
    const field = FIELDS[i];
    const value = row[FIRST_VALUE + i];
    if (field === undefined || typeof value !== 'number') continue;
    document[field] = value;
    const min = row[FIRST_EXTREME + 2 * i];
    const max = row[FIRST_EXTREME + 2 * i + 1];
    if (typeof min !== 'number' || typeof max !== 'number') continue;
    extremes ??= {};
    extremes[field] = { min, max };
  }
  if (extremes !== undefined) document.extremes = extremes;
  const bits = row[2] ?? 0;
  if (bits !== 0) document.invalid = FIELDS.filter((_, bit) => (bits & (1 << bit)) !== 0);
  const flags = row[3] ?? 0;
  if (flags !== 0) document.flagged = flagNames(flags);
  return document;
}
