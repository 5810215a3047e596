/**
 * Zero crossings of the fundamental, rising and falling: what Urms(1/2) and the 10/12-cycle windows begin at (IEC 61000-4-30:2015, 5.1.1 and 5.4.1:
 * the crossings are those of the fundamental, whatever offset, harmonics and noise do).
 */
import type { FundamentalTrack } from './track.js';

export interface Crossings {
  /** in samples, fractional, one each half cycle, in order: 0 is when the first sample was taken */
  readonly at: Float64Array;
  /** the first one is a rising one; they alternate */
  readonly firstIsRising: boolean;
}

/**
 * Crossings from the waveform's first sample to its last. Before and behind the track (one cycle at each end) they go on
 * at the frequency of the cycle next to them; through an interruption at the frequency that joins both sides.
 */
export function zeroCrossings(track: FundamentalTrack): Crossings {
  const { phase, firstPlace, hop, length } = track;
  const count = phase.length;
  const last = firstPlace + (count - 1) * hop;
  const startStep = edgeStep(track, 0);
  const endStep = edgeStep(track, count - 1);
  const startPhase = (phase[0] ?? 0) - (firstPlace / hop) * startStep;
  const endPhase = (phase[count - 1] ?? 0) + ((length - 1 - last) / hop) * endStep;
  const found = new Float64Array(
    Math.max(0, Math.floor(endPhase / Math.PI) - Math.ceil(startPhase / Math.PI) + 2),
  );
  const firstNumber = Math.ceil(startPhase / Math.PI - 1e-9);
  let number = firstNumber;
  let filled = 0;
  const piece = (fromPlace: number, fromPhase: number, toPlace: number, toPhase: number): void => {
    while (number * Math.PI <= toPhase && filled < found.length) {
      const share = toPhase > fromPhase ? (number * Math.PI - fromPhase) / (toPhase - fromPhase) : 1;
      const place = fromPlace + (toPlace - fromPlace) * share;
      // a phase that runs backwards for a moment (a jump) must not put crossings out of order
      found[filled] = filled > 0 ? Math.max(place, found[filled - 1] ?? 0) : place;
      filled += 1;
      number += 1;
    }
  };
  piece(0, startPhase, firstPlace, phase[0] ?? 0);
  for (let m = 1; m < count; m += 1) {
    const from = phase[m - 1] ?? 0;
    const to = phase[m] ?? 0;
    if (number * Math.PI <= to) piece(firstPlace + (m - 1) * hop, from, firstPlace + m * hop, to);
  }
  piece(last, phase[count - 1] ?? 0, length - 1, endPhase + 1e-9);
  return { at: found.slice(0, filled), firstIsRising: firstNumber % 2 === 0 };
}

/** Phase a hop, over about four cycles next to an end; the whole track's frequency when that is unlikely. */
function edgeStep(track: FundamentalTrack, end: number): number {
  const { phase, hop, rate } = track;
  const usual = (2 * Math.PI * track.frequency * hop) / rate;
  const reach = Math.min(phase.length - 1, Math.round((4 * rate) / track.frequency / hop));
  if (!(reach >= 1)) return usual;
  const other = end === 0 ? reach : end - reach;
  const step = ((phase[end] ?? 0) - (phase[other] ?? 0)) / (end - other);
  return Math.abs(step / usual - 1) < 0.05 ? step : usual;
}

/** Crossings of a clock at a given frequency, for a waveform without a fundamental of its own (a dead input). */
export function clockCrossings(length: number, rate: number, frequency: number): Crossings {
  const half = rate / frequency / 2;
  const count = Math.floor(Math.max(0, length - 1) / half) + 1;
  return { at: Float64Array.from({ length: count }, (_, k) => k * half), firstIsRising: true };
}
