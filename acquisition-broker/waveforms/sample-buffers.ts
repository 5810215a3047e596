/**
 * Reused memory for samples that wait for the store. New memory for each waveform would be promoted to the old heap while it waits, and only
 * a full garbage collection would free it.
 */

/** Buffers kept, and the longest: a minute of one box. */
const MAX_KEPT = 16;
const LONGEST_KEPT_BYTES = 2 * 1024 * 1024;
const ROUNDED_TO = 64 * 1024;

export class SampleBuffers {
  readonly #free: ArrayBuffer[] = [];

  /** A copy of the samples in memory of ours. */
  hold(samples: Int16Array): Int16Array {
    const { byteLength, length } = samples;
    const at = this.#free.findIndex((buffer) => buffer.byteLength >= byteLength);
    const [found] = at < 0 ? [] : this.#free.splice(at, 1);
    const buffer = found ?? new ArrayBuffer(Math.ceil(Math.max(byteLength, 1) / ROUNDED_TO) * ROUNDED_TO);
    const held = new Int16Array(buffer, 0, length);
    held.set(samples);
    return held;
  }

  /** The samples of `hold` are no longer used. */
  release({ buffer }: Int16Array): void {
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength > LONGEST_KEPT_BYTES) return;
    if (this.#free.length < MAX_KEPT) this.#free.push(buffer);
  }
}
