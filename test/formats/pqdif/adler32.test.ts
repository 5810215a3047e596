/** The checksum against zlib's, whose streams end with it. */
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { adler32 } from '../../../formats/pqdif/adler32.js';

/** A stream of zlib ends with the Adler-32 of what it holds (RFC 1950, 2.2). */
function byZlib(bytes: Uint8Array): number {
  const stream = deflateSync(bytes, { level: 0 });
  return stream.readUInt32BE(stream.length - 4);
}

describe('Adler-32', () => {
  it('is what zlib has, of any bytes at any place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat({ max: 40 }), (bytes, from) => {
        const part = bytes.subarray(from);
        assert.equal(adler32(part), byZlib(part));
      }),
    );
  });

  it('also of more than one piece, and of the highest bytes', () => {
    for (const count of [0, 1, 15, 16, 1023, 1024, 1025, 16_383, 16_384, 16_385, 144_567, 1_000_003]) {
      const highest = new Uint8Array(count).fill(255);
      assert.equal(adler32(highest), byZlib(highest), `${count} times 255`);
      const mixed = Uint8Array.from({ length: count }, (_, i) => (i * i) >> 3);
      assert.equal(adler32(mixed), byZlib(mixed), `${count} others`);
    }
  });
});
