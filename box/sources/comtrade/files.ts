/** Finds and reads the parts of a COMTRADE recording: CFG with DAT beside it, or both in one CFF (2013). */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { unusable } from '../recording.js';

export interface Parts {
  config: string;
  data: Buffer;
}

const SECTION =
  /^--- *file type: *(CFG|INF|HDR|DAT)(?: +(ASCII|BINARY|BINARY32|FLOAT32))?(?: *: *(\d+))? *---\r?\n/im;

/**
 * @param file the .cfg or .cff
 * @throws MakaiError RECORDING_INVALID when a part is missing; the system's error when a file cannot be read
 */
export function readParts(file: string): Parts {
  if (path.extname(file).toLowerCase() === '.cff') return splitCff(readFileSync(file), file);
  return { config: decodeText(readFileSync(file)), data: readFileSync(dataFile(file)) };
}

/** The DAT of the same name, in upper or lower case. */
function dataFile(configFile: string): string {
  const { dir, name } = path.parse(configFile);
  const wanted = `${name}.dat`.toLowerCase();
  const found = readdirSync(dir === '' ? '.' : dir).find((entry) => entry.toLowerCase() === wanted);
  if (found === undefined) throw unusable(`${configFile}: no ${name}.dat beside it`);
  return path.join(dir, found);
}

/** Sections of a CFF: each begins with a line `--- file type: ... ---`; a binary one says its number of bytes. */
function splitCff(bytes: Buffer, where: string): Parts {
  // one character a byte, so that places in the text are places in the bytes
  const text = bytes.toString('latin1');
  let config: string | undefined;
  let data: Buffer | undefined;
  for (let at = 0; ; ) {
    const header = SECTION.exec(text.slice(at));
    if (header === null) break;
    const [line, kind = '', , length] = header;
    const from = at + header.index + line.length;
    const next = SECTION.exec(text.slice(from));
    const end =
      length !== undefined ? from + Number(length) : next === null ? bytes.length : from + next.index;
    if (kind.toUpperCase() === 'CFG') config = decodeText(bytes.subarray(from, end));
    if (kind.toUpperCase() === 'DAT') data = bytes.subarray(from, end);
    at = Math.min(end, bytes.length);
  }
  if (config === undefined || data === undefined) throw unusable(`${where}: no CFG and DAT sections in it`);
  return { config, data };
}

/** UTF-8, as 2013 says; else Latin-1, so that another code page spoils names only. */
function decodeText(bytes: Buffer): string {
  const utf8 = bytes.toString('utf8');
  return utf8.includes('\ufffd') ? bytes.toString('latin1') : utf8;
}
