/** Messages between brokers, and what is remembered of the boxes elsewhere. */
import assert from 'node:assert/strict';
import { BoxesElsewhere, GONE_MS } from '../../../acquisition-broker/cluster/boxes-elsewhere.js';
import {
  claim,
  decode,
  encode,
  packedBytes,
  packFrames,
  presence,
  unpackFrames,
} from '../../../acquisition-broker/cluster/messages.js';
import { RepliesIn } from '../../../acquisition-broker/cluster/replies-in.js';
import { dialectNamed } from '../../../proto/index.js';
import { ManualClock } from '../manual-clock.js';

const box2 = dialectNamed('box2');
const box3 = dialectNamed('box3');

const said = (more: object) => {
  const head = { member: 'm-1', name: 'b', revision: 1, isLeaving: false, wantsBoxes: false, ...more };
  const message = decode(presence, encode(head));
  assert.ok(message !== undefined);
  return message.head;
};

const textOf = (reply: Uint8Array | string | undefined): string =>
  typeof reply === 'string' ? reply : Buffer.from(reply ?? []).toString();

describe('acquisition broker: messages of a cluster', () => {
  it('come out as they went in, and frames too', () => {
    const message = decode(claim, encode({ from: 'm', frames: 2, bytes: 10 }, Buffer.from('head')));
    assert.deepEqual(message?.head, { version: 1, from: 'm', frames: 2, bytes: 10 });
    assert.equal(Buffer.from(message.body).toString(), 'head');
    const frames = [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(70_000, 7)];
    const packed = packFrames(frames);
    assert.equal(packed.length, packedBytes(frames));
    assert.deepEqual(unpackFrames(packed, 3), frames);
    assert.deepEqual(unpackFrames(Buffer.alloc(0), 0), []);
  });

  it('that are cut, longer, or of another number of frames, are none', () => {
    const packed = packFrames([Buffer.from('abc'), Buffer.from('d')]);
    assert.equal(unpackFrames(packed, 1), undefined);
    assert.equal(unpackFrames(packed, 3), undefined);
    for (let length = 0; length < packed.length; length += 1)
      assert.equal(unpackFrames(packed.subarray(0, length), 2), undefined);
    const message = encode({ from: 'm', frames: 2, bytes: 10 });
    for (let length = 0; length < message.length; length += 1)
      assert.equal(decode(claim, message.subarray(0, length)), undefined);
    assert.equal(decode(claim, encode({ from: 'm', frames: 2, bytes: 10, more: 1 })), undefined);
  });

  it('boxes elsewhere: what is new is said once, a broker that is silent has none', () => {
    const clock = new ManualClock();
    const elsewhere = new BoxesElsewhere(clock);
    assert.equal(elsewhere.hear(said({})), undefined, 'its boxes are not known');
    const boxes = { box2: { ids: [1001], anonymous: 2 }, box3: { ids: [7], anonymous: 0 } };
    assert.deepEqual(elsewhere.hear(said({ boxes })), [
      { dialect: box2, ids: [1001], hasMoreAnonymous: true },
      { dialect: box3, ids: [7], hasMoreAnonymous: false },
    ]);
    assert.deepEqual(elsewhere.hear(said({})), [], 'nothing has changed');
    assert.equal(elsewhere.hear(said({ revision: 3 })), undefined, 'a message was missed');
    assert.equal(elsewhere.count, 3);
    assert.equal(elsewhere.dialectOf(7), box3);
    assert.deepEqual(elsewhere.membersWithAnonymous(box2), ['m-1']);
    clock.advance(GONE_MS + 1);
    assert.equal(elsewhere.has(box3, 7), false);
    assert.deepEqual(elsewhere.members, []);
    elsewhere.hear(said({ boxes }));
    assert.deepEqual(elsewhere.hear(said({ isLeaving: true })), []);
    assert.deepEqual(elsewhere.members, []);
  });

  it('replies of others: no more is granted than may be held, and a grant that is not used is forgotten', () => {
    const clock = new ManualClock();
    const taken: number[] = [];
    const replies = new RepliesIn({
      ...{ clock, member: 'me', limitBytes: 1000, longestBytes: 5000 },
      heldBytes: () => 0,
      judge: () => 'wanted',
      handle: (frames) => taken.push(frames.length),
    });
    const ask = (bytes: number): string =>
      textOf(replies.claim(encode({ from: 'm', frames: 1, bytes }, Buffer.from('h'))));
    assert.match(ask(900), /"answer":"send"/);
    assert.match(ask(900), /"answer":"later"/);
    assert.match(ask(5000), /"answer":"later"/, 'longer than the limit: when nothing else is held');
    assert.equal(ask(5001), 'malformed');
    clock.advance(31_000);
    const grant = /"grant":"([^"]+)"/.exec(ask(900))?.[1];
    const piece = (index: number, isLast: boolean, body: Uint8Array): string =>
      textOf(replies.piece(encode({ grant, index, isLast }, body)));
    const packed = packFrames([Buffer.alloc(500)]);
    assert.match(piece(0, false, packed.subarray(0, 100)), /"isTaken":true/);
    assert.match(piece(1, true, packed.subarray(100)), /"isTaken":true/);
    assert.deepEqual(taken, [2]);
    assert.match(piece(2, true, packed), /"isTaken":false/);
    assert.match(ask(5000), /"answer":"send"/);
    assert.match(ask(1), /"answer":"later"/);
  });
});
