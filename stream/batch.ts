/** What is handed on together: rows of the ring's columns. */
import type { MeasurementColumns } from '../proto/columns.js';

/** Rows `from` to `to - 1` of the ring's columns, valid during the call that they are given to. */
export interface Batch {
  columns: MeasurementColumns;
  from: number;
  to: number;
  /** for each row of the columns the slot of its box: a small number under which others keep arrays */
  slots: Uint32Array;
}

/** How measurements are gathered for the store: readers take a box for active only while a measurement of the last 5 s is stored. */
export const STORE_BATCH = { measurements: 5000, delayMs: 250 } as const;
