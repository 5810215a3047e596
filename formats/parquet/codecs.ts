/** Compression of Parquet's pages: gzip everywhere, zstd where Node's zlib has it (22.15 and later). */
import zlib from 'node:zlib';

export type Codec = 'GZIP' | 'ZSTD' | 'UNCOMPRESSED';

/** In the types of Node 20 these are not. */
interface Zstd {
  zstdCompressSync?: (bytes: Uint8Array) => Uint8Array;
  zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
}
const { zstdCompressSync, zstdDecompressSync } = zlib as Zstd;

/** zlib's levels: beyond 1, waveforms shrink by some percent and take several times as long. */
const GZIP_LEVEL = 1;

/** The best that this Node can write. */
export const DEFAULT_CODEC: Codec = zstdCompressSync === undefined ? 'GZIP' : 'ZSTD';

export const COMPRESSORS: Partial<Record<Codec, (bytes: Uint8Array) => Uint8Array>> = {
  GZIP: (bytes) => zlib.gzipSync(bytes, { level: GZIP_LEVEL }),
  ...(zstdCompressSync === undefined ? {} : { ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes) }),
};

export function compressed(codec: Codec, bytes: Uint8Array): Uint8Array {
  return COMPRESSORS[codec]?.(bytes) ?? bytes;
}

/** Codecs of Parquet that are read, by their number in the format. */
export const DECOMPRESSORS: ReadonlyMap<number, (bytes: Uint8Array, length: number) => Uint8Array> = new Map<
  number,
  (bytes: Uint8Array, length: number) => Uint8Array
>([
  [0, (bytes) => bytes],
  [2, (bytes, length) => zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, length) })],
  ...(zstdDecompressSync === undefined
    ? []
    : [
        [
          6,
          (bytes: Uint8Array, length: number) =>
            zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
        ] as const,
      ]),
]);

/** Names of Parquet's codecs, for messages. */
export const CODEC_NAMES = [
  'UNCOMPRESSED',
  'SNAPPY',
  'GZIP',
  'LZO',
  'BROTLI',
  'LZ4',
  'ZSTD',
  'LZ4_RAW',
] as const;
