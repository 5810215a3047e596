/** Which cycles of a reply belong to the window asked for: the cycles' times decide, not the header. */
import type { TimeWindow, Waveform } from '../../proto/index.js';

/** Cycles up to so many ms outside the window belong to it (wire-protocols 3.2): a Box 2 replies in blocks of ten cycles. */
export const TOLERANCE_MS = 170;
/** Length of a cycle in the documents: `event_end_timestamp_ms` is the timestamp of the last one + 16. */
export const CYCLE_MS = 16;

export interface Trimmed {
  /** the cycles that belong to the window, in the order in which they came */
  waveform: Waveform;
  /** cycles left out: of another time, without samples, or a second one with the same timestamp */
  dropped: number;
  /** a cycle touches the window itself; if none does the reply counts as empty */
  touches: boolean;
}

/** Leaves out the cycles that do not belong to the window. A waveform of which all belong is returned as it is. */
export function trimToWindow(waveform: Waveform, { startMs, endMs }: TimeWindow): Trimmed {
  const { cycleLengths, samples, timesMs } = waveform;
  const keep: number[] = [];
  // Made only when a timestamp does not rise: a clock was set, or a cycle came twice.
  let seen: Set<number> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  let touches = false;
  for (const [i, time] of timesMs.entries()) {
    if (time < startMs - TOLERANCE_MS || time > endMs + TOLERANCE_MS) continue;
    if ((cycleLengths[i] ?? 0) === 0) continue;
    if (time <= last) {
      seen ??= new Set(keep.map((kept) => timesMs[kept] ?? 0));
      if (seen.has(time)) continue;
    }
    seen?.add(time);
    last = Math.max(last, time);
    keep.push(i);
    if (time <= endMs && time + CYCLE_MS >= startMs) touches = true;
  }
  const dropped = timesMs.length - keep.length;
  if (dropped === 0) return { waveform, dropped, touches };
  return { waveform: pick({ cycleLengths, samples, timesMs }, keep), dropped, touches };
}

/** The cycles with these indices. */
function pick({ cycleLengths, samples, timesMs }: Waveform, indices: readonly number[]): Waveform {
  const starts: number[] = [];
  let at = 0;
  for (const length of cycleLengths) {
    starts.push(at);
    at += length;
  }
  const lengths = indices.map((i) => cycleLengths[i] ?? 0);
  const picked = new Int16Array(lengths.reduce((sum, length) => sum + length, 0));
  let to = 0;
  for (const [n, i] of indices.entries()) {
    const from = starts[i] ?? 0;
    const length = lengths[n] ?? 0;
    picked.set(samples.subarray(from, from + length), to);
    to += length;
  }
  return { timesMs: indices.map((i) => timesMs[i] ?? 0), cycleLengths: lengths, samples: picked };
}

/** Puts waveforms one after the other. */
export function join(parts: readonly Waveform[]): Waveform {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.samples.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part.samples, at);
    at += part.samples.length;
  }
  return {
    timesMs: parts.flatMap((part) => part.timesMs),
    cycleLengths: parts.flatMap((part) => part.cycleLengths),
    samples,
  };
}
