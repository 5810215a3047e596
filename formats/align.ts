/** Channels of several recorders on one time base, for formats that have only one. */
import { later } from './moment.js';
import { unwritable } from './problems.js';
import type { AnalogChannel, DigitalChannel, Recording, SampleArray, TimeBase } from './recording.js';
import { countOf, hasLowest } from './samples.js';
import { type Take, takeNew } from './scratch.js';

/** Rates that differ by less are one: what clocks of recorders are off is far more. */
const SAME_RATE = 1e-6;
/** Longer than any event; a box whose clock is wrong by a day would otherwise make a file of gigabytes. */
const MAX_SAMPLES = 200_000_000;

/**
 * The recording with all channels on one time base. Each channel is shifted by whole samples, what is left of its shift (below half a sample)
 * goes into its skew, and where another begins earlier or ends later its samples are missing. A channel with gaps is several runs, each at
 * the samples nearest to it, what is between them is missing. No sample changes.
 * @param format for messages
 * @param take memory for samples of 16 bits that are moved
 * @throws MakaiError RECORDING_INVALID when the channels' rates differ, or one has samples that are not evenly spaced
 */
export function aligned(
  recording: Recording,
  format: string,
  take: Take = takeNew,
): Recording & { time: TimeBase } {
  const channels = [...recording.analog, ...recording.digital];
  const first = channels[0];
  if (first === undefined) throw unwritable(format, 'the recording has no waveform', 'Export values as CSV.');
  if (channels.every(({ time }) => sameTime(time, first.time))) return fromFirstSample(recording, first.time);
  const spans = channels.map((channel) => spanOf(channel, format));
  // A single sample has no rate.
  const rateHz = spans.find((span) => span.rateHz > 0)?.rateHz ?? 1;
  for (const [i, span] of spans.entries()) {
    if (span.rateHz === 0 || Math.abs(span.rateHz / rateHz - 1) <= SAME_RATE) continue;
    const names = `${first.name} has ${rateHz} Hz, ${channels[i]?.name} ${span.rateHz} Hz`;
    throw unwritable(
      format,
      `its channels have different sampling rates: ${names}`,
      'Export them one by one.',
    );
  }
  const from = Math.min(...spans.map(({ startS }) => startS));
  const shiftOf = ({ startS }: Pick<Span, 'startS'>): number => Math.round((startS - from) * rateHz);
  const count = Math.max(...spans.flatMap(({ runs }) => runs.map((run) => shiftOf(run) + run.count)));
  if (!(count * channels.length <= MAX_SAMPLES)) {
    throw unwritable(
      format,
      `its channels lie ${(count / rateHz).toPrecision(4)} s apart`,
      'Export them one by one.',
    );
  }
  const time: TimeBase = { kind: 'rates', startS: 0, sections: [{ count, rateHz }] };
  const placed = <T extends { time: TimeBase }>(channel: T, index: number) => {
    const span = spans[index] ?? { startS: from, rateHz, runs: [] };
    const places = span.runs.map((run) => ({ ...run, to: shiftOf(run) }));
    for (const [i, { to }] of places.entries()) {
      const before = places[i - 1];
      if (before === undefined || to >= before.to + before.count) continue;
      throw unwritable(
        format,
        `samples of ${channels[index]?.name} overlap`,
        'Export its box alone (--box).',
      );
    }
    return { places, restS: span.startS - from - shiftOf(span) / rateHz, channel };
  };
  const analogs = recording.analog.length;
  return {
    ...recording,
    start: recording.start === undefined ? undefined : later(recording.start, from),
    analog: recording.analog.map((channel, i) => {
      const { places, restS } = placed(channel, i);
      return { ...padded(channel, places, count, take), time, skewS: channel.skewS + restS };
    }),
    digital: recording.digital.map((channel, i) => {
      const states = new Uint8Array(count).fill(channel.normal);
      for (const { first, count: length, to } of placed(channel, analogs + i).places)
        states.set(channel.states.subarray(first, first + length), to);
      return { ...channel, states, time };
    }),
    time,
  };
}

/** The start is that of the first sample, which is at 0 of the time base. */
function fromFirstSample(recording: Recording, shared: TimeBase): Recording & { time: TimeBase } {
  const from = shared.kind === 'rates' ? shared.startS : (shared.seconds[0] ?? 0);
  if (from === 0) return { ...recording, time: shared };
  const time: TimeBase =
    shared.kind === 'rates'
      ? { ...shared, startS: 0 }
      : { kind: 'timestamps', seconds: shared.seconds.map((second) => second - from) };
  return {
    ...recording,
    start: recording.start === undefined ? undefined : later(recording.start, from),
    analog: recording.analog.map((channel) => ({ ...channel, time })),
    digital: recording.digital.map((channel) => ({ ...channel, time })),
    time,
  };
}

/** Evenly spaced samples from `first` on. */
interface Run {
  first: number;
  count: number;
  startS: number;
}

interface Span {
  startS: number;
  /** 0: not known */
  rateHz: number;
  /** rising, at least one */
  runs: Run[];
}

