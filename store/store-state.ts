/** What is known of a store, and of the spool in front of it, without asking the database. */
import type { WriteKind } from './writes.js';

/** What a spool holds and how it goes, for status and metrics. */
export interface SpoolStats {
  /** `up`: writes go to the database; `draining`: they do, and spooled ones are delivered; `unavailable`: all are spooled */
  state: 'up' | 'draining' | 'unavailable';
  /** rows that wait, by kind; a row of measurements holds many */
  waiting: Amounts;
  rows: number;
  measurements: number;
  /** trend windows to be computed again */
  trendWindows: number;
  /** of rows and windows */
  bytes: number;
  /** rows that the database refused */
  quarantined: number;
  /** lanes whose writes the database does not take though it is there: they wait, and are tried again */
  notTaken: string[];
  /** Unix ms when the oldest was accepted */
  oldestMs: number | undefined;
  /** since the start, by kind; measurements, not their rows */
  spooled: Amounts;
  delivered: Amounts;
  dropped: Amounts;
  /** event ids given without the database since the start */
  idsGivenOffline: number;
}

/** How many of each kind of write. */
export type Amounts = Partial<Record<WriteKind, number>>;

export interface StoreState {
  /** false: the database cannot be reached; what is read is what was read last */
  available: boolean;
  /** of a store that keeps on disk what its database does not take */
  spool?: SpoolStats;
}
