/** Sections of a CFF (2013, 8): each begins with a line `--- file type: DAT BINARY: 1234 ---`. */
import { unreadable } from '../problems.js';
import type { Warnings } from '../warnings.js';
import type { ComtradeParts, Part } from './parts.js';

/** Some writers leave colons or a hyphen out. Repetitions are bounded, so that no line makes it slow. */
const HEADER =
  /^-{2,16} {0,8}file type {0,8}:? {0,8}(CFG|INF|HDR|DAT)(?: {1,8}(ASCII|BINARY32|BINARY|FLOAT32))?(?: {0,8}:? {0,8}(\d{1,15}))? {0,8}-{2,16}[ \t]{0,8}(?:\r{0,2}\n|\r|$)/gim;

/** @throws MakaiError RECORDING_INVALID when CFG or DAT is missing */
export function splitCff(bytes: Uint8Array, file: string, warnings: Warnings): ComtradeParts {
  // one character a byte, so that places in the text are places in the bytes
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const parts = new Map<string, Part>();
  let datFormat: string | undefined;
  let datLength: number | undefined;
  const header = new RegExp(HEADER);
  for (let found = header.exec(text); found !== null; ) {
    const [line, kindText = '', format, length] = found;
    const kind = kindText.toUpperCase();
    const from = found.index + line.length;
    let to: number;
    if (length === undefined || kind !== 'DAT') {
      found = headerFrom(header, text, from);
      to = found?.index ?? bytes.length;
    } else {
      to = Math.min(bytes.length, from + Number(length));
      found = headerAt(text, to) ?? headerFrom(header, text, to);
      checkLength(Number(length), from, found?.index ?? bytes.length, bytes, file, warnings);
    }
    if (parts.has(kind)) warnings.add('section', { file, byte: from }, `a second ${kind} section: not read`);
    else {
      parts.set(kind, {
        bytes: bytes.subarray(from, to),
        file,
        firstLine: lineAt(bytes, from),
        firstByte: from,
      });
      if (kind === 'DAT') datFormat = format?.toUpperCase();
      if (kind === 'DAT' && length !== undefined) datLength = Number(length);
    }
  }
  const [cfg, dat, hdr, inf] = ['CFG', 'DAT', 'HDR', 'INF'].map((kind) => parts.get(kind));
  if (cfg === undefined || dat === undefined) {
    throw unreadable({ file }, `no ${cfg === undefined ? 'CFG' : 'DAT'} section in it`);
  }
  return {
    cfg,
    dat,
    ...(hdr !== undefined && { hdr }),
    ...(inf !== undefined && { inf }),
    ...(datFormat !== undefined && { datFormat }),
    ...(datLength !== undefined && { datLength }),
  };
}

/** Binary data need not end with a line's end, so the next header may follow immediately. */
function headerAt(text: string, at: number): RegExpExecArray | null {
  const sticky = new RegExp(HEADER.source.slice(1), 'iy');
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function headerFrom(header: RegExp, text: string, at: number): RegExpExecArray | null {
  header.lastIndex = at;
  return header.exec(text);
}

/** The header's number of bytes against what is there up to the next section or the end. */
function checkLength(
  announced: number,
  from: number,
  end: number,
  bytes: Uint8Array,
  file: string,
  warnings: Warnings,
): void {
  const present = bytes.subarray(from, end);
  let length = present.length;
  while (length > announced && [0, 10, 13, 0x1a, 0x20].includes(present[length - 1] ?? 1)) length -= 1;
  if (length === announced) return;
  length = present.length;
  const rule = length < announced ? 'what is there is read' : 'the rest is not read';
  warnings.add(
    'dat-announced',
    { file, byte: from },
    `the header of the DAT section announces ${announced} bytes, ${length} follow: ${rule}`,
  );
}

function lineAt(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (let i = 0; i < at; i += 1) if (bytes[i] === 10) line += 1;
  return line;
}
