/** Encodes waveform frames as the boxes do (the simulated box, tests). Decoding is in waveform-decoder.ts. */
import type { Waveform } from './messages.js';
import { wireCodec } from './schema.js';
import { int32, uint64 } from './values.js';

interface Cycle2 {
  time: number;
  data: number[];
}

const dataMessage = wireCodec<{ id: number; cycles: Cycle2[] }>('opq.proto.DataMessage');
const cycle = wireCodec<{ datapoints: number[]; timestampMs: number }>('opq.opqbox3.Cycle');

/**
 * One DataMessage frame for the cycles given: what a Box 2 sends for one measurement.
 * @throws RangeError when lengths, times and samples do not fit each other, or for a number that the wire cannot hold
 */
export function encodeCycles2(boxId: number, cycles: Waveform): Uint8Array {
  return dataMessage.encode({ id: int32(boxId, 'id'), cycles: [...eachCycle(cycles)] });
}

/**
 * One frame a cycle, not packed: what a Box 3 sends.
 * @throws RangeError as `encodeCycles2`
 */
export function encodeCycles3(cycles: Waveform): Uint8Array[] {
  return [...eachCycle(cycles)].map(({ time, data }) =>
    cycle.encode({ datapoints: data, timestampMs: time }),
  );
}

function* eachCycle({ timesMs, cycleLengths, samples }: Waveform): Generator<Cycle2> {
  if (timesMs.length !== cycleLengths.length) throw new RangeError('there must be one time for each cycle');
  let at = 0;
  for (const [i, length] of cycleLengths.entries()) {
    yield {
      time: uint64(timesMs[i] ?? 0, 'time of a cycle'),
      data: Array.from(samples.subarray(at, at + length)),
    };
    at += length;
  }
  if (at !== samples.length) throw new RangeError('the cycle lengths do not add up to the samples');
}
