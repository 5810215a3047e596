/** Chunks of a RIFF file, and of an RF64 one (EBU Tech 3306), whose sizes beyond 4 GB stand in `ds64`. */
import { type Place, unreadable } from '../problems.js';
import type { Warnings } from '../warnings.js';

export interface Chunk {
  name: string;
  /** place of its content in the file */
  from: number;
  to: number;
}

const UNKNOWN = 0xffff_ffff;

/**
 * @returns the chunks in order; the content of `data` goes to the end of the file where its length is 0 or ffffffff, as of a recorder that was
 *   switched off or writes to a pipe
 * @throws MakaiError where it is no WAV file
 */
export function chunksOf(bytes: Uint8Array, place: Place, warnings: Warnings): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  const form = bytes.length >= 12 ? name(0) : '';
  if (form === 'RIFX')
    throw unreadable(
      { ...place, byte: 0 },
      'RIFX, a WAV file in big endian, cannot be read',
      'Convert it to RIFF.',
    );
  if ((form !== 'RIFF' && form !== 'RF64') || name(8) !== 'WAVE') {
    throw unreadable(
      { ...place, byte: 0 },
      'this is not a WAV file: it does not begin with RIFF or RF64 and WAVE',
    );
  }
  const chunks: Chunk[] = [];
  let dataLength: number | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const from = at + 8;
    const kind = name(at);
    let length = view.getUint32(at + 4, true);
    if (kind === 'ds64' && length >= 24 && from + 24 <= bytes.length)
      dataLength = Number(view.getBigUint64(from + 8, true));
    if (kind === 'data') {
      const open = length === 0 || (length === UNKNOWN && dataLength === undefined);
      if (length === UNKNOWN && dataLength !== undefined) length = dataLength;
      if (open && from < bytes.length) {
        warnings.add(
          'open-data',
          { ...place, byte: at + 4 },
          'the length of its data was never filled in: read to the end of the file',
        );
        length = bytes.length - from;
      }
    }
    const to = Math.min(bytes.length, from + length);
    if (to < from + length) {
      const text = `chunk "${printable(kind)}" announces ${length} bytes, ${bytes.length - from} follow: what is there is read`;
      warnings.add('cut-off', { ...place, byte: at + 4 }, text);
    }
    chunks.push({ name: kind, from, to });
    at = from + length + (length % 2);
  }
  checkForm(view, form, chunks, place, warnings);
  return chunks;
}

function checkForm(
  view: DataView,
  form: string,
  chunks: readonly Chunk[],
  place: Place,
  warnings: Warnings,
): void {
  const announced = view.getUint32(4, true);
  if (
    form === 'RF64' ||
    announced === 0 ||
    announced === UNKNOWN ||
    warnings.has('cut-off') ||
    warnings.has('open-data')
  )
    return;
  const end = chunks.at(-1)?.to ?? 12;
  // the odd byte behind the last chunk is counted by some and not by others
  if (Math.abs(announced + 8 - end) > 1 && announced + 8 !== view.byteLength) {
    const text = `its header announces ${announced + 8} bytes, its chunks end at ${end}: the chunks are followed`;
    warnings.add('riff-length', { ...place, byte: 4 }, text);
  }
}

function printable(name: string): string {
  return name.replace(/[^ -~]/g, '?');
}
