/** What lies in a spool file, and what was dropped from it. */
import { type Kind, ROW_KINDS } from './rows.js';

export interface SpoolLimits {
  /** of all rows together; the file is a little larger */
  maxBytes: number;
  maxAgeMs: number;
}

export interface QueueTotals {
  /** rows that wait, by kind; a row of measurements holds many */
  waiting: Partial<Record<Kind, number>>;
  /** measurements that wait */
  measurements: number;
  /** of rows and windows */
  bytes: number;
  /** trend windows to be computed anew */
  windows: number;
  /** rows that the database refused */
  aside: number;
  /** Unix ms when the oldest was accepted */
  oldestMs: number | null;
}

/** How many of each kind: measurements and not their rows. */
export type Amounts = Partial<Record<Kind, number>>;
/** What is dropped; `trends`: windows that will not be computed anew. */
export const DROPPED_KINDS = [...ROW_KINDS, 'trends'] as const;
export type Dropped = Partial<Record<(typeof DROPPED_KINDS)[number], number>>;

export type Change = { dropped: Dropped; totals: QueueTotals };
export type Appended = Change & { taken: boolean[] };
