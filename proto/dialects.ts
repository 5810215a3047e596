/** The box protocols that are spoken here, and whose a frame is. */
import { box2 } from './box2/dialect.js';
import { box3 } from './box3/dialect.js';
import { DecodeError } from './codec.js';
import type { BoxReply, Dialect, DialectToOne, StreamMessage } from './dialect.js';
import { tagsOf } from './wire.js';

/** In the order in which they are asked whether a frame is theirs: a Box 2 echoes fields that it does not know, so it comes first. */
export const DIALECTS: readonly Dialect[] = [box2, box3];

/** The dialect of stream frames whose field 3 says nothing: a Measurement without metrics has none. */
export const UNMARKED_STREAM: Dialect = box3;

/** The dialect of the Commands that clients send. */
export const COMMAND_DIALECT: DialectToOne = box3;

/** @throws Error for a name that no dialect has */
export function dialectNamed(name: string): Dialect {
  const dialect = DIALECTS.find((one) => one.name === name);
  if (dialect === undefined) throw new Error(`unknown dialect ${name}`);
  return dialect;
}

/** The dialect of frame 0 of a reply. @throws DecodeError when it is none's */
export function dialectOfReply(frame: Uint8Array): Dialect {
  const tags = new Set(tagsOf(frame));
  const dialect = DIALECTS.find((one) => one.isReply(tags));
  if (dialect === undefined) throw new DecodeError('not the reply of a box of any known protocol');
  return dialect;
}

/** Frame 0 of a reply as an object. @throws DecodeError */
export function decodeBoxReply(frame: Uint8Array): BoxReply {
  return dialectOfReply(frame).decodeReply(frame);
}

/** A frame of the triggering stream as an object. @throws DecodeError */
export function decodeStream(frame: Uint8Array): StreamMessage {
  for (const tag of tagsOf(frame)) {
    const dialect = DIALECTS.find(({ stream }) => stream.tag === tag);
    if (dialect !== undefined) return dialect.stream.decode(frame);
  }
  return UNMARKED_STREAM.stream.decode(frame);
}
