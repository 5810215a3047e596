import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BATCH_BYTES, BatchBuilder, decodeBatch, MESSAGE_BYTES, messageSize } from '../../nats/batch.js';
import { runs } from '../support/property.js';

const GOLDEN = `01 00 02 00 00 00 80 96 01 48 79 42
  02 04 31 32 30 31 03 aa bb cc
  02 04 30 30 30 37 00`;

const frame = fc.uint8Array({ maxLength: 300 });
const message = fc.array(frame, { minLength: 1, maxLength: 8 });

function packed(messages: readonly (readonly Uint8Array[])[], receivedMs: number): Buffer {
  const builder = new BatchBuilder();
  for (const frames of messages) builder.add(frames, messageSize(frames));
  return builder.take(receivedMs);
}

describe('nats/batch', () => {
  it('has the form of docs/cluster.md', () => {
    const bytes = packed(
      [
        [Buffer.from('1201'), Buffer.of(0xaa, 0xbb, 0xcc)],
        [Buffer.from('0007'), Buffer.alloc(0)],
      ],
      1_737_000_000_000,
    );
    const expected = Buffer.from(GOLDEN.replaceAll(/\s/g, ''), 'hex');
    expected.writeDoubleLE(1_737_000_000_000, 4);
    assert.deepEqual(bytes, expected);
  });

  it('gives back what went in', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 50 }),
        fc.double({ min: 0, max: 1e15, noNaN: true }),
        (messages, ms) => {
          const batch = decodeBatch(packed(messages, ms));
          assert.equal(batch?.receivedMs, ms);
          assert.deepEqual(
            batch?.messages.map((frames) => frames.map((bytes) => [...bytes])),
            messages.map((frames) => frames.map((bytes) => [...bytes])),
          );
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it('says how many bytes a message takes', () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384, 65_536]) {
      const frames = [Buffer.from('7'), Buffer.alloc(length, 1)];
      assert.equal(packed([frames], 1).length - packed([], 1).length, messageSize(frames), `${length}`);
    }
    assert.equal(messageSize([]), 0);
    assert.equal(messageSize(Array.from({ length: 9 }, () => Buffer.of(1))), 0);
    assert.equal(messageSize([Buffer.alloc(MESSAGE_BYTES)]), 0);
  });

  it('begins a batch of its own where a message does not fit', () => {
    const builder = new BatchBuilder();
    const long = [Buffer.from('1'), Buffer.alloc(BATCH_BYTES)];
    assert.equal(builder.fits(messageSize(long)), true);
    builder.add(long, messageSize(long));
    assert.equal(builder.fits(10), false);
    assert.equal(decodeBatch(builder.take(0))?.messages.length, 1);
    assert.equal(builder.fits(10), true);
    assert.equal(builder.messages, 0);
  });

  it('refuses what is cut off, has more, or is of another version', () => {
    const whole = packed([[Buffer.from('1201'), Buffer.alloc(200, 7)], [Buffer.from('1')]], 5);
    for (let length = 0; length < whole.length; length += 1)
      assert.equal(decodeBatch(whole.subarray(0, length)), undefined, `${length}`);
    assert.equal(decodeBatch(Buffer.concat([whole, Buffer.of(0)])), undefined);
    for (const [at, value] of [
      [0, 2],
      [1, 1],
      [2, 3],
      [12, 0],
      [12, 9],
    ] as const) {
      const other = Buffer.from(whole);
      other[at] = value;
      assert.equal(decodeBatch(other), undefined, `${at}`);
    }
  });

  it('never fails at any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const head = packed([], 1).subarray(0, 2);
        decodeBatch(bytes);
        decodeBatch(Buffer.concat([head, bytes]));
      }),
      { numRuns: runs(2000) },
    );
  });
});
