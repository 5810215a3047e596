// Reads protobuf fields from linear memory. Like proto/wire-reader.ts: a fault sets `problem` and moves to the end, so that loops
// over `pos < limit` come to their end.

/** Answers of the exported functions; proto/waveform-decoder.ts has their texts. */
export const MALFORMED: i32 = 1;
export const FIELD_MISSING: i32 = 2;
export const TIME_TOO_LARGE: i32 = 3;
export const SAMPLE_TOO_LARGE: i32 = 4;
export const OTHER_BOX: i32 = 5;
export const TOO_MANY_CYCLES: i32 = 6;

/** Deeper groups are refused, as protoc does. */
const GROUP_DEPTH: i32 = 100;

export let pos: usize = 0;
/** end of the message being read */
export let limit: usize = 0;
/** 0, or the first fault found */
export let problem: i32 = 0;

let frameEnd: usize = 0;

export function open(start: usize, end: usize): void {
  pos = start;
  limit = end;
  frameEnd = end;
  problem = 0;
}

export function moveTo(at: usize): void {
  pos = at;
}

export function setLimit(end: usize): void {
  limit = end;
}

/** Gives up. The first reason stays. */
export function fail(reason: i32): void {
  if (problem == 0) problem = reason;
  pos = frameEnd;
  limit = frameEnd;
}

/** A varint of at most ten bytes; bits past 64 are dropped. */
export function varint(): u64 {
  let value: u64 = 0;
  let at = pos;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    if (at >= limit) break;
    const byte = load<u8>(at++);
    value |= (<u64>(byte & 0x7f)) << shift;
    if (byte < 0x80) {
      pos = at;
      return value;
    }
  }
  fail(MALFORMED);
  return 0;
}

/** Field number × 8 + wire type: at most five bytes and 32 bits. */
export function tag(): u32 {
  const start = pos;
  if (start < limit) {
    const first = load<u8>(start);
    if (first < 0x80) {
      pos = start + 1;
      return first;
    }
  }
  const value = varint();
  if (pos - start > 5 || value > <u64>u32.MAX_VALUE) fail(MALFORMED);
  return <u32>value;
}

/** Reads the length of a length-delimited field. Returns where the field ends, never past `limit`. */
export function end(): usize {
  const start = pos;
  const length = varint();
  if (pos - start > 5 || length > <u64>(limit - pos)) {
    fail(MALFORMED);
    return limit;
  }
  return pos + <usize>length;
}

/** Skips a field whose tag was read. `depth`: how many groups or messages it is in. */
export function skip(tagRead: u32, depth: i32): void {
  if (depth > GROUP_DEPTH || tagRead < 8) {
    fail(MALFORMED);
    return;
  }
  switch (tagRead & 7) {
    case 0:
      while (pos < limit && load<u8>(pos) >= 0x80) pos++;
      move(1);
      break;
    case 1:
      move(8);
      break;
    case 2:
      pos = end();
      break;
    case 3:
      skipGroup(tagRead >>> 3, depth);
      break;
    case 5:
      move(4);
      break;
    default:
      fail(MALFORMED);
  }
}

function skipGroup(field: u32, depth: i32): void {
  while (problem == 0) {
    const next = tag();
    if (problem != 0) return;
    if ((next & 7) == 4) {
      if (next >>> 3 != field) fail(MALFORMED);
      return;
    }
    skip(next, depth + 1);
  }
}

function move(bytes: usize): void {
  pos += bytes;
  if (pos > limit) fail(MALFORMED);
}
