/** A measurement as a document, and ranges of time. */
import type { Flag, MetricField } from '../proto/columns.js';

export interface MinMax {
  min: number;
  max: number;
}

/** One stored measurement. A metric that was not sent is absent. */
export type MeasurementDocument = {
  box_id: string;
  timestamp_ms: number;
  /** ours: the time that the box sent, where another measurement of it with other values had that time already: this one is at the next free ms */
  reported_timestamp_ms?: number;
  /** ours: metrics that came as infinity or NaN and were left out */
  invalid?: MetricField[];
  /** ours: min and max of the window's single cycles, only where they differ from the average (Box 3) */
  extremes?: Partial<Record<MetricField, MinMax>>;
  /** ours: why frequency, THD and transient are not reliable here; absent when it is not flagged */
  flagged?: Flag[];
  /** Unix seconds */
  expire_at: number;
} & Partial<Record<MetricField, number>>;

export interface TimeRange {
  /** inclusive */
  fromMs?: number;
  /** exclusive */
  toMs?: number;
  limit?: number;
  /** newest first; default oldest first */
  descending?: boolean;
}
