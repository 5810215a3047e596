/** Waveform frames of both dialects with protobufjs. */
import { DecodeError } from './codec.js';
import type { Waveform } from './messages.js';
import { wireCodec } from './schema.js';
import { decodedUint64, int32, uint64 } from './values.js';

interface WireCycle2 {
  time: number;
  data: number[];
}

interface WireCycle3 {
  datapoints: number[];
  timestampMs: number;
}

const dataMessage = wireCodec<{ id: number; cycles: WireCycle2[] }>('opq.proto.DataMessage');
const cycle3 = wireCodec<WireCycle3>('opq.opqbox3.Cycle');

/**
 * Cycles of a Box 2 reply.
 * @param frames the DataMessage frames, those after frame 0
 * @param expectedBoxId the box that must have sent each of them
 * @throws DecodeError for bytes that are not such a message, another box's id, or a sample past 16 bits
 */
export function decodeCycles2(frames: readonly Uint8Array[], expectedBoxId?: number): Waveform {
  const cycles = frames.flatMap((frame) => {
    const { id, cycles } = dataMessage.decode(frame);
    if (expectedBoxId !== undefined && id !== expectedBoxId) {
      throw new DecodeError(`DataMessage: from box ${id}, not ${expectedBoxId}`);
    }
    return cycles.map(({ time, data }) => ({ time, data }));
  });
  return waveform(cycles);
}

/**
 * Cycles of a Box 3 reply.
 * @param frames the Cycle frames, those after frame 0; packed or not
 * @throws DecodeError for bytes that are not such a message, or a sample past 16 bits
 */
export function decodeCycles3(frames: readonly Uint8Array[]): Waveform {
  return waveform(
    frames.map((frame) => {
      const { timestampMs, datapoints } = cycle3.decode(frame);
      return { time: timestampMs, data: datapoints };
    }),
  );
}

/** One DataMessage frame for the cycles given: what a Box 2 sends for one measurement. */
export function encodeCycles2(boxId: number, cycles: Waveform): Uint8Array {
  const list = [...eachCycle(cycles)].map(({ time, data }) => ({ time: uint64(time, 'time'), data }));
  return dataMessage.encode({ id: int32(boxId, 'id'), cycles: list });
}

/** One frame a cycle, not packed: what a Box 3 sends. */
export function encodeCycles3(cycles: Waveform): Uint8Array[] {
  return [...eachCycle(cycles)].map(({ time, data }) =>
    cycle3.encode({ datapoints: data, timestampMs: uint64(time, 'timestamp_ms') }),
  );
}

function waveform(cycles: readonly WireCycle2[]): Waveform {
  const samples = new Int16Array(cycles.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of cycles) {
    for (const value of data) {
      if (value < -0x8000 || value > 0x7fff) throw new DecodeError(`Cycle: sample ${value} is past 16 bits`);
      samples[at++] = value;
    }
  }
  return {
    timesMs: cycles.map(({ time }) => decodedUint64(time, 'time of a cycle')),
    cycleLengths: cycles.map(({ data }) => data.length),
    samples,
  };
}

function* eachCycle({ timesMs, cycleLengths, samples }: Waveform): Generator<WireCycle2> {
  if (timesMs.length !== cycleLengths.length) throw new RangeError('one time for each cycle is needed');
  let at = 0;
  for (const [i, length] of cycleLengths.entries()) {
    if (at + length > samples.length) throw new RangeError('fewer samples than the cycle lengths add up to');
    yield { time: timesMs[i] ?? 0, data: Array.from(samples.subarray(at, at + length)) };
    at += length;
  }
}
