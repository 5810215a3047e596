/**
 * Memory for files that are written out and forgotten. New memory costs more than what is written into it (each page is cleared when it is first touched), so
 * an exporter takes the same memory again for each event.
 */

/** @returns so many bytes, their content undefined */
export type Take = (bytes: number) => Buffer;

/** Memory of its own each time. */
export const takeNew: Take = (bytes) => Buffer.allocUnsafeSlow(bytes);

/** Larger files are rare, and get memory of their own, so that it is freed. */
const MAX_KEPT = 16_777_216;
/** Where typed arrays of any number may begin. */
const ALIGNED = 8;

export class Scratch {
  #memory: Buffer = Buffer.alloc(0);
  #used = 0;
  #wanted = 0;

  /** What was taken before is overwritten by what is taken from now on. */
  reset(): void {
    if (this.#wanted > this.#memory.length) this.#memory = takeNew(Math.min(MAX_KEPT, 2 * this.#wanted));
    this.#used = 0;
    this.#wanted = 0;
  }

  readonly take: Take = (bytes) => {
    const from = this.#used;
    const to = from + bytes;
    this.#wanted += bytes + ALIGNED;
    if (to > this.#memory.length) return takeNew(bytes);
    this.#used = Math.ceil(to / ALIGNED) * ALIGNED;
    return this.#memory.subarray(from, to);
  };
}

/** The parts one after the other. */
export function concatenated(parts: readonly Uint8Array[], take: Take): Buffer {
  const bytes = take(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
