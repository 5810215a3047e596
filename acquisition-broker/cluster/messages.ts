/**
 * Messages between acquisition brokers: the length of a head (32 bits, little-endian), the head as JSON, then bytes. The format is ours alone; a head that does not
 * have the fields of this version is refused.
 */
import { z } from 'zod';
import { MAX_BOX_ID } from '../../common/box-id.js';
import { FRAME_OVERHEAD_BYTES } from '../waveforms/queue.js';

const VERSION = 1;
const LENGTH_BYTES = 4;
/** Of a head: 20,000 boxes of each dialect fit. */
const MAX_HEAD_BYTES = 2 ** 20;
/** Boxes of one dialect that a broker remembers (core.ts). */
export const MAX_BOXES = 20_000;
/** Connections that a broker may say it has: more than one has. */
const MAX_CONNECTIONS = 1_000_000;
/** Of one reply: as many cycles as a broker takes of the longest window that its settings may allow, an hour (`replyLimits`), each in a frame. */
export const MAX_FRAMES = 1_100_000;

const version = z.literal(VERSION);
const member = z.string().regex(/^[\w-]{1,300}$/);
const dialect = z.string().min(1).max(20);
const count = z.int().nonnegative();

/** Who is there, and with which boxes. `boxes` is left out where nothing has changed; `revision` says which ones are meant. */
export const presence = z.strictObject({
  version,
  member,
  name: z.string().max(200),
  revision: count,
  /** it stops: nothing goes there any more */
  isLeaving: z.boolean(),
  /** whoever hears this is to send its own boxes: the sender does not have them */
  wantsBoxes: z.boolean(),
  boxes: z
    .record(
      dialect,
      z.strictObject({
        ids: z.array(z.int().min(0).max(MAX_BOX_ID)).max(MAX_BOXES),
        anonymous: count.max(MAX_CONNECTIONS),
      }),
    )
    .optional(),
});
export type Presence = z.infer<typeof presence>;

/** A command for boxes of the broker that gets this; the bytes are the message. */
export const relayed = z.strictObject({
  version,
  from: member,
  dialect,
  name: z.string().max(20),
  topic: z.string().max(20),
});

/** Whose is this reply? The bytes are its first frame. */
export const claim = z.strictObject({
  version,
  from: member,
  /** frames after the first, and their bytes */
  frames: count.max(MAX_FRAMES),
  bytes: count,
});

/** Of the broker whose it is; the others say nothing. */
export const claimed = z.discriminatedUnion('answer', [
  /** it needs nothing more of it */
  z.strictObject({ version, answer: z.literal('taken') }),
  /** it holds too many at the moment */
  z.strictObject({ version, answer: z.literal('later') }),
  /** it is to be sent in pieces, under this name */
  z.strictObject({ version, answer: z.literal('send'), member, grant: z.string().max(50) }),
]);

/** A piece of the frames after the first (`packedPieces`). */
export const piece = z.strictObject({
  version,
  grant: z.string().max(50),
  index: count,
  isLast: z.boolean(),
});

export const pieceReply = z.strictObject({ version, isTaken: z.boolean() });

/** What was announced to clients of one broker, for those of the others. */
export const notice = z.strictObject({
  version,
  from: member,
  kind: z.enum(['evnew', 'v3']),
  text: z.string().max(1000),
  eventId: z.int().positive(),
});
export type Notice = z.infer<typeof notice>;

export interface Message<T> {
  head: T;
  body: Uint8Array;
}

export function encode(
  head: Readonly<Record<string, unknown>>,
  body: Uint8Array = new Uint8Array(),
): Uint8Array {
  const text = Buffer.from(JSON.stringify({ version: VERSION, ...head }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, body]);
}

/** Undefined for what is none: nothing of it can be trusted. */
export function decode<T>(schema: z.ZodType<T>, data: Uint8Array): Message<T> | undefined {
  if (data.length < LENGTH_BYTES) return undefined;
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.length);
  const length = buffer.readUInt32LE();
  if (length > MAX_HEAD_BYTES || LENGTH_BYTES + length > buffer.length) return undefined;
  try {
    const read = schema.safeParse(JSON.parse(buffer.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + length)));
    return read.success ? { head: read.data, body: buffer.subarray(LENGTH_BYTES + length) } : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes of frames when they are packed. */
export function packedBytes(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, frame) => sum + LENGTH_BYTES + frame.length, 0);
}

/** What frames take in memory. @param bytes of them when they are packed */
export function bytesInMemory(frames: number, bytes: number): number {
  return bytes + FRAME_OVERHEAD_BYTES * frames;
}

/**
 * Frames as one run of bytes, each behind its length, in pieces: a piece is made when it is asked for, so that there is never a second copy of all.
 * @param size of each piece but the last
 */
export function* packedPieces(frames: readonly Uint8Array[], size: number): Generator<Buffer> {
  let left = packedBytes(frames);
  let piece = Buffer.allocUnsafe(Math.min(size, left));
  let at = 0;
  for (const part of parts(frames))
    for (let from = 0; from < part.length; ) {
      const taken = Math.min(part.length - from, piece.length - at);
      piece.set(part.subarray(from, from + taken), at);
      from += taken;
      at += taken;
      if (at < piece.length) continue;
      yield piece;
      left -= at;
      piece = Buffer.allocUnsafe(Math.min(size, left));
      at = 0;
    }
}

function* parts(frames: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const frame of frames) {
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32LE(frame.length);
    yield length;
    yield frame;
  }
}

/** Undefined for what was not packed so, or has another number of frames. */
export function unpackFrames(packed: Buffer, expected: number): Buffer[] | undefined {
  const frames: Buffer[] = [];
  let at = 0;
  while (at + LENGTH_BYTES <= packed.length && frames.length < expected) {
    const length = packed.readUInt32LE(at);
    at += LENGTH_BYTES;
    if (at + length > packed.length) return undefined;
    frames.push(packed.subarray(at, at + length));
    at += length;
  }
  return at === packed.length && frames.length === expected ? frames : undefined;
}
