/**
 * The records of a PQDIF file (IEEE Std 1159.3, Annex A): a header of 64 bytes (signature, tag, sizes, where the next record begins, an
 * Adler-32 of the body as stored), then the body, compressed with zlib where the container record says so.
 */
import { inflateSync } from 'node:zlib';
import { messageOf } from '../../common/errors.js';
import type { Budget } from '../budget.js';
import { type Place, unreadable } from '../problems.js';
import type { Warnings } from '../warnings.js';
import { adler32 } from './adler32.js';
import { type Body, type Collection, parseBody } from './elements.js';
import { COMPRESSION_ALGORITHMS, COMPRESSION_STYLES } from './ids.js';
import { guidText } from './physical.js';
import { TAGS } from './tags.js';

export const SIGNATURE = '4a111440-e49f-11cf-9900-505144494600';
export const HEADER_BYTES = 64;
const HINT = 'Get the file again from where it came from.';

export type RecordKind = 'container' | 'source' | 'settings' | 'observation';
export interface PqRecord {
  kind: RecordKind;
  content: Collection;
}

const KINDS: ReadonlyMap<string, RecordKind> = new Map([
  [TAGS.tagContainer, 'container'],
  [TAGS.tagRecDataSource, 'source'],
  [TAGS.tagRecMonitorSettings, 'settings'],
  [TAGS.tagRecObservation, 'observation'],
]);

interface Header {
  tag: string;
  bodyAt: number;
  bodySize: number;
  next: number;
  checksum: number;
}

/**
 * Records in the order of the file; those of another kind are skipped. Only one body is held at a time.
 * @throws MakaiError for a file that is none, a record outside the file, records that lead in a circle
 */
export function* records(
  bytes: Buffer,
  file: string,
  warnings: Warnings,
  budget: Budget,
): Generator<PqRecord> {
  let compressed = false;
  const seen = new Set<number>();
  for (let at = 0; ; ) {
    const place = { file, byte: at };
    const header = headerAt(bytes, at, place);
    seen.add(at);
    const kind = KINDS.get(header.tag);
    if (at === 0 && kind !== 'container') {
      throw unreadable(place, 'the first record is not the container that a PQDIF file begins with', HINT);
    }
    if (at > 0 && kind === 'container')
      warnings.add('containers', place, 'a second container record; it is left out');
    else if (kind !== undefined) {
      const before = budget.left;
      const body = bodyOf(bytes, header, place, compressed, warnings, budget);
      const content = parseBody(body, budget);
      // Body and elements go when the record has been read; what is made of it stays.
      const held = before - budget.left;
      if (kind === 'container') compressed = isCompressed(content);
      yield { kind, content };
      budget.giveBack(held);
    } else {
      warnings.add(
        'record-kind',
        place,
        `a record of kind ${header.tag}, which the standard does not define; left out`,
      );
    }
    if (header.next === 0) {
      checkEnd(bytes, header, place, warnings);
      return;
    }
    if (seen.has(header.next))
      throw unreadable(
        place,
        `the next record is said to be at ${header.next}: the records lead in a circle`,
      );
    at = header.next;
  }
}

function headerAt(bytes: Buffer, at: number, place: Place): Header {
  if (at < 0 || at + HEADER_BYTES > bytes.length) {
    throw unreadable(place, `a record would begin here, and the file has ${bytes.length} bytes`, HINT);
  }
  if (guidText(bytes, at) !== SIGNATURE)
    throw unreadable(place, 'no PQDIF record begins here: its signature is missing', HINT);
  const headerSize = bytes.readInt32LE(at + 32);
  const bodySize = bytes.readInt32LE(at + 36);
  const next = bytes.readInt32LE(at + 40);
  if (headerSize < HEADER_BYTES || bodySize < 4 || at + headerSize + bodySize > bytes.length) {
    throw unreadable(
      place,
      `a record of ${headerSize} and ${bodySize} bytes does not fit into the file of ${bytes.length}`,
      HINT,
    );
  }
  if (next < 0 || (next > 0 && next + HEADER_BYTES > bytes.length)) {
    throw unreadable(
      place,
      `the next record is said to be at ${next}, and the file has ${bytes.length} bytes`,
      HINT,
    );
  }
  return {
    tag: guidText(bytes, at + 16),
    bodyAt: at + headerSize,
    bodySize,
    next,
    checksum: bytes.readUInt32LE(at + 44),
  };
}

function bodyOf(
  bytes: Buffer,
  header: Header,
  place: Place & { byte: number },
  compressed: boolean,
  warnings: Warnings,
  budget: Budget,
): Body {
  const stored = bytes.subarray(header.bodyAt, header.bodyAt + header.bodySize);
  const sum = header.checksum === 0 ? 0 : adler32(stored);
  if (sum !== header.checksum) {
    warnings.add(
      'checksum',
      place,
      `the checksum is ${header.checksum}, that of the bytes ${sum}: they were changed or damaged`,
    );
  }
  const where = { file: place.file, recordByte: place.byte, warnings };
  if (!compressed) return { ...where, bytes: stored, bodyByte: header.bodyAt };
  return { ...where, bytes: inflate(stored, place, budget), bodyByte: undefined };
}

/** @throws MakaiError when it is no zlib stream, or unfolds to more than the budget has left */
function inflate(stored: Buffer, place: Place, budget: Budget): Buffer {
  let bytes: Buffer;
  try {
    bytes = inflateSync(stored, { maxOutputLength: Math.max(1, budget.left) });
  } catch (error) {
    if (error instanceof RangeError) budget.take(budget.left + 1, place);
    throw unreadable(place, `the compressed body cannot be read: ${messageOf(error)}`, HINT);
  }
  budget.take(bytes.length, place);
  if (bytes.length < 4) throw unreadable(place, `the body unfolds to ${bytes.length} bytes`, HINT);
  return bytes;
}

function isCompressed(container: Collection): boolean {
  const style = container.whole('tagCompressionStyleID') ?? COMPRESSION_STYLES.NONE;
  const algorithm = container.whole('tagCompressionAlgorithmID') ?? COMPRESSION_ALGORITHMS.NONE;
  if (style === COMPRESSION_STYLES.NONE || algorithm === COMPRESSION_ALGORITHMS.NONE) return false;
  if (style === COMPRESSION_STYLES.RECORDLEVEL && algorithm === COMPRESSION_ALGORITHMS.ZLIB) return true;
  throw container.error(
    `compression style ${style} with algorithm ${algorithm} is not read; only zlib by record is`,
  );
}

function checkEnd(bytes: Buffer, { bodyAt, bodySize }: Header, place: Place, warnings: Warnings): void {
  const end = bodyAt + bodySize;
  if (end === bytes.length) return;
  warnings.add(
    'end',
    place,
    `the last record ends at ${end}, the file at ${bytes.length}: what lies between is not read`,
  );
}
