/** Which ten-minute values a statement judges, and how they are counted. */
import type { AggregateDocument } from '../store/store.js';

export const TEN_MINUTES_MS = 600_000;
export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;

/** A window with less than half of its 10 s intervals measured gives no ten-minute value. */
export const MIN_COVERAGE = 0.5;

/** A span of time, Unix ms; the end is not part of it. */
export interface Span {
  startMs: number;
  endMs: number;
}

export type Fate = 'counts' | 'flagged' | 'incomplete';

/** A ten-minute window and whether statements judge it. */
export interface JudgedWindow {
  window: AggregateDocument;
  fate: Fate;
}

/**
 * A window is flagged (IEC 61000-4-30, 4.7) when a measurement in it is, or a sag, swell or interruption was found in a waveform of the box.
 * @param windows of ten minutes, of one box, in order of time
 * @param disturbed spans of the box's sags, swells and interruptions
 */
export function judgedWindows(
  windows: readonly AggregateDocument[],
  disturbed: readonly Span[],
): JudgedWindow[] {
  const sorted = disturbed.toSorted((a, b) => a.startMs - b.startMs);
  let from = 0;
  return windows.map((window) => {
    const [startMs, endMs] = [window.timestamp_ms - TEN_MINUTES_MS, window.timestamp_ms];
    // What ended before this window ended before all later ones.
    while (from < sorted.length && (sorted[from]?.endMs ?? 0) < startMs) from += 1;
    if (window.flagged > 0 || touches(sorted, from, { startMs, endMs })) return { window, fate: 'flagged' };
    return { window, fate: window.coverage < MIN_COVERAGE ? 'incomplete' : 'counts' };
  });
}

/** Whether a span, from index `from` on, touches a window. */
function touches(sorted: readonly Span[], from: number, window: Span): boolean {
  for (let i = from; i < sorted.length; i += 1) {
    const span = sorted[i];
    if (span === undefined || span.startMs >= window.endMs) return false;
    if (span.endMs >= window.startMs) return true;
  }
  return false;
}

/** Pieces of so many ms from the start on; the last one may be shorter. */
export function pieces({ startMs, endMs }: Span, lengthMs: number): Span[] {
  const found: Span[] = [];
  for (let at = startMs; at < endMs; at += lengthMs)
    found.push({ startMs: at, endMs: Math.min(at + lengthMs, endMs) });
  return found;
}

/** UTC days that the span touches, cut to it. */
export function days({ startMs, endMs }: Span): Span[] {
  const first = Math.floor(startMs / DAY_MS) * DAY_MS;
  return pieces({ startMs: first, endMs }, DAY_MS).map((day) => ({
    startMs: Math.max(day.startMs, startMs),
    endMs: day.endMs,
  }));
}

/** Windows that end in a span: after its start, up to and with its end. */
export function within<T extends { window: AggregateDocument }>(windows: readonly T[], span: Span): T[] {
  return windows.filter(({ window: { timestamp_ms: end } }) => end > span.startMs && end <= span.endMs);
}

/** The smallest value that a share (0 to 1) of all values does not exceed: nearest rank. Undefined of none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)];
}

/** Percent of the values that lie in [low, high]. Undefined of none. */
export function percentWithin(values: readonly number[], low: number, high: number): number | undefined {
  if (values.length === 0) return undefined;
  return (100 * values.filter((value) => value >= low && value <= high).length) / values.length;
}
