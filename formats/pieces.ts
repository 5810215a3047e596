/** A voltage of a file, as pieces to resample. */
import type { TimeBase } from './recording.js';
import { secondsOf } from './samples.js';

/** Sections whose rates differ by no more belong to one piece: the recorder followed the grid. */
const SAME_RATE = 0.05;
/** A step of more than so many of its neighbours is a gap. */
const GAP_STEPS = 2.5;

/** Samples between which the time hardly changes. */
export interface TimedSamples {
  samples: Float64Array;
  /** time of each, seconds after the recording's start */
  times: Float64Array;
}

/** @param values one for each time of the time base */
export function piecesOf({ values, time }: { values: Float64Array; time: TimeBase }): TimedSamples[] {
  const times = secondsOf(time);
  if (time.kind === 'timestamps') return [{ samples: values, times }];
  return between(values, times, boundariesOf(time.sections));
}

/** The same, and times of their own also end a piece where samples are missing. */
export function piecesWithoutGaps({
  values,
  time,
}: {
  values: Float64Array;
  time: TimeBase;
}): TimedSamples[] {
  if (time.kind === 'rates') return piecesOf({ values, time });
  const { seconds } = time;
  const step = (i: number): number => (seconds[i] ?? 0) - (seconds[i - 1] ?? 0);
  const ends: number[] = [];
  for (let i = 1; i < seconds.length; i += 1) {
    const around = Math.max(i > 1 ? step(i - 1) : 0, i + 1 < seconds.length ? step(i + 1) : 0);
    if (seconds.length > 2 && step(i) > GAP_STEPS * around) ends.push(i);
  }
  return between(values, seconds, [...ends, seconds.length]);
}

function between(values: Float64Array, times: Float64Array, ends: readonly number[]): TimedSamples[] {
  return ends.map((to, i) => {
    const from = ends[i - 1] ?? 0;
    return { samples: values.subarray(from, to), times: times.subarray(from, to) };
  });
}

/** Where groups of sections end, as indices of samples. */
function boundariesOf(sections: Extract<TimeBase, { kind: 'rates' }>['sections']): number[] {
  const ends: number[] = [];
  let at = 0;
  for (const [i, { count, rateHz }] of sections.entries()) {
    at += count;
    const next = sections[i + 1];
    if (next === undefined || Math.abs(next.rateHz / rateHz - 1) > SAME_RATE) ends.push(at);
  }
  return ends;
}
