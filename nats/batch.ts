/**
 * A batch of messages of boxes, as it is in the stream: the frames as they came, behind a header (docs/cluster.md).
 *
 *     version (1 byte, 1) · zero (1) · number of messages (2, little-endian) · when the first one was received (8, double, Unix ms)
 *     each message: number of frames (1) · each frame: length (LEB128) · bytes
 */

const VERSION = 1;
const HEADER_BYTES = 12;
const FIRST_CAPACITY = 2048;
const MAX_FRAMES = 8;
const LENGTH_BYTES_MAX = 4;

/** A batch is closed before it becomes longer than this, unless one message alone is. Far below the 1 MiB that a NATS server takes by default. */
export const BATCH_BYTES = 65_536;
/** The longest message that a batch takes, with the lengths of its frames: a measurement of either box has less than 200 bytes. */
export const MESSAGE_BYTES = 65_536 + 64;
const MAX_MESSAGES = 65_535;

/** Gathers messages into a batch. */
export class BatchBuilder {
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  #length = HEADER_BYTES;
  #messages = 0;

  get messages(): number {
    return this.#messages;
  }

  /** Whether a message belongs into this batch; an empty one takes every message. */
  fits(size: number): boolean {
    return this.#messages === 0 || (this.#length + size <= BATCH_BYTES && this.#messages < MAX_MESSAGES);
  }

  /** @param size what `messageSize` said of these frames */
  add(frames: readonly Uint8Array[], size: number): void {
    if (this.#length + size > this.#buffer.length) this.#grow(this.#length + size);
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = frames.length;
    for (const frame of frames) {
      let left = frame.length;
      while (left > 0x7f) {
        buffer[at++] = (left & 0x7f) | 0x80;
        left >>>= 7;
      }
      buffer[at++] = left;
      buffer.set(frame, at);
      at += frame.length;
    }
    this.#length = at;
    this.#messages += 1;
  }

  /** The batch; the next one begins empty. @param receivedMs Unix ms */
  take(receivedMs: number): Buffer {
    const buffer = this.#buffer;
    buffer[0] = VERSION;
    buffer[1] = 0;
    buffer.writeUInt16LE(this.#messages, 2);
    buffer.writeDoubleLE(receivedMs, 4);
    const batch = Buffer.from(buffer.subarray(0, this.#length));
    this.#length = HEADER_BYTES;
    this.#messages = 0;
    return batch;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, needed));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** Bytes that a message takes in a batch; 0: it has no frame, too many, or is too long. */
export function messageSize(frames: readonly Uint8Array[]): number {
  if (frames.length === 0 || frames.length > MAX_FRAMES) return 0;
  let size = 1;
  for (const { length } of frames) size += length + lengthBytes(length);
  return size > MESSAGE_BYTES ? 0 : size;
}

function lengthBytes(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  return length < 0x20_0000 ? 3 : LENGTH_BYTES_MAX;
}

export interface Batch {
  /** when the relay received the first message, Unix ms */
  receivedMs: number;
  /** frames of each message; views into the bytes given */
  messages: Uint8Array[][];
}

/** Takes a batch apart. @returns undefined for what is none, or is of a version that is not known */
export function decodeBatch(bytes: Uint8Array): Batch | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION || bytes[1] !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint16(2, true);
  const receivedMs = view.getFloat64(4, true);
  if (!Number.isFinite(receivedMs)) return undefined;
  const messages: Uint8Array[][] = [];
  let at = HEADER_BYTES;
  while (messages.length < count) {
    const frames: Uint8Array[] = [];
    const expected = bytes[at] ?? 0;
    at += 1;
    if (expected === 0 || expected > MAX_FRAMES) return undefined;
    while (frames.length < expected) {
      let length = 0;
      let shift = 0;
      for (;;) {
        const byte = bytes[at];
        at += 1;
        if (byte === undefined || shift >= 7 * LENGTH_BYTES_MAX) return undefined;
        length |= (byte & 0x7f) << shift;
        shift += 7;
        if (byte < 0x80) break;
      }
      if (at + length > bytes.length) return undefined;
      frames.push(bytes.subarray(at, at + length));
      at += length;
    }
    messages.push(frames);
  }
  return at === bytes.length ? { receivedMs, messages } : undefined;
}
