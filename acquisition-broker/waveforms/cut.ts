/** Which cycles of an answer belong to the window asked for: look at the cycles' times, not at the header. */
import type { Waveform } from '../../proto/messages.js';
import type { TimeWindow } from '../boxes/sender.js';

/** Cycles up to so many ms outside the window belong to it (wire-protocols 3.2): a Box 2 answers in blocks of ten cycles. */
export const TOLERANCE_MS = 170;
/** Length of a cycle in the documents: `event_end_timestamp_ms` is the stamp of the last one + 16. */
export const CYCLE_MS = 16;

export interface Cut {
  /** the cycles that belong to the window, in the order in which they came */
  waveform: Waveform;
  /** cycles left out: of another time, without samples, or a second one with the same stamp */
  dropped: number;
  /** a cycle touches the window itself; if none does the answer counts as empty */
  touches: boolean;
}

/** Leaves out the cycles that do not belong to the window. A waveform of which all belong is given back as it is. */
export function cutToWindow(waveform: Waveform, { startMs, endMs }: TimeWindow): Cut {
  const { cycleLengths, samples, timesMs } = waveform;
  const keep: number[] = [];
  // Looked at only once a stamp does not rise: a clock was set, or a cycle came twice.
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
