/**
 * Column chunks of the waveform table, as one data page each: what repeats over thousands of samples (box, place, constant) as runs of a
 * dictionary, whole numbers as differences. The library would look at every sample of every column one by one.
 */
import type { ColumnChunk, Encoding, SchemaElement } from 'hyparquet';
import type { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { type Codec, compressed } from './codecs.js';
import { encodeDelta } from './delta.js';

interface Bounds {
  min: number | bigint;
  max: number | bigint;
}

interface Chunk {
  writer: ByteWriter;
  element: SchemaElement;
  codec: Codec;
  rows: number;
}

/** Whole numbers, DELTA_BINARY_PACKED. */
export function deltaChunk(chunk: Chunk, values: ArrayLike<number>, bounds?: Bounds): ColumnChunk {
  const from = chunk.writer.offset;
  const size = dataPage(chunk, 'DELTA_BINARY_PACKED', encodeDelta(values));
  return chunkOf(chunk, ['DELTA_BINARY_PACKED'], { from, dataAt: from, size }, bounds);
}

/** A value over and over, then the next: [value, how often]. */
export type Runs<T> = readonly (readonly [T, number])[];

/** Texts or doubles as RLE_DICTIONARY. */
export function runsChunk(chunk: Chunk, runs: Runs<string> | Runs<number>): ColumnChunk {
  const from = chunk.writer.offset;
  const indexes = new Map<string | number, number>();
  for (const [value] of runs) if (!indexes.has(value)) indexes.set(value, indexes.size);
  let size = dictionaryPage(chunk, [...indexes.keys()]);
  const dataAt = chunk.writer.offset;
  // A width of 0 bits is legal, and not read by all.
  const bits = Math.max(1, 32 - Math.clz32(indexes.size - 1));
  const bytes = [bits];
  for (const [value, count] of runs) {
    // A run's length is an unsigned 31-bit number; those of a row group are far below.
    for (let rest = 2 * count; ; rest = Math.floor(rest / 128)) {
      bytes.push(rest >= 128 ? (rest % 128) + 128 : rest);
      if (rest < 128) break;
    }
    const index = indexes.get(value) ?? 0;
    for (let byte = 0; byte < Math.ceil(bits / 8); byte += 1) bytes.push((index >>> (8 * byte)) & 0xff);
  }
  size += dataPage(chunk, 'RLE_DICTIONARY', Uint8Array.from(bytes));
  return chunkOf(chunk, ['PLAIN', 'RLE_DICTIONARY'], { from, dictionaryAt: from, dataAt, size });
}

/** @returns uncompressed size, header included */
function dataPage({ writer, codec, rows }: Chunk, encoding: Encoding, bytes: Uint8Array): number {
  const packed = compressed(codec, bytes);
  const at = writer.offset;
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: bytes.length,
    compressed_page_size: packed.length,
    data_page_header_v2: {
      num_values: rows,
      num_nulls: 0,
      num_rows: rows,
      encoding,
      definition_levels_byte_length: 0,
      repetition_levels_byte_length: 0,
      is_compressed: true,
    },
  });
  const header = writer.offset - at;
  writer.appendBytes(packed);
  return header + bytes.length;
}

function dictionaryPage({ writer, codec }: Chunk, values: readonly (string | number)[]): number {
  const bytes = Buffer.concat(
    values.map((value) => {
      if (typeof value === 'number') {
        const double = Buffer.alloc(8);
        double.writeDoubleLE(value);
        return double;
      }
      const text = Buffer.from(value, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return Buffer.concat([length, text]);
    }),
  );
  const packed = compressed(codec, bytes);
  const at = writer.offset;
  writePageHeader(writer, {
    type: 'DICTIONARY_PAGE',
    uncompressed_page_size: bytes.length,
    compressed_page_size: packed.length,
    dictionary_page_header: { num_values: values.length, encoding: 'PLAIN' },
  });
  const header = writer.offset - at;
  writer.appendBytes(packed);
  return header + bytes.length;
}

function chunkOf(
  { writer, element, codec, rows }: Chunk,
  encodings: Encoding[],
  { from, dictionaryAt, dataAt, size }: { from: number; dictionaryAt?: number; dataAt: number; size: number },
  bounds?: Bounds,
): ColumnChunk {
  const { type, name } = element;
  if (type === undefined) throw new Error(`column ${name} is a group`);
  return {
    file_offset: BigInt(from),
    meta_data: {
      type,
      encodings,
      path_in_schema: [name],
      codec,
      num_values: BigInt(rows),
      total_uncompressed_size: BigInt(size),
      total_compressed_size: BigInt(writer.offset - from),
      data_page_offset: BigInt(dataAt),
      ...(dictionaryAt === undefined ? {} : { dictionary_page_offset: BigInt(dictionaryAt) }),
      statistics: {
        null_count: 0n,
        ...(bounds === undefined ? {} : { min_value: bounds.min, max_value: bounds.max }),
      },
    },
  };
}
