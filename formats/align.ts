/** Channels of several recorders on one time base, for formats that have only one. */
import { onTime, type Place, type Placed, type PlacedRecording, startingAt } from './placed.js';
import { unwritable } from './problems.js';
import type { AnalogChannel, DigitalChannel, Recording, SampleArray, TimeBase } from './recording.js';
import { countOf, hasLowest } from './samples.js';

/** Rates that differ by less are one: what clocks of recorders are off is far more. */
const SAME_RATE = 1e-6;
/** Longer than any event; a box whose clock is wrong by a day would otherwise make a file of gigabytes. */
const MAX_SAMPLES = 200_000_000;

/**
 * The recording with all channels on one time base. Each channel is shifted by whole samples, what is left of its shift (below half a sample)
 * goes into its skew, and where another begins earlier or ends later its samples are missing. A channel with gaps is several runs, each at
 * the samples nearest to it, what is between them is missing. No sample changes.
 * @param format for messages
 * @throws MakaiError RECORDING_INVALID when the channels' rates differ, or one has samples that are not evenly spaced
 */
export function aligned(recording: Recording, format: string): Recording & { time: TimeBase } {
  const whole = inPlace(recording, format);
  const count = countOf(whole.time);
  whole.analog = whole.analog.map((channel) => padded(channel, count));
  return whole;
}

/** As `aligned`, but the samples of analog channels stay where they are, since moving them takes as long as writing them; their places say where they belong. */
export function inPlace(recording: Recording, format: string): PlacedRecording {
  const channels = [...recording.analog, ...recording.digital];
  const first = channels[0];
  if (first === undefined) throw unwritable(format, 'the recording has no waveform', 'Export values as CSV.');
  if (channels.every(({ time }) => sameTime(time, first.time))) return fromFirstSample(recording, first.time);
  const spans = channels.map((channel) => spanOf(channel, format));
  // A single sample has no rate.
  const rateHz = spans.find((span) => span.rateHz > 0)?.rateHz ?? 1;
  let from = Number.POSITIVE_INFINITY;
  for (const [i, span] of spans.entries()) {
    from = Math.min(from, span.startS);
    if (span.rateHz === 0 || Math.abs(span.rateHz / rateHz - 1) <= SAME_RATE) continue;
    const names = `${first.name} has ${rateHz} Hz, ${channels[i]?.name} ${span.rateHz} Hz`;
    throw unwritable(
      format,
      `its channels have different sampling rates: ${names}`,
      'Export them one by one.',
    );
  }
  const shiftOf = (startS: number): number => Math.round((startS - from) * rateHz);
  let count = 0;
  for (const { runs } of spans)
    for (const run of runs) count = Math.max(count, shiftOf(run.startS) + run.count);
  if (!(count * channels.length <= MAX_SAMPLES)) {
    throw unwritable(
      format,
      `its channels lie ${(count / rateHz).toPrecision(4)} s apart`,
      'Export them one by one.',
    );
  }
  const time: TimeBase = { kind: 'rates', startS: 0, sections: [{ count, rateHz }] };
  const placesOf = (index: number): Place[] => {
    const places = (spans[index]?.runs ?? []).map((run) => ({
      first: run.first,
      count: run.count,
      to: shiftOf(run.startS),
    }));
    for (const [i, { to }] of places.entries()) {
      const before = places[i - 1];
      if (before === undefined || to >= before.to + before.count) continue;
      throw unwritable(
        format,
        `samples of ${channels[index]?.name} overlap`,
        'Export its box alone (--box).',
      );
    }
    return places;
  };
  const analog = recording.analog.map((channel, i) => {
    const places = placesOf(i);
    const isWhole = places.length === 1 && places[0]?.to === 0 && channel.samples.length === count;
    const startS = spans[i]?.startS ?? from;
    const moved = onTime(channel, time, startS - from - shiftOf(startS) / rateHz);
    if (isWhole) return moved;
    moved.places = places;
    markMissing(moved);
    return moved;
  });
  const digital = recording.digital.map((channel, i) => {
    const states = new Uint8Array(count).fill(channel.normal);
    for (const { first, count: length, to } of placesOf(recording.analog.length + i))
      states.set(channel.states.subarray(first, first + length), to);
    return { ...channel, states, time };
  });
  return startingAt(recording, from, { analog, digital, time });
}

/** The start is that of the first sample, which is at 0 of the time base. */
function fromFirstSample(recording: Recording, shared: TimeBase): PlacedRecording {
  const from = shared.kind === 'rates' ? shared.startS : (shared.seconds[0] ?? 0);
  if (from === 0)
    return startingAt(recording, 0, { analog: recording.analog, digital: recording.digital, time: shared });
  const time: TimeBase =
    shared.kind === 'rates'
      ? { ...shared, startS: 0 }
      : { kind: 'timestamps', seconds: shared.seconds.map((second) => second - from) };
  const analog = recording.analog.map((channel) => onTime(channel, time, 0));
  const digital = recording.digital.map((channel) => ({ ...channel, time }));
  return startingAt(recording, from, { analog, digital, time });
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
function padded(channel: AnalogChannel & Placed, count: number): AnalogChannel {
  const { missing = Number.NaN, places, samples, time } = channel;
  if (places === undefined) return channel;
  const copy = onTime(channel, time, 0);
  copy.samples = spread(samples, places, count, missing);
  return copy;
}

/** A copy of the samples at their places among `count` that are `filler` elsewhere. */
export function spread(
  samples: SampleArray,
  places: readonly Place[],
  count: number,
  filler: number,
): SampleArray {
  const wider = filled(samples, count, filler);
  for (const { first, count: length, to } of places) wider.set(samples.subarray(first, first + length), to);
  return wider;
}

function filled(samples: SampleArray, count: number, filler: number): SampleArray {
  if (samples instanceof Int16Array) return new Int16Array(count).fill(filler);
  if (samples instanceof Int32Array) return new Int32Array(count).fill(filler);
  if (samples instanceof Float32Array) return new Float32Array(count).fill(filler);
  return new Float64Array(count).fill(filler);
}

const MISSING_16 = -0x8000;
const MISSING_32 = -0x8000_0000;

/** Gives the channel a number that stands for a missing sample: one that no sample has, in wider numbers where there is none. */
function markMissing(channel: AnalogChannel): void {
  const { samples, missing } = channel;
  if (missing !== undefined || samples instanceof Float32Array || samples instanceof Float64Array) return;
  if (samples instanceof Int16Array && !hasLowest(samples)) channel.missing = MISSING_16;
  else if (samples instanceof Int16Array) {
    channel.samples = Int32Array.from(samples);
    channel.missing = MISSING_32;
  } else if (!samples.includes(MISSING_32)) channel.missing = MISSING_32;
  else channel.samples = Float64Array.from(samples);
}

/** Samples that a recording's channels share. @throws MakaiError where a channel has another number than its time base */
export function sharedCount(recording: PlacedRecording, format: string): number {
  const count = countOf(recording.time);
  for (const { name, places, samples } of recording.analog) {
    if (places !== undefined || samples.length === count) continue;
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
