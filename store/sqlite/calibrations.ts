/** What waveforms are judged with: a row beside a box event, where anything is known. */
import type { Database } from 'better-sqlite3';
import type { Calibration } from '../documents.js';
import type { Row } from './values.js';

const COLUMNS = ['calibration_constant', 'nominal_voltage', 'nominal_frequency'] as const;

/** Statements that run inside the caller's transaction. */
export function calibrationRows(db: Database) {
  const put = db.prepare<[number, string, ...(number | null)[]]>(
    `INSERT INTO calibrations (event_id, box_id, ${COLUMNS.join(', ')}) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET ${COLUMNS.map((name) => `${name} = coalesce(excluded.${name}, ${name})`).join(', ')}`,
  );
  const rows = db.prepare<[number], Row>('SELECT * FROM calibrations WHERE event_id = ?');
  const row = db.prepare<[number, string], Row>(
    'SELECT * FROM calibrations WHERE event_id = ? AND box_id = ?',
  );
  const remove = db.prepare<[number]>('DELETE FROM calibrations WHERE event_id = ?');
  return {
    /** What is not named stays as it is. */
    put(eventId: number, boxId: string, values: Calibration): void {
      const given = COLUMNS.map((name) => values[name] ?? null);
      if (given.some((value) => value !== null)) put.run(eventId, boxId, ...given);
    },

    ofEvent: (eventId: number): ReadonlyMap<string, Calibration> =>
      new Map(rows.all(eventId).map((row) => [String(row.box_id), valuesIn(row)])),

    of(eventId: number, boxId: string): Calibration {
      const found = row.get(eventId, boxId);
      return found === undefined ? {} : valuesIn(found);
    },

    remove(eventId: number): void {
      remove.run(eventId);
    },
  };
}

function valuesIn(row: Row): Calibration {
  const known = COLUMNS.filter((name) => typeof row[name] === 'number');
  return Object.fromEntries(known.map((name) => [name, Number(row[name])]));
}
