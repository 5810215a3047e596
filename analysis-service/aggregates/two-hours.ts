/** Two hours from the ten-minute values in them (IEC 61000-4-30, 4.5.3). */
import type { AggregateDocument, NewAggregate } from '../../store/store.js';

export const TWO_HOURS_MS = 7_200_000;
const WINDOWS = 12;

/** @param windows in any order: the aggregates of ten minutes that end in the two hours; all of one box, at least one */
export function twoHours(
  endMs: number,
  windows: readonly (NewAggregate | AggregateDocument)[],
): NewAggregate | undefined {
  const [first] = windows;
  if (first === undefined) return undefined;
  const last = windows.reduce((a, b) => (b.timestamp_ms > a.timestamp_ms ? b : a), first);
  const sum = (of: (window: NewAggregate) => number): number =>
    windows.reduce((total, window) => total + of(window), 0);
  const aggregate: NewAggregate = {
    box_id: last.box_id,
    timestamp_ms: endMs,
    window_seconds: 7200,
    location: last.location,
    measurements: sum((window) => window.measurements),
    flagged: sum((window) => window.flagged),
    coverage: sum((window) => window.coverage) / WINDOWS,
  };
  const voltage = rmsOf(windows.flatMap((window) => window.voltage ?? []));
  if (voltage !== undefined) aggregate.voltage = voltage;
  const thd = rmsOf(windows.flatMap((window) => window.thd ?? []));
  if (thd !== undefined) aggregate.thd = thd;
  const frequencies = windows.flatMap(({ frequency }) => frequency ?? []);
  const values = frequencies.flatMap(({ ten_second = [] }) => ten_second);
  if (values.length > 0) {
    aggregate.frequency = {
      min: Math.min(...frequencies.map(({ min }) => min)),
      max: Math.max(...frequencies.map(({ max }) => max)),
      average: values.reduce((a, b) => a + b, 0) / values.length,
    };
  }
  return aggregate;
}

interface Rms {
  rms: number;
  min: number;
  max: number;
}

function rmsOf(values: readonly Rms[]): Rms | undefined {
  if (values.length === 0) return undefined;
  return {
    rms: Math.sqrt(values.reduce((total, { rms }) => total + rms * rms, 0) / values.length),
    min: Math.min(...values.map(({ min }) => min)),
    max: Math.max(...values.map(({ max }) => max)),
  };
}
