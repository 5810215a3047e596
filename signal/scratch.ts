/**
 * Memory for the arrays of one analysis, used again by the next one. New arrays of a waveform's length cost time and memory: each page is cleared when it is first touched, and their memory is freed only
 * when their small JavaScript objects are collected.
 */

/** @returns an array of this length, its content undefined */
export type Take = (length: number) => Float64Array;

/** Memory of its own each time, all zeros. */
export const takeNew: Take = (length) => new Float64Array(length);

/** Doubles that are kept: enough for a waveform of 14 s. Longer ones are rare, and get memory of their own, so that it is freed. */
const MOST_KEPT = 524_288;

export class Scratch {
  #memory = new Float64Array(0);
  #used = 0;
  #wanted = 0;

  /** What was taken before is overwritten by what is taken from now on. */
  reset(): void {
    const length = Math.min(MOST_KEPT, this.#wanted);
    if (length > this.#memory.length) this.#memory = new Float64Array(length);
    this.#used = 0;
    this.#wanted = 0;
  }

  readonly take: Take = (length) => {
    const from = this.#used;
    this.#wanted += length;
    if (from + length > this.#memory.length) return new Float64Array(length);
    this.#used = from + length;
    return this.#memory.subarray(from, this.#used);
  };
}
