/** What kind of file it is, by what is in it; its name is a hint for nothing but the error's words. */
import type { FormatName } from './recording.js';
import { decodeText, Lines } from './text.js';
import { Warnings } from './warnings.js';

/** `comtrade-cfg` and `comtrade-dat` need their other file; `cff` is whole. */
export type Kind = Exclude<FormatName, 'comtrade' | 'raw'> | 'comtrade-cfg' | 'cff' | 'json';

/** What can be said of a file: what kind it is, or what it is instead. */
export type Recognised = { kind: Kind } | { other: string } | { unknown: 'text' | 'binary' };

/** Beginnings of files that are no recordings, so that the error names them. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['504b0304', 'a ZIP archive (or an Excel or OpenDocument file)'],
  ['d0cf11e0a1b11ae1', 'an old Excel or Word file'],
  ['25504446', 'a PDF'],
  ['89504e47', 'a PNG picture'],
  ['ffd8ff', 'a JPEG picture'],
  ['7f454c46', 'a program'],
  ['53514c69746520666f726d6174203300', 'an SQLite database'],
  ['fd377a585a00', 'compressed with xz'],
  ['28b52ffd', 'compressed with zstd'],
  ['425a68', 'compressed with bzip2'],
  ['377abcaf271c', 'a 7-Zip archive'],
  ['894844460d0a1a0a', 'an HDF5 file'],
  ['4d41544c4142', 'a MATLAB file'],
  ['52494658', 'a WAV file in big endian (RIFX)'],
  ['4f676753', 'an Ogg file'],
  ['664c6143', 'a FLAC file'],
  ['494433', 'an MP3 file'],
];

/** PQDIF (IEEE 1159.3, 5.3): the first record's signature, a GUID in little endian. */
const PQDIF_SIGNATURE = '4014114a9fe4cf11';
/** As much of a text is looked at. */
const LOOK = 65_536;

/** @param bytes the whole file, or its first 64 kB and more */
export function recognise(bytes: Uint8Array): Recognised {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 32));
  const hex = start.toString('hex');
  const word = (at: number): string => start.toString('latin1', at, at + 4);
  if ((word(0) === 'RIFF' || word(0) === 'RF64') && word(8) === 'WAVE') return { kind: 'wav' };
  if (word(0) === 'PAR1') return { kind: 'parquet' };
  if (hex.startsWith(PQDIF_SIGNATURE)) return { kind: 'pqdif' };
  const other = OTHERS.find(([mark]) => hex.startsWith(mark));
  if (other !== undefined) return { other: other[1] };
  const head = bytes.subarray(0, LOOK);
  if (/^\s*-{2,16} {0,8}file type/i.test(start.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '')))
    return { kind: 'cff' };
  return isText(head) ? textKind(head) : { unknown: 'binary' };
}

/** Control characters other than those of text are rare in it; UTF-16 has its zeros every other byte. */
function isText(head: Uint8Array): boolean {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return true;
  let odd = 0;
  const zeros = [0, 0];
  for (let i = 0; i < head.length; i += 1) {
    const byte = head[i] ?? 0;
    if (byte === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
    else if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 0x1a) odd += 1;
  }
  const [even = 0, uneven = 0] = zeros;
  const wide = Math.max(even, uneven) > head.length / 4 && Math.min(even, uneven) === 0;
  const nul = wide ? 0 : even + uneven;
  return odd + nul <= head.length / 1000;
}

function textKind(head: Uint8Array): Recognised {
  const { text } = decodeText(head, { file: '' }, new Warnings());
  const lines = new Lines(text);
  const [first, second, third] = [
    lines.next()?.text ?? '',
    lines.next()?.text ?? '',
    lines.next()?.text ?? '',
  ];
  if (first.startsWith('{') || first.startsWith('['))
    return { kind: isNdjson(first, second) ? 'ndjson' : 'json' };
  if (isCounts(second) && /^[^,]*,/.test(third)) return { kind: 'comtrade-cfg' };
  if (isPqds(text)) return { kind: 'pqds' };
  return first === '' ? { unknown: 'text' } : { kind: 'csv' };
}

/** The second line of a CFG: `8,6A,2D`, a part of which may be missing. */
function isCounts(line: string): boolean {
  const fields = line.split(',').map((field) => field.trim());
  return (
    fields.length >= 2 &&
    fields.length <= 4 &&
    fields.some((field) => /^\d+\s*[AD]$/i.test(field)) &&
    /^\d*$/.test(fields[0] ?? '')
  );
}

function isNdjson(first: string, second: string): boolean {
  if (second !== '' && !second.startsWith('{')) return false;
  try {
    JSON.parse(first);
    return first.startsWith('{');
  } catch {
    return false;
  }
}

/** PQDS: metadata rows of name, value, ... above a row whose first name is `waveform-data`. */
function isPqds(text: string): boolean {
  return /^\s*"?waveform-data"?\s*,/im.test(text);
}
