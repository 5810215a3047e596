/**
 * Mutations that know protobuf's wire format: fields are changed, dropped, doubled, moved, renumbered, taken from other seeds, with lengths put
 * right again, so that inputs come past the first check; some bytes are then damaged blindly.
 */
import type { Random } from './random.js';
import { fieldsOf, frameOf, joined, varint, type WireField } from './wire-fields.js';

/** Numbers at the edges of what fields hold. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  -1n,
  5n,
  6n,
  127n,
  128n,
  200n,
  32_767n,
  32_768n,
  -32_768n,
  -32_769n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  1_700_000_000_000n,
  8_640_000_000_000_000n,
];
const DOUBLES = [Number.NaN, Infinity, -Infinity, 0, -0, 1e308, -1e308, 5e-324, 60, 120];
/** Deepest field within a field that is changed. */
const DEPTH = 3;
/** No input grows past this. */
const MAX_BYTES = 60_000;

/** A frame made of `seed`, with pieces of `others`. */
export function mutated(seed: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let frame = seed;
  for (let edits = 1 + random.below(4); edits > 0; edits -= 1) {
    frame = random.onceIn(4) ? damaged(frame, random) : restructured(frame, others, random, 0);
  }
  return frame.length > MAX_BYTES ? frame.subarray(0, MAX_BYTES) : frame;
}

/** A message of several frames, with frames changed, dropped, doubled, emptied or taken from others. */
export function mutatedFrames(
  seed: readonly Uint8Array[],
  pool: readonly Uint8Array[],
  random: Random,
  mutate: typeof mutated = mutated,
): Uint8Array[] {
  const frames = [...seed];
  for (let edits = 1 + random.below(2); edits > 0; edits -= 1) {
    const at = random.below(frames.length + 1);
    const frame = frames[at];
    const what = random.below(12);
    if (what === 0) frames.splice(at, 1);
    else if (what === 1 && frames.length < 64) frames.splice(at, 0, random.pick(pool));
    else if (what === 2) frames[at] = new Uint8Array();
    else if (what === 3 && frame !== undefined && frames.length < 64) frames.push(frame);
    else if (frame !== undefined) frames[at] = mutate(frame, pool, random);
    else frames[0] = mutate(frames[0] ?? new Uint8Array(), pool, random);
  }
  // ZeroMQ sends no message of no frame; holes come from an assignment past the end.
  const whole = Array.from(frames, (frame) => frame ?? new Uint8Array());
  return whole.length === 0 ? [new Uint8Array()] : whole;
}

function restructured(
  frame: Uint8Array,
  others: readonly Uint8Array[],
  random: Random,
  depth: number,
): Uint8Array {
  const fields = fieldsOf(frame);
  if (fields === undefined) return damaged(frame, random);
  const at = random.below(fields.length + 1);
  const field = fields[at];
  const other = (): WireField | undefined => {
    const found = fieldsOf(random.pick(others));
    return found === undefined || found.length === 0 ? undefined : random.pick(found);
  };
  switch (random.below(9)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      if (field !== undefined) fields.splice(random.below(fields.length + 1), 0, field);
      break;
    case 2: {
      const [moved] = fields.splice(at, 1);
      if (moved !== undefined) fields.splice(random.below(fields.length + 1), 0, moved);
      break;
    }
    case 3: {
      const foreign = others.length === 0 ? undefined : other();
      if (foreign !== undefined) fields.splice(at, 0, foreign);
      break;
    }
    case 4:
      fields.splice(at, 0, anyField(random));
      break;
    case 5:
      if (field !== undefined)
        fields[at] = { tag: 8 * (1 + random.below(9)) + (field.tag & 7), value: field.value };
      break;
    default:
      if (field !== undefined) fields[at] = { tag: field.tag, value: newValue(field, others, random, depth) };
  }
  return frameOf(fields);
}

function newValue(
  { tag, value }: WireField,
  others: readonly Uint8Array[],
  random: Random,
  depth: number,
): Uint8Array {
  switch (tag & 7) {
    case 0:
      return varint(random.pick(EDGES), random.onceIn(4) ? random.below(11) : 0);
    case 1:
      return new Uint8Array(Float64Array.of(random.pick(DOUBLES)).buffer);
    case 5:
      return new Uint8Array(Float32Array.of(random.pick(DOUBLES)).buffer);
    default:
      if (depth < DEPTH && random.below(3) > 0) return restructured(value, others, random, depth + 1);
      return random.onceIn(2)
        ? damaged(value, random)
        : random.bytes(random.below(random.onceIn(20) ? 5000 : 24));
  }
}

function anyField(random: Random): WireField {
  const wireType = random.pick([0, 1, 2, 5, 3, 4, 6, 7]);
  const tag = 8 * (random.onceIn(8) ? 536_870_911 : 1 + random.below(20)) + wireType;
  const blank = { tag, value: wireType === 0 ? Uint8Array.of(0) : random.bytes(wireType === 1 ? 8 : 4) };
  return wireType === 3 || wireType === 4 ? { tag, value: new Uint8Array() } : blank;
}

/** Bits flipped, bytes set, put in, cut out, a tail cut off, a piece repeated. */
export function damaged(frame: Uint8Array, random: Random): Uint8Array {
  const at = random.below(frame.length + 1);
  const [head, tail] = [frame.subarray(0, at), frame.subarray(at)];
  switch (random.below(6)) {
    case 0:
      return head;
    case 1:
      return joined([head, random.bytes(1 + random.below(4)), tail]);
    case 2:
      return joined([head, tail.subarray(1 + random.below(4))]);
    case 3:
      return joined([head, frame.subarray(random.below(frame.length + 1)), tail]);
    default: {
      const copy = Uint8Array.from(frame);
      if (at < copy.length)
        copy[at] = random.onceIn(2) ? random.below(256) : (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    }
  }
}
