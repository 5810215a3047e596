/**
 * Measurements into their table: a batch of columns as rows in the order of the key, what stands in a row, and what a transaction notes beside its
 * rows: how far each box has come, and when the rows of each second begin to expire.
 */
import type { Database } from 'better-sqlite3';
import {
  METRIC_FIELD,
  METRICS,
  type MeasurementColumns,
  type MetricColumns,
  type MetricField,
} from '../../proto/columns.js';
import { FOREVER_SECONDS, type Stored } from '../documents.js';
import type { Context } from './context.js';
import { repeatedTimes } from './repeated-times.js';

export const FIELDS: readonly MetricField[] = METRICS.map((metric) => METRIC_FIELD[metric]);
export const EXTREMES = FIELDS.flatMap((field) => [`${field}_min`, `${field}_max`]);

const WRITTEN_COLUMNS = ['second', 'box', 'ms', ...FIELDS, 'invalid', 'flags', 'expire_at', ...EXTREMES];
const EXPIRE_AT = WRITTEN_COLUMNS.indexOf('expire_at');
const FIRST_AVERAGE = 3;
const FIRST_WRITTEN_EXTREME = WRITTEN_COLUMNS.length - EXTREMES.length;

const WIDTH = WRITTEN_COLUMNS.length;
/** Rows in one INSERT: a row costs a quarter less than in one of its own; more than this gain nothing. */
const ROWS_AT_ONCE = 50;

/**
 * The table `newest` is brought up to date when a box is this much further, not at each measurement. So a box's newest measurement is at
 * most this much past what stands there.
 */
export const NEWEST_STEP_MS = 60_000;
/** Boxes whose place in `newest` is remembered. */
const REMEMBERED_BOXES = 100_000;

export function measurementInserts({ db, eventsOver, expireAt, write }: Context) {
  const expiry = expiryNotes(db);
  const row = `(${WRITTEN_COLUMNS.map(() => '?').join(', ')})`;
  const insertRows = (rows: number) =>
    db.prepare(
      `INSERT OR IGNORE INTO measurements (${WRITTEN_COLUMNS.join(', ')}) VALUES ${new Array(rows).fill(row).join(', ')}`,
    );
  const insertMany = insertRows(ROWS_AT_ONCE);
  const insertOne = insertRows(1);
  const repeated = repeatedTimes(db, { columns: WRITTEN_COLUMNS, ignored: ['expire_at', 'flags'] });
  const setNewest = db.prepare<[number, number]>(
    `INSERT INTO newest VALUES (?, ?) ON CONFLICT DO UPDATE SET timestamp_ms = excluded.timestamp_ms
     WHERE excluded.timestamp_ms > timestamp_ms`,
  );

  const newest = new Map<number, number>();
  /** @returns up to which time nothing is to be noted of the box */
  const noteNewest = (box: number, timestampMs: number): number => {
    const upTo = (newest.get(box) ?? Number.NEGATIVE_INFINITY) + NEWEST_STEP_MS;
    if (timestampMs <= upTo) return upTo;
    if (newest.size >= REMEMBERED_BOXES) newest.clear();
    newest.set(box, timestampMs);
    setNewest.run(box, timestampMs);
    return timestampMs + NEWEST_STEP_MS;
  };

  const insertAll = (batch: MeasurementColumns, until: number): Stored => {
    let inserted = 0;
    // Measurements can come after the event that they explain.
    const events = eventsOver(...spanOf(batch));
    const values: (number | null)[] = new Array(ROWS_AT_ONCE * WIDTH).fill(null);
    const notes = expiry();
    const metrics = METRICS.map((metric) => batch[metric]);
    const [order, entries] = inKeyOrder(batch);
    let rows = 0;
    let [lastBox, notedUpTo] = [-1, 0];
    /** Rows whose key is taken: the same measurement again, or another one with the same time. */
    const settle = (from: number, to: number): void => {
      for (let at = from; at < to; at += 1) {
        const row = values.slice(at * WIDTH, (at + 1) * WIDTH);
        inserted += repeated.store(row, (second) => notes.add(second, row[EXPIRE_AT] ?? until));
      }
    };
    for (const key of order) {
      const i = key % entries;
      const box = batch.boxId[i] ?? 0;
      const timestampMs = Math.trunc(batch.timestampMs[i] ?? 0);
      let rowUntil = until;
      for (const { startMs, endMs, expireAt: later } of events) {
        if (timestampMs >= startMs && timestampMs <= endMs && later > rowUntil) rowUntil = later;
      }
      writeRow(values, rows * WIDTH, batch, metrics, i, rowUntil);
      notes.add(Math.floor(timestampMs / 1000), rowUntil);
      rows += 1;
      if (rows === ROWS_AT_ONCE) {
        // As arguments, not as one array: the driver reads them 20 ns a value faster.
        const { changes } = insertMany.run(...values);
        inserted += changes;
        if (changes < ROWS_AT_ONCE) settle(0, ROWS_AT_ONCE);
        rows = 0;
      }
      if (box === lastBox && timestampMs <= notedUpTo) continue;
      notedUpTo = noteNewest(box, timestampMs);
      lastBox = box;
    }
    for (let at = 0; at < rows; at += 1) {
      const { changes } = insertOne.run(...values.slice(at * WIDTH, (at + 1) * WIDTH));
      inserted += changes;
      if (changes === 0) settle(at, at + 1);
    }
    notes.write();
    return { inserted, duplicates: batch.count - inserted };
  };

  return {
    /** What was remembered of `newest` may have gone with a transaction. */
    forgetNewest: (): void => {
      newest.clear();
      repeated.forget();
    },

    insertMeasurements(batch: MeasurementColumns, nowMs: number): Stored {
      try {
        return write(() => insertAll(batch, expireAt('measurements', nowMs)));
      } catch (error) {
        newest.clear();
        repeated.forget();
        throw error;
      }
    },
  };
}

