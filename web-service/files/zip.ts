/**
 * Several files as one ZIP (APPNOTE 6.3.10, without Zip64: an export is bounded below that). Each file is whole when it is added, so its size and checksum
 * are known before its bytes are sent.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

const deflate = promisify(deflateRaw);

const LOCAL = 0x0403_4b50;
const CENTRAL = 0x0201_4b50;
const END = 0x0605_4b50;
/** 2.0: deflate */
const VERSION = 20;
/** names are UTF-8 */
const UTF8 = 0x0800;
const STORED = 0;
const DEFLATED = 8;
export const MAX_ZIP_BYTES = 0xffff_fffe;
export const MAX_ZIP_FILES = 0xfffe;

interface Entry {
  name: Buffer;
  method: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

export class ZipWriter {
  readonly #entries: Entry[] = [];
  readonly #time: number;
  #offset = 0;

  /** @param nowMs time of the files, Unix ms */
  constructor(nowMs: number) {
    this.#time = dosTime(nowMs);
  }

  /** @throws RangeError beyond 4 GB or 65,534 files */
  async *add(file: string, bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    const packed = await deflate(bytes, { level: 6 });
    const isSmaller = packed.length < bytes.length;
    const body = isSmaller ? packed : bytes;
    const entry: Entry = {
      name: Buffer.from(file),
      method: isSmaller ? DEFLATED : STORED,
      crc: crc32(bytes),
      packed: body.length,
      size: bytes.length,
      offset: this.#offset,
    };
    if (this.#entries.length >= MAX_ZIP_FILES || this.#offset + body.length > MAX_ZIP_BYTES)
      throw new RangeError('the files are too many, or too long, for one ZIP');
    this.#entries.push(entry);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(LOCAL, 0);
    head.writeUInt16LE(VERSION, 4);
    this.#fields(head, 6, entry);
    this.#offset += head.length + entry.name.length + body.length;
    yield head;
    yield entry.name;
    yield body;
  }

  /** The directory; call it once, at the end. */
  *finish(): Generator<Uint8Array> {
    const start = this.#offset;
    let size = 0;
    for (const entry of this.#entries) {
      const head = Buffer.alloc(46);
      head.writeUInt32LE(CENTRAL, 0);
      head.writeUInt16LE(VERSION, 4);
      head.writeUInt16LE(VERSION, 6);
      this.#fields(head, 8, entry);
      head.writeUInt32LE(entry.offset, 42);
      size += head.length + entry.name.length;
      yield head;
      yield entry.name;
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(END, 0);
    end.writeUInt16LE(this.#entries.length, 8);
    end.writeUInt16LE(this.#entries.length, 10);
    end.writeUInt32LE(size, 12);
    end.writeUInt32LE(start, 16);
    yield end;
  }

  /** What both headers have in common: flags to length of the extra field. */
  #fields(head: Buffer, at: number, { crc, method, name, packed, size }: Entry): void {
    head.writeUInt16LE(UTF8, at);
    head.writeUInt16LE(method, at + 2);
    head.writeUInt32LE(this.#time, at + 4);
    head.writeUInt32LE(crc, at + 8);
    head.writeUInt32LE(packed, at + 12);
    head.writeUInt32LE(size, at + 16);
    head.writeUInt16LE(name.length, at + 20);
  }
}

/** UTC, in steps of two seconds from 1980 on. */
function dosTime(ms: number): number {
  const date = new Date(Math.max(ms, Date.UTC(1980, 0, 1)));
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  return ((day << 16) | time) >>> 0;
}
