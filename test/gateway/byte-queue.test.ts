/** The queue of live values: what goes in comes out, in order, and its size is what it holds. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Outgoing } from '../../gateway/mqtt/link.js';
import { ByteQueue, bytesOf } from '../../gateway/send/byte-queue.js';

const message = fc.record({
  topic: fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 1000, maxLength: 3000 })),
  payload: fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    // Longer than a piece of the queue, and as long as several of them fill one.
    fc.constantFrom(70_000, 65_500, 30_000).map((length) => Buffer.alloc(length, 7)),
  ),
  retain: fc.boolean(),
  isPassedOn: fc.boolean(),
});

/** Text goes out as the bytes that it is sent as. */
const sent = ({ isPassedOn = false, payload, retain = false, topic }: Outgoing): Outgoing => ({
  ...{ topic: Buffer.from(topic).toString('utf8'), payload: Buffer.from(payload) },
  ...{ retain, isPassedOn },
});

describe('gateway: the queue of live values', () => {
  it('property: is first in, first out, whatever is put, taken and dropped', () => {
    const step = fc.oneof(
      message.map((put) => ({ put })),
      fc.constant('take' as const),
      fc.constant('drop' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ByteQueue();
        const model: Outgoing[] = [];
        for (const one of steps) {
          if (one === 'drop') {
            queue.drop();
            model.shift();
          } else if (one === 'take') {
            const [first] = model.splice(0, 1);
            assert.deepEqual(queue.take(), first === undefined ? undefined : sent(first));
          } else {
            queue.put(one.put);
            model.push(one.put);
          }
          assert.equal(queue.size, model.length);
          assert.equal(
            queue.bytes,
            model.reduce((sum, each) => sum + bytesOf(each), 0),
          );
        }
        for (const each of model) assert.deepEqual(queue.take(), sent(each));
        assert.equal(queue.take(), undefined);
      }),
    );
  });
});
