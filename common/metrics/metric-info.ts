/** What there is to say of a metric. */

export type DaemonName =
  | 'triggering-broker'
  | 'acquisition-broker'
  | 'triggering-service'
  | 'analysis-service'
  | 'web-service'
  | 'gateway';

export interface MetricInfo {
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  /** in the name too, as OpenMetrics asks; none for plain counts */
  unit?: 'seconds' | 'bytes' | 'ratio';
  labels?: readonly string[];
  /** upper bounds of a histogram's buckets */
  buckets?: readonly number[];
  daemons: readonly DaemonName[];
}

export const TB = 'triggering-broker';
export const AB = 'acquisition-broker';
export const TS = 'triggering-service';
export const AS = 'analysis-service';
export const WS = 'web-service';
export const GW = 'gateway';
/** The daemons with an outbox. */
export const WRITERS = [AB, TS] as const;

/** Bounds of the buckets of a latency, seconds. */
export const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
