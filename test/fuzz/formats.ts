/**
 * Readers of recordings. Besides throwing nothing but a MakaiError with the file in it, they keep their bounds: what they return is at most 20 times
 * their input, and no input of this size takes them a second of the processor.
 */
import { MakaiError } from '../../common/errors.js';
import { readCff, readComtrade } from '../../formats/comtrade/index.js';
import { readCsv } from '../../formats/csv/index.js';
import { unpack } from '../../formats/gzip.js';
import { type FileContent, voltageOf } from '../../formats/index.js';
import { readNdjson } from '../../formats/ndjson/index.js';
import { ParquetContent, readParquet } from '../../formats/parquet/index.js';
import { readPqdif } from '../../formats/pqdif/index.js';
import { readPqds } from '../../formats/pqds/index.js';
import { recognise } from '../../formats/recognise.js';
import { readWav } from '../../formats/wav/index.js';
import type { DecoderTarget } from './decoders.js';
import type { FormatSeeds } from './format-seeds.js';
import { mutatedText } from './mutate-text.js';

/** Kept beside what a reader returns: objects of a channel, however few samples it has. */
const ALLOWED_BYTES = 65_536;
const MEMORY_FACTOR = 20;
const MAX_CPU_US = 1_000_000;

/** What formats that compress may unfold to, however small the file (formats/budget.ts). */
const UNFOLDED_BYTES = 1_048_576;

function format(
  name: string,
  seeds: FormatSeeds,
  read: (frames: readonly Uint8Array[]) => FileContent,
  allowedBytes = ALLOWED_BYTES,
): DecoderTarget {
  const tried = (frames: readonly Uint8Array[]): void => {
    const content = read(frames);
    checkSize(content, sizeOf(frames), allowedBytes);
    tryVoltage(content);
  };
  return {
    name,
    seeds,
    frames: 'all',
    mutate: mutatedText,
    decode: (frames) => {
      const startedMs = performance.now();
      tried(frames);
      // To ask for the processor's time costs more than most inputs, and a busy machine is no fault: only what took long is timed so, once more.
      if (performance.now() - startedMs > MAX_CPU_US / 1000) checkTime(() => tried(frames), sizeOf(frames));
      return true;
    },
    expected: isPlaced,
  };
}

function sizeOf(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}

function checkTime(work: () => void, bytes: number): void {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  if (user + system > MAX_CPU_US) throw new Error(`${bytes} bytes took ${(user + system) / 1000} ms`);
}

/** Every error names its file. */
function isPlaced(error: unknown): boolean {
  return (
    error instanceof MakaiError && error.code === 'RECORDING_INVALID' && /\bfuzzed\.\w/.test(error.message)
  );
}

/** What comes after reading, for the first recording's first voltage. */
function tryVoltage(content: FileContent): void {
  try {
    voltageOf(content, 'fuzzed.x');
  } catch (error) {
    if (!isPlaced(error)) throw error;
  }
}

function checkSize({ recordings }: FileContent, inputBytes: number, allowedBytes: number): void {
  const buffers = new Set<ArrayBufferLike>();
  for (const { analog, digital, series } of recordings) {
    for (const { samples, time } of analog) {
      buffers.add(samples.buffer);
      if (time.kind === 'timestamps') buffers.add(time.seconds.buffer);
    }
    for (const { states } of digital) buffers.add(states.buffer);
    for (const { values, seconds } of series) buffers.add(values.buffer).add(seconds.buffer);
  }
  const total = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (total > MEMORY_FACTOR * inputBytes + allowedBytes)
    throw new Error(`${inputBytes} bytes became ${total}`);
}

const none = new Uint8Array();
/** As small as the seeds, so that inputs reach it. */
const GZIP_MOST_BYTES = 65_536;

export const FORMAT_DECODERS: readonly DecoderTarget[] = [
  format('COMTRADE, CFG and DAT', 'comtrade', ([cfg = none, dat = none]) =>
    readComtrade({ cfg: { file: 'fuzzed.cfg', bytes: cfg }, dat: { file: 'fuzzed.dat', bytes: dat } }),
  ),
  format('COMTRADE, CFF', 'cff', ([bytes = none]) => readCff(bytes, 'fuzzed.cff')),
  format('CSV', 'csv', ([bytes = none]) => readCsv(bytes, 'fuzzed.csv')),
  format('CSV at a rate', 'csv', ([bytes = none]) => readCsv(bytes, 'fuzzed.csv', { sampleRate: 1920 })),
  format('WAV', 'wav', ([bytes = none]) => readWav(bytes, 'fuzzed.wav')),
  format('PQDIF', 'pqdif', ([bytes = none]) => readPqdif(bytes, 'fuzzed.pqd'), UNFOLDED_BYTES),
  format('PQDS', 'pqds', ([bytes = none]) => readPqds(bytes, 'fuzzed.csv')),
  format(
    'Parquet, waveforms',
    'parquet',
    ([bytes = none]) => readParquet(bytes, 'fuzzed.parquet'),
    UNFOLDED_BYTES,
  ),
  {
    name: 'Parquet, documents',
    seeds: 'parquet',
    frames: 'first',
    mutate: mutatedText,
    decode: ([bytes = none]) => {
      const content = new ParquetContent(bytes, 'fuzzed.parquet');
      return [...content.documents()].length === content.rows;
    },
    expected: isPlaced,
  },
  {
    name: 'NDJSON',
    seeds: 'ndjson',
    frames: 'first',
    mutate: mutatedText,
    decode: ([bytes = none]) => [...readNdjson(bytes, 'fuzzed.ndjson')].length > 0,
    expected: isPlaced,
  },
  {
    name: 'gzip, and what is in it',
    seeds: 'gzip',
    frames: 'first',
    mutate: mutatedText,
    decode: ([bytes = none]) => {
      const before = process.cpuUsage();
      const unpacked = unpack(bytes, 'fuzzed.gz', GZIP_MOST_BYTES);
      if (unpacked.length > GZIP_MOST_BYTES)
        throw new Error(`${bytes.length} bytes became ${unpacked.length}`);
      const { user, system } = process.cpuUsage(before);
      if (user + system > MAX_CPU_US)
        throw new Error(`${bytes.length} bytes took ${(user + system) / 1000} ms`);
      return recognise(unpacked) !== undefined;
    },
    expected: isPlaced,
  },
  {
    name: 'recognising a file',
    seeds: 'cff',
    frames: 'first',
    mutate: mutatedText,
    decode: ([bytes = none]) => 'kind' in recognise(bytes),
    expected: () => false,
  },
];
