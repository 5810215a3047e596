/** Opens a recording of any format that can be read, recognised by its content. The only file of the room that reads the disk. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { comtradeFiles, readCff, readComtrade } from './comtrade/index.js';
import { type CsvOptions, readCsv } from './csv/index.js';
import { isGzip, unpack } from './gzip.js';
import { readParquet } from './parquet/index.js';
import { readPqdif } from './pqdif/index.js';
import { type PqdsOptions, readPqds } from './pqds/index.js';
import { unreadable } from './problems.js';
import { type Kind, recognise } from './recognise.js';
import type { FileContent } from './recording.js';
import { readWav, type WavOptions } from './wav/index.js';

/** A recording is read as a whole. */
export const MAX_FILE_BYTES = 1_000_000_000;

export interface ReadOptions extends CsvOptions, WavOptions, PqdsOptions {}

/**
 * @throws MakaiError RECORDING_INVALID for what cannot be read or is no recording; the system's error when a file cannot be opened
 */
export function readRecording(file: string, options: ReadOptions = {}): FileContent {
  return readOpened(openRecording(file), options);
}

/** A file, and what it was recognised as. */
export interface Opened {
  file: string;
  /** unpacked, where it was compressed */
  bytes: Uint8Array;
  /** undefined: none that is known */
  kind: Kind | 'comtrade-part' | undefined;
  /** what it is instead, or looks like */
  looks: string;
}

/** @throws MakaiError RECORDING_INVALID for a damaged gzip file or one that is too large; the system's error when it cannot be opened */
export function openRecording(file: string): Opened {
  const packed = readBounded(file);
  const bytes = isGzip(packed) ? unpack(packed, file) : packed;
  const found = recognise(bytes);
  // a COMTRADE DAT alone says nothing of itself; its CFG lies beside it
  if (
    !('kind' in found && found.kind === 'cff') &&
    /^\.(?:dat|hdr|inf)$/i.test(path.extname(file)) &&
    hasConfig(file)
  ) {
    return { file, bytes, kind: 'comtrade-part', looks: 'a part of a COMTRADE recording' };
  }
  if ('kind' in found) return { file, bytes, kind: found.kind, looks: found.kind };
  return { file, bytes, kind: undefined, looks: 'other' in found ? found.other : found.unknown };
}

/** The files of a recording byte for byte, as they lie on the disk: one, or the parts of a COMTRADE recording. */
export function originalFiles({ file, kind }: Opened): { name: string; bytes: Uint8Array }[] {
  const named = (place: string, bytes: Uint8Array) => ({ name: path.basename(place), bytes });
  const whole = kind === 'comtrade-part' ? undefined : readBounded(file);
  if (kind !== 'comtrade-cfg' && whole !== undefined) return [named(file, whole)];
  const { cfg, dat, hdr, inf } = comtradeFiles(file, readBounded, whole);
  return [cfg, dat, hdr, inf].flatMap((part) => (part === undefined ? [] : [named(part.file, part.bytes)]));
}

/** @throws MakaiError RECORDING_INVALID */
export function readOpened({ file, bytes, kind, looks }: Opened, options: ReadOptions = {}): FileContent {
  switch (kind) {
    case 'comtrade-cfg':
      return readComtrade(comtradeFiles(file, readBounded, bytes), options);
    case 'comtrade-part':
      return readComtrade(comtradeFiles(file, readBounded), options);
    case 'cff':
      return readCff(bytes, file, options);
    case 'wav':
      return readWav(bytes, file, options);
    case 'csv':
      return readCsv(bytes, file, options);
    case 'pqdif':
      return readPqdif(bytes, file);
    case 'pqds':
      return readPqds(bytes, file, options);
    case 'parquet':
      return readParquet(bytes, file);
    default:
      throw unreadable(
        { file },
        `is no recording that can be read: it looks like ${kind ?? looks}`,
        'COMTRADE (.cfg with .dat, .cff), PQDIF, PQDS, CSV, WAV and our own Parquet can be read; convert it to one of them.',
      );
  }
}

function hasConfig(file: string): boolean {
  try {
    comtradeFiles(file, () => new Uint8Array(0));
    return true;
  } catch {
    return false;
  }
}

function readBounded(file: string): Uint8Array {
  const opened = openSync(file, 'r');
  try {
    const { size } = fstatSync(opened);
    if (size > MAX_FILE_BYTES)
      throw unreadable({ file }, `${size} bytes, more than the ${MAX_FILE_BYTES} that can be read`);
    return readFileSync(opened);
  } finally {
    closeSync(opened);
  }
}
