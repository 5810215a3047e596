/** The tags of a message's fields without its content: enough to tell the dialects apart. */
import { DecodeError } from './codec.js';

const GROUP_DEPTH = 100;

/**
 * The tags (field number × 8 + wire type) of a message's own fields, in the order on the wire; what a length-delimited field
 * holds is skipped.
 * @throws DecodeError where a field is cut off or no field
 */
export function* tagsOf(frame: Uint8Array): Generator<number> {
  let at = 0;
  while (at < frame.length) {
    const tag = varintAt(frame, at);
    yield tag.value;
    at = skip(frame, tag.next, tag.value, 0);
  }
}

function varintAt(frame: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = frame[start + i];
    if (byte === undefined) throw new DecodeError('frame cut off');
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80 && value <= 0xffff_ffff) return { value, next: start + i + 1 };
  }
  throw new DecodeError('a tag or length past 32 bits');
}

function skip(frame: Uint8Array, at: number, tag: number, depth: number): number {
  if (tag < 8) throw new DecodeError('field number 0');
  switch (tag & 7) {
    case 0:
      return skipVarint(frame, at);
    case 1:
      return inside(frame, at + 8);
    case 2: {
      const length = varintAt(frame, at);
      return inside(frame, length.next + length.value);
    }
    case 3:
      return skipGroup(frame, at, Math.floor(tag / 8), depth);
    case 5:
      return inside(frame, at + 4);
    default:
      throw new DecodeError(`wire type ${tag & 7}`);
  }
}

function skipVarint(frame: Uint8Array, start: number): number {
  let at = start;
  while ((frame[at] ?? 0) >= 0x80) at++;
  return inside(frame, at + 1);
}

function skipGroup(frame: Uint8Array, start: number, field: number, depth: number): number {
  if (depth >= GROUP_DEPTH) throw new DecodeError('groups nested too deep');
  let at = start;
  for (;;) {
    const tag = varintAt(frame, at);
    if ((tag.value & 7) === 4) {
      if (Math.floor(tag.value / 8) !== field) throw new DecodeError('a group ends as another');
      return tag.next;
    }
    at = skip(frame, tag.next, tag.value, depth + 1);
  }
}

function inside(frame: Uint8Array, at: number): number {
  if (at > frame.length) throw new DecodeError('frame cut off');
  return at;
}
