/**
 * Waveform frames decoded the slow, obvious way: each message is first taken apart into a list of fields, 64-bit numbers are
 * bigints, nothing is shared with the code it judges. `undefined` = refused.
 */
import type { Waveform } from '../../proto/messages.js';

type Field = { number: number; type: number; value: bigint; bytes: number[]; longVarint: boolean };

interface Cycle {
  time: bigint;
  data: bigint[];
}

class Refused extends Error {}

export function oracleCycles2(frames: readonly Uint8Array[], boxId?: number): Waveform | undefined {
  return orUndefined(() => {
    const cycles: Cycle[] = [];
    for (const frame of frames) {
      const fields = fieldsOf([...frame], 0);
      const ids = fields.filter((f) => f.number === 1 && f.type === 0);
      for (const field of fields) {
        if (field.number === 3 && field.type === 2) cycles.push(cycle(field.bytes, 1, 2, 1));
      }
      const id = ids.at(-1);
      if (id === undefined || ids.some((f) => f.longVarint)) throw new Refused('id');
      if (boxId !== undefined && BigInt.asIntN(32, id.value) !== BigInt(boxId)) throw new Refused('box');
    }
    return waveform(cycles);
  });
}

export function oracleCycles3(frames: readonly Uint8Array[]): Waveform | undefined {
  return orUndefined(() => waveform(frames.map((frame) => cycle([...frame], 2, 1, 0))));
}

function cycle(bytes: number[], timeNumber: number, dataNumber: number, depth: number): Cycle {
  const fields = fieldsOf(bytes, depth);
  const times = fields.filter((f) => f.number === timeNumber && f.type === 0);
  const data = fields
    .filter((f) => f.number === dataNumber && (f.type === 0 || f.type === 2))
    .flatMap((f) => (f.type === 2 ? varintsOf(f.bytes) : [varint10(f)]));
  // dialect 2: a required time, and three more int32
  if (timeNumber === 1 && times.length === 0) throw new Refused('no time');
  const known = timeNumber === 1 ? [1, 3, 4, 5] : [2];
  for (const f of fields) if (f.type === 0 && known.includes(f.number)) varint10(f);
  return { time: times.at(-1)?.value ?? 0n, data };
}

function waveform(cycles: readonly Cycle[]): Waveform {
  const samples = cycles.flatMap(({ data }) => data.map((value) => BigInt.asIntN(32, value)));
  if (samples.some((value) => value < -32768n || value > 32767n)) throw new Refused('sample');
  if (cycles.some(({ time }) => time > BigInt(Number.MAX_SAFE_INTEGER))) throw new Refused('time');
  return {
    timesMs: cycles.map(({ time }) => Number(time)),
    cycleLengths: cycles.map(({ data }) => data.length),
    samples: Int16Array.from(samples, Number),
  };
}

/** All fields of a message, groups as fields without content. */
function fieldsOf(bytes: number[], depth: number): Field[] {
  const fields: Field[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const { field, after } = oneField(rest, depth);
    fields.push(field);
    rest = after;
  }
  return fields;
}

function oneField(bytes: number[], depth: number): { field: Field; after: number[] } {
  if (depth > 100) throw new Refused('depth');
  const tag = varint(bytes, 5);
  if (tag.value > 0xffff_ffffn) throw new Refused('tag');
  const number = Number(tag.value >> 3n);
  const type = Number(tag.value & 7n);
  if (number === 0) throw new Refused('field 0');
  const field: Field = { number, type, value: 0n, bytes: [], longVarint: false };
  const take = (count: number): { field: Field; after: number[] } => {
    if (tag.after.length < count) throw new Refused('cut off');
    return { field: { ...field, bytes: tag.after.slice(0, count) }, after: tag.after.slice(count) };
  };
  if (type === 0) {
    const { value, after, length } = varint(tag.after, Number.POSITIVE_INFINITY);
    return { field: { ...field, value: BigInt.asUintN(64, value), longVarint: length > 10 }, after };
  }
  if (type === 1) return take(8);
  if (type === 5) return take(4);
  if (type === 2) {
    const length = varint(tag.after, 5);
    if (length.value > BigInt(length.after.length)) throw new Refused('cut off');
    const count = Number(length.value);
    return { field: { ...field, bytes: length.after.slice(0, count) }, after: length.after.slice(count) };
  }
  if (type !== 3) throw new Refused('wire type');
  let inner = tag.after;
  for (;;) {
    const next = varint(inner, 5);
    if (next.value > 0xffff_ffffn) throw new Refused('tag');
    if ((next.value & 7n) === 4n) {
      if (Number(next.value >> 3n) !== number) throw new Refused('end of another group');
      return { field, after: next.after };
    }
    inner = oneField(inner, depth + 1).after;
  }
}

function varintsOf(bytes: number[]): bigint[] {
  const values: bigint[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const { value, after } = varint(rest, 10);
    values.push(value);
    rest = after;
  }
  return values;
}

/** The value of a known varint field: at most ten bytes. Unknown ones are skipped at any length. */
function varint10(field: Field): bigint {
  if (field.longVarint) throw new Refused('varint');
  return field.value;
}

function varint(bytes: number[], most: number): { value: bigint; after: number[]; length: number } {
  const last = bytes.findIndex((byte) => byte < 0x80);
  if (last < 0 || last >= most) throw new Refused('varint');
  let value = 0n;
  for (let i = last; i >= 0; i--) value = (value << 7n) | BigInt((bytes[i] ?? 0) & 0x7f);
  return { value, after: bytes.slice(last + 1), length: last + 1 };
}

function orUndefined<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}
