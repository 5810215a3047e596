/**
 * Messages that wait, first in, first out, as bytes in a few buffers. As objects they would wait long enough to be moved into V8's old generation, where those that were
 * dropped pile up until it is collected: 60 to 140 MB while a broker is unavailable.
 */
import type { Outgoing } from '../mqtt/link.js';

const CHUNK_BYTES = 64 * 1024;
/** Flags, length of the topic, length of the payload. */
const HEADER_BYTES = 9;
const [RETAIN, PASSED_ON] = [1, 2];

type Waiting = Pick<Outgoing, 'topic' | 'payload' | 'retain' | 'isPassedOn'>;

interface Chunk {
  bytes: Buffer;
  /** of the first message in it */
  start: number;
  /** behind the last one */
  end: number;
}

/** What a message takes in the queue. */
export function bytesOf({ payload, topic }: Waiting): number {
  return HEADER_BYTES + Buffer.byteLength(topic) + Buffer.byteLength(payload);
}

export class ByteQueue {
  readonly #chunks: Chunk[] = [];
  /** one that is empty again */
  #spare: Buffer | undefined;
  #size = 0;
  #bytes = 0;

  /** messages */
  get size(): number {
    return this.#size;
  }

  /** of the messages */
  get bytes(): number {
    return this.#bytes;
  }

  put(message: Waiting): void {
    const { isPassedOn = false, payload, retain = false, topic } = message;
    const length = bytesOf(message);
    const chunk = this.#withRoom(length);
    const { bytes, end } = chunk;
    bytes.writeUInt8((retain ? RETAIN : 0) | (isPassedOn ? PASSED_ON : 0), end);
    const topicBytes = bytes.write(topic, end + HEADER_BYTES);
    const at = end + HEADER_BYTES + topicBytes;
    if (typeof payload === 'string') bytes.write(payload, at);
    else payload.copy(bytes, at);
    bytes.writeUInt32LE(topicBytes, end + 1);
    bytes.writeUInt32LE(length - HEADER_BYTES - topicBytes, end + 5);
    chunk.end += length;
    this.#size += 1;
    this.#bytes += length;
  }

  /** The oldest, which leaves the queue. */
  take(): Outgoing | undefined {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return undefined;
    const { bytes, start } = chunk;
    const flags = bytes.readUInt8(start);
    const payloadAt = start + HEADER_BYTES + bytes.readUInt32LE(start + 1);
    const end = payloadAt + bytes.readUInt32LE(start + 5);
    const message: Outgoing = {
      topic: bytes.toString('utf8', start + HEADER_BYTES, payloadAt),
      payload: Buffer.from(bytes.subarray(payloadAt, end)),
      retain: (flags & RETAIN) !== 0,
      isPassedOn: (flags & PASSED_ON) !== 0,
    };
    this.#remove(chunk, end);
    return message;
  }

  /** Without the oldest. */
  drop(): void {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return;
    const { bytes, start } = chunk;
    const length = HEADER_BYTES + bytes.readUInt32LE(start + 1) + bytes.readUInt32LE(start + 5);
    this.#remove(chunk, start + length);
  }

  #remove(chunk: Chunk, end: number): void {
    this.#size -= 1;
    this.#bytes -= end - chunk.start;
    chunk.start = end;
    if (chunk.start < chunk.end) return;
    this.#chunks.shift();
    if (chunk.bytes.length === CHUNK_BYTES) this.#spare = chunk.bytes;
  }

  #withRoom(length: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.bytes.length - last.end >= length) return last;
    const spare = length <= CHUNK_BYTES ? this.#spare : undefined;
    if (spare !== undefined) this.#spare = undefined;
    const bytes = spare ?? Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, length));
    const chunk = { bytes, start: 0, end: 0 };
    this.#chunks.push(chunk);
    return chunk;
  }
}
