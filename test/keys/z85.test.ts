import assert from 'node:assert/strict';
import fc from 'fast-check';
import { curveKeyPair } from 'zeromq';
import { z85Decode, z85Encode } from '../../keys/z85.js';

describe('keys/z85', () => {
  it('gives the test vector of RFC 32', () => {
    const bytes = Buffer.from('864fd26fb559f75b', 'hex');
    assert.equal(z85Encode(bytes), 'HelloWorld');
    assert.deepEqual(z85Decode('HelloWorld'), bytes);
  });

  it('reads back whatever it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 16 }), (groups) => {
        const bytes = Buffer.concat(groups);
        assert.deepEqual(z85Decode(z85Encode(bytes)), bytes);
      }),
    );
  });

  it("reads libzmq's own text", () => {
    for (let round = 0; round < 50; round += 1) {
      const { publicKey } = curveKeyPair();
      assert.equal(z85Encode(z85Decode(publicKey)), publicKey);
    }
  });

  it('refuses what is no Z85, without repeating it', () => {
    const bad = ['Hell', 'HelloWorl"', 'Hello Worl', '#####', 'HelloWörld', '\u{1f511}abc'];
    for (const text of bad) {
      assert.throws(
        () => z85Decode(text),
        (error: Error) => error instanceof RangeError && !error.message.includes(text),
        text,
      );
    }
    assert.throws(() => z85Encode(Buffer.alloc(3)), RangeError);
  });
});