function spanOf({ time, name }: AnalogChannel | DigitalChannel, format: string): Span {
  if (time.kind === 'rates' && time.sections.length === 1) {
    const { startS } = time;
    const [{ count, rateHz } = { count: 0, rateHz: 1 }] = time.sections;
    return { startS, rateHz, runs: [{ first: 0, count, startS }] };
  }
  const span = time.kind === 'timestamps' ? spanWithGaps(time.seconds) : undefined;
  if (span !== undefined) return span;
  throw unwritable(format, `channel ${name} has times of its own`, 'Export its box alone (--box).');
}

/** What the steps of a run may differ by: times are rounded where they are written. */
const SAME_STEP = 0.01;
/** Fewer samples than so many for each run are no runs with gaps, but times of their own. */
const USUAL_RUN = 20;

/** @returns undefined where the samples are not evenly spaced but for gaps */
function spanWithGaps(seconds: Float64Array): Span | undefined {
  const steps = Float64Array.from(seconds.subarray(1), (second, i) => second - (seconds[i] ?? 0)).sort();
  const usual = steps[steps.length >> 1] ?? 0;
  if (!(usual > 0)) return undefined;
  const runs: Run[] = [];
  let first = 0;
  let inRuns = 0;
  let stepsInRuns = 0;
  for (let i = 1; i <= seconds.length; i += 1) {
    const step = (seconds[i] ?? Number.POSITIVE_INFINITY) - (seconds[i - 1] ?? 0);
    if (!(step > 0)) return undefined;
    if (Math.abs(step / usual - 1) <= SAME_STEP) continue;
    if (step < usual) return undefined;
    runs.push({ first, count: i - first, startS: seconds[first] ?? 0 });
    inRuns += (seconds[i - 1] ?? 0) - (seconds[first] ?? 0);
    stepsInRuns += i - 1 - first;
    first = i;
  }
  if (runs.length * USUAL_RUN > seconds.length) return undefined;
  return { startS: runs[0]?.startS ?? 0, rateHz: stepsInRuns / inRuns, runs };
}

/** Whether two time bases give the same times. */
export function sameTime(one: TimeBase, other: TimeBase): boolean {
  if (one === other) return true;
  if (one.kind === 'timestamps') {
    return (
      other.kind === 'timestamps' &&
      one.seconds.length === other.seconds.length &&
      one.seconds.every((second, i) => second === other.seconds[i])
    );
  }
  return (
    other.kind === 'rates' &&
    one.startS === other.startS &&
    one.sections.length === other.sections.length &&
    one.sections.every(({ count, rateHz }, i) => {
      const section = other.sections[i];
      return section?.count === count && section.rateHz === rateHz;
    })
  );
}

/** The channel's samples at their places among `count`; the others are missing. */
function padded(
  channel: AnalogChannel,
  places: readonly (Run & { to: number })[],
  count: number,
  take: Take,
): AnalogChannel {
  const { samples } = channel;
  if (places.length === 1 && places[0]?.to === 0 && samples.length === count) return channel;
  const marked = withMissing(channel);
  const wider = copyOf(marked.samples, count, marked.missing ?? Number.NaN, take);
  for (const { first, count: length, to } of places)
    wider.set(marked.samples.subarray(first, first + length), to);
  return { ...marked, samples: wider };
}

function copyOf(samples: SampleArray, count: number, filler: number, take: Take): SampleArray {
  if (samples instanceof Int16Array) {
    const { buffer, byteOffset } = take(2 * count);
    return new Int16Array(buffer, byteOffset, count).fill(filler);
  }
  if (samples instanceof Int32Array) return new Int32Array(count).fill(filler);
  if (samples instanceof Float32Array) return new Float32Array(count).fill(filler);
  return new Float64Array(count).fill(filler);
}

const MISSING_16 = -0x8000;
const MISSING_32 = -0x8000_0000;

/** The channel with a number that stands for a missing sample: one that no sample has, in wider numbers where there is none. */
function withMissing(channel: AnalogChannel): AnalogChannel {
  const { samples, missing } = channel;
  if (missing !== undefined || samples instanceof Float32Array || samples instanceof Float64Array)
    return channel;
  if (samples instanceof Int16Array) {
    if (!hasLowest(samples)) return { ...channel, missing: MISSING_16 };
    return { ...channel, samples: Int32Array.from(samples), missing: MISSING_32 };
  }
  if (!samples.includes(MISSING_32)) return { ...channel, missing: MISSING_32 };
  return { ...channel, samples: Float64Array.from(samples) };
}

/** Samples that a recording's channels share. @throws MakaiError where a channel has another number than its time base */
export function sharedCount(recording: Recording & { time: TimeBase }, format: string): number {
  const count = countOf(recording.time);
  for (const { name, samples } of recording.analog) {
    if (samples.length === count) continue;
    throw unwritable(
      format,
      `channel ${name} has ${samples.length} samples and times for ${count}`,
      'Report this.',
    );
  }
  for (const { name, states } of recording.digital) {
    if (states.length === count) continue;
    throw unwritable(
      format,
      `channel ${name} has ${states.length} states and times for ${count}`,
      'Report this.',
    );
  }
  if (count === 0) throw unwritable(format, 'the recording has no sample', 'Export another one.');
  return count;
}
