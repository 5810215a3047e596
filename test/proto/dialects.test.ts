/** The registered dialects: each recognises what is its own, and nothing that is another's. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { box2 } from '../../proto/box2/dialect.js';
import { box3 } from '../../proto/box3/dialect.js';
import * as proto from '../../proto/index.js';

const window = { startMs: 1_795_315_359_160, endMs: 1_795_315_369_159 };
const question = { number: 77, window, boxId: 7, eventId: 3, identity: 'us', nowMs: 1_795_315_370_000 };
const boxIds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

describe('proto: dialects', () => {
  it('have names and stream tags of their own, and are found by name', () => {
    const { size } = new Set(proto.DIALECTS.map(({ name }) => name));
    const tags = new Set(proto.DIALECTS.map(({ stream }) => stream.tag));
    assert.deepEqual([size, tags.size], [proto.DIALECTS.length, proto.DIALECTS.length]);
    for (const dialect of proto.DIALECTS) assert.equal(proto.dialectNamed(dialect.name), dialect);
    assert.throws(() => proto.dialectNamed('box9'), /unknown dialect box9/);
  });

  it('send only what is safe in their own dialect', () => {
    const messages: [proto.Dialect, proto.BoxMessage][] = [
      [box2, box2.askAll(3, window)],
      [box3, box3.askOne(question)],
    ];
    for (const dialect of proto.DIALECTS) {
      if (dialect.keepAlive !== undefined) messages.push([dialect, dialect.keepAlive.message(2 ** 33)]);
    }
    for (const [sender, message] of messages) {
      assert.ok(sender.commandNames.includes(message.name), message.name);
      for (const dialect of proto.DIALECTS)
        assert.equal(
          dialect.dangerOf(message) === undefined,
          dialect === sender,
          `${message.name} ${dialect.name}`,
        );
    }
  });

  it('no topic is a subscription in two dialects', () => {
    const topics = fc.oneof(fc.string(), boxIds.map(String), fc.constantFrom('', '0', '07', 'evget'));
    fc.assert(
      fc.property(topics, (topic) => {
        assert.ok(proto.DIALECTS.filter((one) => one.readSubscription(topic) !== undefined).length <= 1);
      }),
    );
    assert.deepEqual(box2.readSubscription(''), { boxId: undefined });
    assert.deepEqual(box3.readSubscription('77'), { boxId: 77 });
  });

  it('read replies in one shape', () => {
    const data = Uint8Array.of(1, 2, 3);
    const resp = { type: 'RESP' as const, sequenceNumber: 3, boxId: 9, time: 5, back: 10, forward: 20 };
    const head2 = proto.requestData.encode(resp);
    assert.equal(proto.dialectOfReply(head2), box2);
    assert.deepEqual(box2.readReply([head2, data]), {
      ...{ kind: 'reply', name: 'resp', boxId: 9, timeMs: 5, number: 3, body: 'data' },
      window: { startMs: 10, endMs: 20 },
      frames: [data],
    });
    const pong = proto.requestData.encode({ ...resp, type: 'PONG' });
    assert.deepEqual(box2.readReply([pong]), { kind: 'alive', name: 'pong', boxId: 9, timeMs: 5 });
    assert.equal(box2.readReply([pong, data]).kind, 'unexpected');
    assert.equal(box2.readReply([proto.requestData.encode({ ...resp, type: 'ERROR' })]).kind, 'error');
    assert.equal(box2.readReply([proto.requestData.encode({ ...resp, type: 'READ' })]).kind, 'unexpected');
    const body = { kind: 'data' as const, startTs: 1, endTs: 2 };
    const head3 = proto.response.encode({ boxId: 7, seq: 77, timestampMs: 5, body });
    assert.equal(proto.dialectOfReply(head3), box3);
    assert.deepEqual(box3.readReply([head3, data]), {
      ...{ kind: 'reply', name: 'response', boxId: 7, timeMs: 5, number: 77, body: 'data' },
      window: undefined,
      frames: [data],
    });
  });

  it('a Box 2 that repeats fields of a Command is still a Box 2', () => {
    const head = proto.requestData.encode({ type: 'PONG', sequenceNumber: 1, boxId: 9, time: 5 });
    const repeated = Buffer.concat([head, Buffer.from([0x22, 1, 0x61, 0x2a, 0])]);
    assert.equal(proto.dialectOfReply(repeated), box2);
  });
});
