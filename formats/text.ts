/** Text of other programs' files: any encoding, any line end, and whatever editors and DOS left at its ends. */
import { TextDecoder } from 'node:util';
import type { Place } from './problems.js';
import { unreadable } from './problems.js';
import type { Warnings } from './warnings.js';

/** The longest text that is read; V8's strings end at about 536 million characters. */
export const MAX_TEXT_BYTES = 400_000_000;

export interface DecodedText {
  text: string;
  /** as WHATWG names it: 'utf-8', 'utf-16le', 'utf-16be', 'windows-1252' */
  encoding: string;
}

/**
 * Text from bytes: by its byte order mark; else UTF-16 where every other byte is 0; else UTF-8; else Windows-1252, which has Latin-1's letters
 * and spoils only the names of another code page (with a warning).
 * @param encoding a WHATWG label ('gbk', 'windows-1251'), where the user names one
 * @throws MakaiError for text that is too long, or an encoding that is not known
 */
export function decodeText(
  bytes: Uint8Array,
  place: Place,
  warnings: Warnings,
  encoding?: string,
): DecodedText {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw unreadable(
      place,
      `${bytes.length} bytes of text, more than the ${MAX_TEXT_BYTES} that can be read`,
    );
  }
  const found = encoding ?? encodingOf(bytes);
  if (encoding === undefined && found === 'windows-1252') {
    warnings.add(
      'encoding',
      place,
      'is not UTF-8: read as Windows-1252, so letters of another code page are wrong',
    );
  }
  // ignoreBOM false takes the byte order mark off
  return { text: decoderFor(found, place).decode(bytes), encoding: found };
}

function decoderFor(encoding: string, place: Place): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch {
    throw unreadable(
      place,
      `encoding "${encoding}" is not known`,
      'Name one as browsers do: utf-8, windows-1251, gbk.',
    );
  }
}

/** How many bytes are looked at to find UTF-16 without a mark. */
const LOOK = 4096;

function encodingOf(bytes: Uint8Array): string {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  const end = Math.min(bytes.length, LOOK) & ~1;
  for (let i = 0; i < end; i += 1) if (bytes[i] === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (end >= 4 && odd > end / 4 && even === 0) return 'utf-16le';
  if (end >= 4 && even > end / 4 && odd === 0) return 'utf-16be';
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** A line of text, with its number as an editor shows it. */
export interface Line {
  text: string;
  /** from 1 on */
  number: number;
}

/**
 * Lines that are not blank, one after the other, without their ends: LF, CR LF, CR and CR CR LF all end a line once. A Ctrl-Z (0x1A), by
 * which DOS ended text, counts as blank, and so do the NULs that some recorders pad with.
 */
export class Lines {
  readonly #text: string;
  #at: number;
  #number: number;

  /** @param from where to begin in `text`, at a line's start whose number is `number` */
  constructor(text: string, from = 0, number = 1) {
    this.#text = text;
    this.#at = from;
    this.#number = number;
  }

  /** Place in the text after the last line that was read. */
  get at(): number {
    return this.#at;
  }

  /** Number of the line that would be read next, if it is not blank. */
  get number(): number {
    return this.#number;
  }

  /** The next line, blank ones too; undefined at the end. */
  nextRaw(): Line | undefined {
    const text = this.#text;
    if (this.#at >= text.length) return undefined;
    let end = this.#at;
    while (end < text.length) {
      const code = text.charCodeAt(end);
      if (code === 10 || code === 13) break;
      end += 1;
    }
    const line = { text: text.slice(this.#at, end), number: this.#number };
    let after = end;
    while (text.charCodeAt(after) === 13) {
      after += 1;
      // a lone CR ends a line, CR CR LF as a whole ends one
      if (text.charCodeAt(after) === 13 && text.charCodeAt(after + 1) !== 10) break;
    }
    if (text.charCodeAt(after) === 10) after += 1;
    this.#at = after;
    this.#number += 1;
    return line;
  }

  /** The next line that is not blank; undefined at the end. */
  next(): Line | undefined {
    for (let line = this.nextRaw(); line !== undefined; line = this.nextRaw()) {
      const text = withoutPadding(line.text);
      if (text !== '') return { text, number: line.number };
    }
    return undefined;
  }
}

/** Without blanks and what DOS (0x1A) and recorders (NUL) pad with, at both ends. */
export function withoutPadding(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isPadding(text.charCodeAt(from))) from += 1;
  while (to > from && isPadding(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isPadding(code: number): boolean {
  return code <= 32
    ? code === 32 || (code >= 9 && code <= 13) || code === 0 || code === 0x1a
    : isWideBlank(code);
}

function isWideBlank(code: number): boolean {
  return code === 0xa0 || code === 0xfeff || code === 0x3000;
}
