/** What comes in, checked and cut into stretches without a gap. Nothing here throws: what is wrong becomes a remark. */

import type { SampleRun } from '../sample-times.js';
import { MAX_RATE, MIN_RATE, type Samples, toVolts } from '../samples.js';
import type { Take } from '../scratch.js';
import type { Remark } from './types.js';

export interface WaveformOptions {
  /** samples a second, 800 to 256,000 */
  rate: number;
  /** V RMS */
  nominalVoltage: number;
  /** Hz */
  nominalFrequency: number;
  /** counts per volt (1 for samples in volts); without it, or when it is wrong, nothing is judged in volts */
  calibration?: number | undefined;
  /** Unix ms of the first sample */
  startMs: number;
  /** where samples are missing: so many ms before sample `at` */
  gaps?: readonly Gap[] | undefined;
}

export interface Gap {
  at: number;
  ms: number;
}

/** Samples that follow one another without a gap. */
export interface Stretch {
  startMs: number;
  /** V, or counts */
  x: Float64Array;
}

/** The gaps between runs of `sampleRuns`, for `WaveformOptions.gaps`. */
export function gapsOf(runs: readonly SampleRun[]): Gap[] {
  return runs.slice(1).map((run, i) => {
    const before = runs[i];
    const end = before === undefined ? run.startMs : before.startMs + before.count * before.stepMs;
    return { at: run.first, ms: run.startMs - end };
  });
}

/** Says what is wrong with the options; undefined when nothing is. */
export function badOptions({ rate, nominalVoltage, nominalFrequency }: WaveformOptions): Remark | undefined {
  const bad = !(rate >= MIN_RATE && rate <= MAX_RATE)
    ? `a rate of ${rate} Hz: it must be ${MIN_RATE} to ${MAX_RATE}`
    : !(nominalVoltage > 0 && nominalVoltage < 1e7)
      ? `a nominal voltage of ${nominalVoltage} V`
      : !(nominalFrequency >= 40 && nominalFrequency <= 70)
        ? `a nominal frequency of ${nominalFrequency} Hz: a grid of 50 or 60 Hz is judged`
        : undefined;
  return bad === undefined ? undefined : { code: 'BAD_OPTIONS', text: `not judged: ${bad}` };
}

/** Cuts at gaps and at samples that are no numbers; stretches shorter than a cycle are left out, with a remark. */
export function stretchesOf(
  samples: Samples,
  options: WaveformOptions,
  remarks: Remark[],
  take: Take,
): Stretch[] {
  const { rate, nominalFrequency, startMs } = options;
  const known = options.calibration !== undefined && options.calibration > 0;
  const countsPerVolt = known ? (options.calibration ?? 1) : 1;
  const cuts = cutsOf(samples, options);
  const cycle = rate / nominalFrequency;
  const found: Stretch[] = [];
  let short = 0;
  let missingMs = 0;
  for (const [i, { at, ms }] of cuts.entries()) {
    missingMs += ms;
    for (const [from, to] of finitePieces(samples, at, cuts[i + 1]?.at ?? samples.length, remarks)) {
      if (to - from < Math.floor(cycle)) {
        short += 1;
        continue;
      }
      const x = toVolts(samples, countsPerVolt, from, to, take);
      found.push({ startMs: startMs + missingMs + (from * 1000) / rate, x });
    }
  }
  if (cuts.length > 1) {
    remarks.push({ code: 'GAPS', text: `${cuts.length - 1} gaps, ${Math.round(missingMs)} ms missing` });
  }
  if (short > 0) {
    const what = found.length === 0 ? 'not judged: ' : '';
    remarks.push({ code: 'TOO_SHORT', text: `${what}${short} stretches are shorter than a cycle` });
  }
  return found;
}

/** In order, from sample 0 on; what makes no sense (outside, out of order) is left out. */
function cutsOf(samples: Samples, { gaps = [] }: WaveformOptions): Gap[] {
  const cuts: Gap[] = [{ at: 0, ms: 0 }];
  for (const { at, ms } of [...gaps].sort((a, b) => a.at - b.at)) {
    const place = Math.round(at);
    if (place > (cuts.at(-1)?.at ?? 0) && place < samples.length && Number.isFinite(ms))
      cuts.push({ at: place, ms });
  }
  return cuts;
}

/** Stretches of numbers: NaN and infinities cut. */
function* finitePieces(
  samples: Samples,
  from: number,
  to: number,
  remarks: Remark[],
): Generator<readonly [number, number]> {
  if (samples instanceof Int16Array) {
    yield [from, to];
    return;
  }
  let start = from;
  let lost = 0;
  for (let i = from; i < to; i += 1) {
    if (Number.isFinite(samples[i])) continue;
    if (i > start) yield [start, i];
    start = i + 1;
    lost += 1;
  }
  if (lost > 0)
    remarks.push({ code: 'NOT_FINITE', text: `${lost} samples are no numbers and were left out` });
  if (start < to) yield [start, to];
}
