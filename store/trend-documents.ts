/** What is computed of stored measurements: trends of a minute, aggregates of ten minutes and two hours. */
import type { MetricField } from '../proto/columns.js';
import type { MinMax } from './measurement-documents.js';

export interface MinMaxAverage extends MinMax {
  average: number;
}

/** One minute of one box; `timestamp_ms` is the window's end. */
export type TrendDocument = {
  box_id: string;
  timestamp_ms: number;
  location: string;
  expire_at: number;
  /** ours: share of the measurements that are flagged, above 0 to 1; absent when none is */
  flagged?: number;
  /** ours: min and max without flagged measurements; absent when none is flagged, or no other measurement has the metric */
  unflagged?: Partial<Record<MetricField, MinMax>>;
} & Partial<Record<MetricField, MinMaxAverage>>;

/** A trend as it is computed; the store adds when it expires. */
export type NewTrend = Omit<TrendDocument, 'expire_at'>;

/** What the trends of one span say together; a metric that none of them has is absent. */
export type TrendBand = {
  /** Unix ms; the span is as long as was asked for */
  startMs: number;
  /** how many trends there are */
  trends: number;
  /** mean share of flagged measurements */
  flagged: number;
} & Partial<Record<MetricField, MinMaxAverage>>;

/** Lengths of an aggregate's window, in seconds: ten minutes and two hours. */
export const AGGREGATE_SECONDS = [600, 7200] as const;
export type AggregateSeconds = (typeof AGGREGATE_SECONDS)[number];

/** How often a value fell into each of equal steps, the first of which begins at `from` x `step`. */
export interface StepCounts {
  step: number;
  from: number;
  counts: number[];
}

/** *ours*: ten minutes or two hours of one box, computed from its stored measurements; `timestamp_ms` is the window's end. */
export interface AggregateDocument {
  box_id: string;
  timestamp_ms: number;
  window_seconds: AggregateSeconds;
  location: string;
  /** how many there were in the window */
  measurements: number;
  /** how many of them were flagged */
  flagged: number;
  /** share of the window's 10 s intervals that have a measurement, 0 to 1 */
  coverage: number;
  /** V: root mean square of the RMS values; min and max also of single cycles */
  voltage?: { rms: number; min: number; max: number };
  /** Hz: of the 10 s values. The values themselves, in order of time, only in windows of ten minutes */
  frequency?: MinMaxAverage & { ten_second?: number[] };
  /** fractions: root mean square, min and max of the 3 s values. How these are spread, only in windows of ten minutes */
  thd?: { rms: number; min: number; max: number; three_second?: StepCounts };
  expire_at: number;
}

/** An aggregate as it is computed; the store adds when it expires. */
export type NewAggregate = Omit<AggregateDocument, 'expire_at'>;
