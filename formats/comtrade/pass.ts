/** Numbers of a channel, some records at a time: what is written several times stays in the processor's first cache. */
import type { Placed } from '../placed.js';
import type { SampleArray } from '../recording.js';
import type { Encoded } from './encode.js';

export type Column = Encoded & Placed;

export function columnOf({ numbers, a, b, missing, min, max }: Encoded, places: Placed['places']): Column {
  return { numbers, a, b, missing, min, max, places };
}

/** Records of one pass; a multiple of four, which are written in one step. */
export const PASS_RECORDS = 4096;
/** Room for the widest numbers of one pass. */
export const PASS_BYTES = 8 * PASS_RECORDS;

/** The numbers of one pass, with the missing ones between a channel's places. */
export class Pass {
  readonly numbers: SampleArray;
  /** the same memory */
  readonly words: Int32Array;
  readonly #column: Column;
  /** first place that does not end before the pass */
  #place = 0;

  /** @param memory so many bytes as a pass may need; several take turns with it */
  constructor(column: Column, memory: Buffer) {
    this.#column = column;
    this.numbers = oneLike(column.numbers, memory);
    const { buffer, byteLength, byteOffset } = this.numbers;
    this.words = new Int32Array(buffer, byteOffset, byteLength / 4);
  }

  /** Takes records `from` to `to - 1`, which follow those taken before. */
  load(from: number, to: number): void {
    const { missing, numbers, places } = this.#column;
    if (places === undefined) {
      this.numbers.set(numbers.subarray(from, to));
      return;
    }
    let done = from;
    for (let i = this.#place; i < places.length; i += 1) {
      const { count, first, to: at } = places[i] ?? { count: 0, first: 0, to: 0 };
      if (at >= to) break;
      const part = numbers.subarray(first + Math.max(0, from - at), first + Math.min(count, to - at));
      const begin = Math.max(from, at);
      if (begin > done) this.numbers.fill(missing, done - from, begin - from);
      this.numbers.set(part, begin - from);
      done = begin + part.length;
      if (at + count <= to) this.#place = i + 1;
    }
    if (done < to) this.numbers.fill(missing, done - from, to - from);
  }
}

function oneLike(numbers: SampleArray, { buffer, byteOffset }: Buffer): SampleArray {
  if (numbers instanceof Int16Array) return new Int16Array(buffer, byteOffset, PASS_RECORDS);
  if (numbers instanceof Int32Array) return new Int32Array(buffer, byteOffset, PASS_RECORDS);
  if (numbers instanceof Float32Array) return new Float32Array(buffer, byteOffset, PASS_RECORDS);
  return new Float64Array(buffer, byteOffset, PASS_RECORDS);
}
