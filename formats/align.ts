/** Channels of several recorders on one time base, for formats that have only one. */
import { later } from './moment.js';
import { unwritable } from './problems.js';
import type { AnalogChannel, DigitalChannel, Recording, SampleArray, TimeBase } from './recording.js';
import { countOf } from './samples.js';

/** Rates that differ by less are one: what clocks of recorders are off is far more. */
const SAME_RATE = 1e-6;
/** Longer than any event; a box whose clock is wrong by a day would otherwise make a file of gigabytes. */
const MAX_SAMPLES = 200_000_000;

/**
 * The recording with all channels on one time base. Each channel is shifted by whole samples, what is left of its shift (below half a sample)
 * goes into its skew, and where another begins earlier or ends later its samples are missing. No sample changes.
 * @param format for messages
 * @throws MakaiError RECORDING_INVALID when the channels' rates differ, or have stamps that differ
 */
export function aligned(recording: Recording, format: string): Recording & { time: TimeBase } {
  const channels = [...recording.analog, ...recording.digital];
  const first = channels[0];
  if (first === undefined) throw unwritable(format, 'the recording has no waveform', 'Export values as CSV.');
  if (channels.every(({ time }) => sameTime(time, first.time))) return fromFirstSample(recording, first.time);
  const spans = channels.map((channel) => spanOf(channel, format));
  const rateHz = spans[0]?.rateHz ?? 1;
  for (const [i, span] of spans.entries()) {
    if (Math.abs(span.rateHz / rateHz - 1) <= SAME_RATE) continue;
    const names = `${first.name} has ${rateHz} Hz, ${channels[i]?.name} ${span.rateHz} Hz`;
    throw unwritable(
      format,
      `its channels have different sampling rates: ${names}`,
      'Export them one by one.',
    );
  }
  const from = Math.min(...spans.map(({ startS }) => startS));
  const shiftOf = ({ startS }: Span): number => Math.round((startS - from) * rateHz);
  const count = Math.max(...spans.map((span) => shiftOf(span) + span.count));
  if (!(count * channels.length <= MAX_SAMPLES)) {
    throw unwritable(
      format,
      `its channels lie ${(count / rateHz).toPrecision(4)} s apart`,
      'Export them one by one.',
    );
  }
  const time: TimeBase = { kind: 'rates', startS: 0, sections: [{ count, rateHz }] };
  const placed = <T extends { time: TimeBase }>(channel: T, index: number) => {
    const span = spans[index] ?? { startS: from, count: 0, rateHz };
    const shift = shiftOf(span);
    return { shift, restS: span.startS - from - shift / rateHz, channel };
  };
  const analogs = recording.analog.length;
  return {
    ...recording,
    start: recording.start === undefined ? undefined : later(recording.start, from),
    analog: recording.analog.map((channel, i) => {
      const { shift, restS } = placed(channel, i);
      return { ...padded(channel, shift, count), time, skewS: channel.skewS + restS };
    }),
    digital: recording.digital.map((channel, i) => {
      const states = new Uint8Array(count).fill(channel.normal);
      states.set(channel.states, placed(channel, analogs + i).shift);
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
      : { kind: 'stamps', seconds: shared.seconds.map((second) => second - from) };
  return {
    ...recording,
    start: recording.start === undefined ? undefined : later(recording.start, from),
    analog: recording.analog.map((channel) => ({ ...channel, time })),
    digital: recording.digital.map((channel) => ({ ...channel, time })),
    time,
  };
}

interface Span {
  startS: number;
  count: number;
  rateHz: number;
}

function spanOf({ time, name }: AnalogChannel | DigitalChannel, format: string): Span {
  if (time.kind === 'rates' && time.sections.length === 1) {
    const { startS } = time;
    const [{ count, rateHz } = { count: 0, rateHz: 1 }] = time.sections;
    return { startS, count, rateHz };
  }
  throw unwritable(format, `channel ${name} has times of its own`, 'Export its box alone (--box).');
}

/** Whether two time bases give the same times. */
export function sameTime(one: TimeBase, other: TimeBase): boolean {
  if (one === other) return true;
  if (one.kind === 'stamps') {
    return (
      other.kind === 'stamps' &&
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

/** The channel's samples from `shift` on among `count`; the others are missing. */
function padded(channel: AnalogChannel, shift: number, count: number): AnalogChannel {
  const { samples } = channel;
  if (shift === 0 && samples.length === count) return channel;
  const marked = withMissing(channel);
  const wider = copyOf(marked.samples, count, marked.missing ?? Number.NaN);
  wider.set(marked.samples, shift);
  return { ...marked, samples: wider };
}

function copyOf(samples: SampleArray, count: number, filler: number): SampleArray {
  if (samples instanceof Int16Array) return new Int16Array(count).fill(filler);
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
    if (!samples.includes(MISSING_16)) return { ...channel, missing: MISSING_16 };
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
