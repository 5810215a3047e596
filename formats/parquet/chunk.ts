/** The pages of a column chunk: headers, levels, dictionary, values. */
import { messageOf } from '../../common/errors.js';
import type { Budget } from '../budget.js';
import { type Place, shown, unreadable } from '../problems.js';
import { CODEC_NAMES, DECOMPRESSORS } from './codecs.js';
import { Bytes, delta, hybrid, PageError, plain, type Values } from './decode.js';
import type { Chunk, LeafInfo, PhysicalType } from './footer.js';
import { type Struct, ThriftReader } from './thrift.js';

/** What a column chunk holds. Levels are left out where all are the same: nothing is missing, nothing repeats. */
export interface ChunkValues {
  values: Values;
  definitions: Uint32Array | undefined;
  repetitions: Uint32Array | undefined;
}

const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const RLE = 3;
const DELTA_BINARY_PACKED = 5;
const RLE_DICTIONARY = 8;
/** Bytes that a value takes in memory: text and bytes have their own besides. */
const VALUE_BYTES = 16;

/** @throws MakaiError RECORDING_INVALID with the byte of the page */
export function readChunk(file: Buffer, name: string, chunk: Chunk, budget: Budget): ChunkValues {
  const decompress = DECOMPRESSORS.get(chunk.codec);
  if (decompress === undefined) {
    throw unreadable(
      { file: name, byte: chunk.from },
      `compression ${CODEC_NAMES[chunk.codec] ?? chunk.codec} is not read`,
      'Write it with gzip; zstd is read by Node 22.15 and later.',
    );
  }
  const parts: ChunkValues[] = [];
  let dictionary: Values | undefined;
  let found = 0;
  for (let at = chunk.from; at < chunk.to && found < chunk.values; ) {
    const place = { file: name, byte: at };
    const reader = new ThriftReader(file.subarray(at, chunk.to), at, name, budget);
    const header = reader.struct();
    const size = header.whole(3);
    const from = at + reader.at;
    if (from + size > chunk.to) throw header.error(`a page of ${size} bytes does not fit into its column`);
    const page = file.subarray(from, from + size);
    const unpacked = header.whole(2);
    budget.take(unpacked, place);
    const inflate = (bytes: Buffer, length: number): Buffer => {
      const out = decompress(bytes, length);
      if (out.length !== length)
        throw new PageError(`unfolds to ${out.length} bytes, not the ${length} it says`);
      return Buffer.from(out.buffer, out.byteOffset, out.byteLength);
    };
    try {
      const sources = { dictionary, inflate, budget, place };
      const known = dictionaryPage(header, page, unpacked, chunk.leaf, sources);
      if (known !== undefined) dictionary = known;
      else {
        const part = dataPage(header, page, unpacked, chunk, chunk.values - found, sources);
        parts.push(part.values);
        found += part.count;
      }
    } catch (error) {
      if (error instanceof Error && 'hint' in error) throw error;
      throw unreadable(
        place,
        `column ${shown(chunk.leaf.path.join('.'))}: ${messageOf(error)}`,
        'It is damaged.',
      );
    }
    budget.giveBack(unpacked);
    at = from + size;
  }
  if (found !== chunk.values) {
    const column = shown(chunk.leaf.path.join('.'));
    const what = `column ${column} has ${found} values in its pages, ${chunk.values} in the footer`;
    throw unreadable({ file: name, byte: chunk.from }, what, 'It is damaged.');
  }
  return joined(parts, chunk.leaf);
}

type Inflate = (bytes: Buffer, length: number) => Buffer;

function dictionaryPage(
  header: Struct,
  page: Buffer,
  unpacked: number,
  leaf: LeafInfo,
  { inflate, budget, place }: Sources,
): Values | undefined {
  const info = header.struct(7);
  if (info === undefined) return undefined;
  const count = info.whole(1);
  const bytes = inflate(page, unpacked);
  if (count > 8 * bytes.length) throw header.error(`${count} plain values in ${bytes.length} bytes`);
  budget.take(VALUE_BYTES * count, place);
  return plain(new Bytes(bytes), count, leaf.type, leaf.isText);
}

interface Sources {
  dictionary: Values | undefined;
  inflate: Inflate;
  budget: Budget;
  place: Place;
}

function dataPage(
  header: Struct,
  page: Buffer,
  unpacked: number,
  { leaf }: Chunk,
  left: number,
  sources: Sources,
): { values: ChunkValues; count: number } {
  const second = header.struct(8);
  const info = second ?? header.struct(5);
  if (info === undefined) throw header.error('a page that holds neither values nor a dictionary');
  const count = info.whole(1);
  if (count > left) throw info.error(`a page of ${count} values, and the column has ${left} more`);
  sources.budget.take((VALUE_BYTES + (leaf.maxDefinition > 0 ? 8 : 0)) * count, sources.place);
  const levels =
    second === undefined
      ? first(page, unpacked, leaf, count, sources)
      : v2(second, page, unpacked, leaf, count, sources);
  const { definitions, repetitions, body } = levels;
  const present =
    definitions === undefined
      ? count
      : definitions.reduce((n, d) => n + (d === leaf.maxDefinition ? 1 : 0), 0);
  const encoding = info.whole(second === undefined ? 2 : 4);
  const values = valuesOf(body, present, encoding, leaf, sources.dictionary);
  return { values: { values, definitions, repetitions }, count };
}