/** What a transaction that inserts measurements has to say of their seconds. */
export interface ExpiryNotes {
  add(second: number, expireAt: number): void;
  /** Writes the notes; in the same transaction as the rows. */
  write(): void;
}

/** @returns makes the notes of one transaction */
export function expiryNotes(db: Database): () => ExpiryNotes {
  const lower = db.prepare<[number, number]>(
    `INSERT INTO measurement_expiry VALUES (?, ?) ON CONFLICT DO UPDATE SET soonest = excluded.soonest
     WHERE excluded.soonest < soonest`,
  );
  return () => {
    const soonest = new Map<number, number>();
    let [lastSecond, lastSoonest] = [Number.NaN, 0];
    return {
      add: (second, expireAt) => {
        if (second === lastSecond && expireAt >= lastSoonest) return;
        lastSecond = second;
        lastSoonest = Math.min(soonest.get(second) ?? expireAt, expireAt);
        soonest.set(second, lastSoonest);
      },
      write: () => {
        for (const [second, at] of soonest) if (at < FOREVER_SECONDS) lower.run(second, at);
      },
    };
  };
}

/** The earliest and the latest time of a batch. */
function spanOf({ count, timestampMs }: MeasurementColumns): [earliest: number, latest: number] {
  let [earliest, latest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < count; i += 1) {
    earliest = Math.min(earliest, timestampMs[i] ?? earliest);
    latest = Math.max(latest, timestampMs[i] ?? latest);
  }
  return [earliest, latest];
}

/** A double holds whole numbers of so many bits. */
const EXACT_BITS = 53;
const BOX_BITS = 32;

/**
 * The entries of a batch in the order of the table's key, or nearly: what lies together is written together, which takes a fifth
 * less time than the order of arrival. Entries of one box and second stay in the order in which they came, so that of two with the same
 * time the first is the one that is kept. Seconds count modulo what is left of a double's bits (256 s for 5,000 entries).
 * @returns for each place `entry + entries * (...)`, where `entries` is the second value: take the remainder
 */
function inKeyOrder({ boxId, count, timestampMs }: MeasurementColumns): [Float64Array, number] {
  const bits = Math.max(1, Math.ceil(Math.log2(count)));
  const entries = 2 ** bits;
  const seconds = 2 ** Math.max(0, EXACT_BITS - BOX_BITS - bits);
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const second = Math.floor((timestampMs[i] ?? 0) / 1000);
    const turn = second - seconds * Math.floor(second / seconds);
    keys[i] = (turn * 2 ** BOX_BITS + (boxId[i] ?? 0)) * entries + i;
  }
  return [keys.sort(), entries];
}

/**
 * The values of WRITTEN_COLUMNS for entry `i`, from `at` on. Numbers go in as float32 made double: what comes back is what the box
 * sent; NaN (not sent) becomes NULL by SQLite's own rule. Extremes are NULL for metrics where both equal the average.
 * @param metrics the batch's columns in the order of METRICS
 */
function writeRow(
  values: (number | null)[],
  at: number,
  batch: MeasurementColumns,
  metrics: readonly MetricColumns[],
  i: number,
  until: number,
): void {
  const timestampMs = Math.trunc(batch.timestampMs[i] ?? 0);
  const second = Math.floor(timestampMs / 1000);
  values[at] = second;
  values[at + 1] = batch.boxId[i] ?? 0;
  values[at + 2] = timestampMs - 1000 * second;
  values[at + FIRST_AVERAGE + METRICS.length] = batch.invalid[i] ?? 0;
  values[at + FIRST_AVERAGE + METRICS.length + 1] = batch.flags[i] ?? 0;
  values[at + FIRST_AVERAGE + METRICS.length + 2] = until;
  for (let m = 0; m < metrics.length; m += 1) {
    const { min, average, max } = metrics[m] ?? batch.f;
    const value = average[i] ?? Number.NaN;
    const lowest = min[i] ?? value;
    const highest = max[i] ?? value;
    const same = Number.isNaN(value) || (lowest === value && highest === value);
    values[at + FIRST_AVERAGE + m] = value;
    values[at + FIRST_WRITTEN_EXTREME + 2 * m] = same ? null : orElse(lowest, value);
    values[at + FIRST_WRITTEN_EXTREME + 2 * m + 1] = same ? null : orElse(highest, value);
  }
}

function orElse(value: number, other: number): number {
  return Number.isNaN(value) ? other : value;
}
