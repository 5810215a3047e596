/** ZIP files: every file whole, with its name and checksum. */
import assert from 'node:assert/strict';
import { crc32, inflateRawSync } from 'node:zlib';
import { zipped } from '../../web-service/files/bundle.js';

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** By the directory at the end, as readers do. */
function read(zip: Buffer): Record<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const files: Record<string, Buffer> = {};
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [packed, size, nameLength] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt32LE(at + 24),
      zip.readUInt16LE(at + 28),
    ];
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const body = zip.subarray(start, start + packed);
    const bytes = zip.readUInt16LE(at + 10) === 8 ? inflateRawSync(body) : body;
    assert.equal(bytes.length, size);
    assert.equal(crc32(bytes), zip.readUInt32LE(at + 16));
    files[name] = Buffer.from(bytes);
    at += 46 + nameLength;
  }
  return files;
}

describe('web-service: ZIP', () => {
  const chunk = (file: string, text: string, last: boolean) => ({ file, bytes: Buffer.from(text), last });

  it('files whose pieces come in turn are whole; names are UTF-8', async () => {
    const chunks = [
      chunk('a.csv', 'one ', false),
      chunk('ü.dat', 'x'.repeat(5000), false),
      chunk('a.csv', 'two', true),
      chunk('ü.dat', '', true),
      chunk('empty', '', true),
    ];
    const files = read(await bytesOf(zipped(chunks, Date.UTC(2026, 0, 2))));
    assert.deepEqual(Object.keys(files), ['a.csv', 'ü.dat', 'empty']);
    assert.equal(files['a.csv']?.toString(), 'one two');
    assert.equal(files['ü.dat']?.length, 5000);
    assert.equal(files.empty?.length, 0);
  });

  it('pieces are copied: their memory is used again', async () => {
    const bytes = Buffer.from('first');
    const chunks = (function* () {
      yield { file: 'f', bytes, last: false };
      bytes.fill(0x78);
      yield { file: 'f', bytes, last: true };
    })();
    assert.equal(read(await bytesOf(zipped(chunks, 0))).f?.toString(), 'firstxxxxx');
  });
});