interface Levels {
  definitions: Uint32Array | undefined;
  repetitions: Uint32Array | undefined;
  body: Bytes;
}

const bitsOf = (level: number): number => 32 - Math.clz32(level);

/** Data page of version 1: levels with their lengths, then values, all compressed together. */
function first(page: Buffer, unpacked: number, leaf: LeafInfo, count: number, { inflate }: Sources): Levels {
  const body = new Bytes(inflate(page, unpacked));
  const levels = (max: number): Uint32Array | undefined => {
    if (max === 0) return undefined;
    const length = body.take(4).readUInt32LE();
    return checked(hybrid(new Bytes(body.take(length)), bitsOf(max), count), max);
  };
  const repetitions = levels(leaf.maxRepetition);
  return { repetitions, definitions: levels(leaf.maxDefinition), body };
}

/** Data page of version 2: levels as they are, then values, which alone are compressed. */
function v2(
  info: Struct,
  page: Buffer,
  unpacked: number,
  leaf: LeafInfo,
  count: number,
  { inflate }: Sources,
): Levels {
  const [definitionBytes, repetitionBytes] = [info.whole(5), info.whole(6)];
  const all = new Bytes(page);
  const levels = (max: number, length: number): Uint32Array | undefined => {
    const bytes = new Bytes(all.take(length));
    return max === 0 ? undefined : checked(hybrid(bytes, bitsOf(max), count), max);
  };
  const repetitions = levels(leaf.maxRepetition, repetitionBytes);
  const definitions = levels(leaf.maxDefinition, definitionBytes);
  const rest = all.take(all.left);
  const size = unpacked - definitionBytes - repetitionBytes;
  if (size < 0) throw new PageError(`levels of ${definitionBytes + repetitionBytes} bytes in ${unpacked}`);
  const body = info.flag(7) === false ? rest : inflate(rest, size);
  return { repetitions, definitions, body: new Bytes(body) };
}

function checked(levels: Uint32Array, max: number): Uint32Array {
  const wrong = levels.find((level) => level > max);
  if (wrong !== undefined) throw new PageError(`a level of ${wrong}, above ${max}`);
  return levels;
}

function valuesOf(
  body: Bytes,
  count: number,
  encoding: number,
  leaf: LeafInfo,
  dictionary: Values | undefined,
): Values {
  if (encoding === PLAIN) {
    if (count > 8 * body.left) throw new PageError(`${count} values in ${body.left} bytes`);
    return plain(body, count, leaf.type, leaf.isText);
  }
  if (encoding === DELTA_BINARY_PACKED && (leaf.type === 'INT32' || leaf.type === 'INT64'))
    return count === 0 ? noNumbers(leaf.type) : delta(body, count, leaf.type);
  if (encoding === RLE && leaf.type === 'BOOLEAN') {
    const length = body.take(4).readUInt32LE();
    return Array.from(hybrid(new Bytes(body.take(length)), 1, count), (bit) => bit === 1);
  }
  if (encoding !== PLAIN_DICTIONARY && encoding !== RLE_DICTIONARY)
    throw new PageError(`encoding ${encoding} is not read`);
  if (count === 0) return noNumbers(leaf.type);
  if (dictionary === undefined) throw new PageError('its dictionary is missing');
  return looked(dictionary, hybrid(body, body.byte(), count));
}

/** No values, in the array that those of the type have. */
function noNumbers(type: PhysicalType): Values {
  if (type === 'INT32') return new Int32Array(0);
  return type === 'INT64' || type === 'FLOAT' || type === 'DOUBLE' ? new Float64Array(0) : [];
}

function looked(dictionary: Values, indexes: Uint32Array): Values {
  const { length } = dictionary;
  const values =
    dictionary instanceof Int32Array
      ? new Int32Array(indexes.length)
      : dictionary instanceof Float64Array
        ? new Float64Array(indexes.length)
        : new Array<string | Uint8Array | boolean>(indexes.length);
  for (let i = 0; i < indexes.length; i += 1) {
    const index = indexes[i] as number;
    if (index >= length) throw new PageError(`entry ${index} of a dictionary of ${length}`);
    values[i] = dictionary[index] as number;
  }
  return values;
}

function joined(parts: readonly ChunkValues[], leaf: LeafInfo): ChunkValues {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const definitions = parts.flatMap((part) => part.definitions ?? []);
  const repetitions = parts.flatMap((part) => part.repetitions ?? []);
  return {
    values: joinedValues(
      parts.map(({ values }) => values),
      leaf,
    ),
    definitions:
      leaf.maxDefinition === 0 ? undefined : filled(definitions, (length) => new Uint32Array(length)),
    repetitions:
      leaf.maxRepetition === 0 ? undefined : filled(repetitions, (length) => new Uint32Array(length)),
  };
}

function joinedValues(all: readonly Values[], { type }: LeafInfo): Values {
  if (type === 'INT32') return filled(all as Int32Array[], (length) => new Int32Array(length));
  if (type !== 'INT64' && type !== 'FLOAT' && type !== 'DOUBLE')
    return (all as readonly (readonly (string | Uint8Array | boolean)[])[]).flat();
  return filled(all as Float64Array[], (length) => new Float64Array(length));
}

function filled<T extends Int32Array | Uint32Array | Float64Array>(
  all: readonly T[],
  make: (length: number) => T,
): T {
  const whole = make(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
