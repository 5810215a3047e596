/** Messages between brokers, and what is remembered of the boxes elsewhere. */
import assert from 'node:assert/strict';
import { BoxesElsewhere, GONE_MS } from '../../../acquisition-broker/cluster/boxes-elsewhere.js';
import {
  claim,
  decode,
  encode,
  MAX_FRAMES,
  packedBytes,
  packedPieces,
  presence,
  unpackFrames,
} from '../../../acquisition-broker/cluster/messages.js';
import { PresenceOfThis } from '../../../acquisition-broker/cluster/presence.js';
import { RepliesIn } from '../../../acquisition-broker/cluster/replies-in.js';
import { RepliesOut } from '../../../acquisition-broker/cluster/replies-out.js';
import { dialectNamed } from '../../../proto/index.js';
import { ManualClock } from '../manual-clock.js';
import { until } from '../rig.js';

const box2 = dialectNamed('box2');
const box3 = dialectNamed('box3');

const headOf = (more: object) => ({
  ...{ member: 'm-1', name: 'b', revision: 1, isLeaving: false, wantsBoxes: false },
  ...more,
});
const said = (more: object) => {
  const message = decode(presence, encode(headOf(more)));
  assert.ok(message !== undefined);
  return message.head;
};

/** All frames in one piece. */
const packFrames = (frames: readonly Uint8Array[]): Buffer =>
  Buffer.concat([...packedPieces(frames, Number.MAX_SAFE_INTEGER)]);

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
    for (const size of [1, 3, 4, 1024, 70_012, 70_013, 70_014]) {
      const pieces = [...packedPieces(frames, size)];
      assert.deepEqual(Buffer.concat(pieces), packed, `${size}`);
      assert.ok(pieces.every((piece, i) => piece.length === size || i === pieces.length - 1));
      assert.ok(pieces.every((piece) => piece.length > 0));
    }
    assert.deepEqual([...packedPieces([], 10)], []);
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
    elsewhere.hear(said({ revision: 2, boxes: { box2: { ids: [], anonymous: 1_000_000 } } }));
    assert.equal(elsewhere.count, 20_000, 'no broker remembers more');
    assert.equal(
      decode(presence, encode(headOf({ boxes: { box2: { ids: [], anonymous: 1_000_001 } } }))),
      undefined,
    );
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
      ...{ clock, member: 'me', limitBytes: 10_000, longestBytes: 50_000 },
      heldBytes: () => 0,
      judge: () => 'wanted',
      handle: (frames) => taken.push(frames.length),
    });
    const ask = (bytes: number, frames = 1, head = 'h'): string =>
      textOf(replies.claim(encode({ from: 'm', frames, bytes }, Buffer.from(head))));
    const grantOf = (reply: string): string => /"grant":"([^"]+)"/.exec(reply)?.[1] ?? assert.fail(reply);
    const give = (grant: string, index: number, isLast: boolean, body: Uint8Array): string =>
      textOf(replies.piece(encode({ grant, index, isLast }, body)));
    assert.match(ask(9000), /"answer":"send"/);
    assert.match(ask(9000), /"answer":"later"/);
    assert.match(ask(50_000), /"answer":"later"/, 'longer than the limit: when nothing else is held');
    assert.equal(ask(50_001), 'malformed');
    assert.match(ask(4, 10), /"answer":"later"/, 'frames cost more than their bytes');
    assert.match(ask(4, 1, 'h'.repeat(1000)), /"answer":"later"/, 'so does the first');
    clock.advance(31_000);
    const grant = grantOf(ask(9000));
    const packed = packFrames([Buffer.alloc(5000)]);
    assert.match(give(grant, 0, false, packed.subarray(0, 1024)), /"isTaken":true/);
    assert.match(give(grant, 1, true, packed.subarray(1024)), /"isTaken":true/);
    assert.deepEqual(taken, [2]);
    assert.match(give(grant, 2, true, packed), /"isTaken":false/);
    assert.equal(give(grantOf(ask(9000)), 0, false, Buffer.alloc(0)), 'malformed');
    assert.equal(give(grantOf(ask(9000)), 0, false, Buffer.alloc(1023)), 'malformed');
    assert.equal(give(grantOf(ask(9000)), 0, true, Buffer.alloc(0)), 'malformed');
    assert.match(ask(50_000), /"answer":"send"/);
    assert.match(ask(1), /"answer":"later"/);
  });

  it('replies for others: what is held counts as what it takes, and is bounded', async () => {
    const asked: string[] = [];
    let reply: () => void = () => undefined;
    const replies = new RepliesOut({
      ...{ clock: new ManualClock(), member: 'me', limitBytes: 10_000 },
      hasOthers: () => true,
      pieceBytes: () => 1024,
      failed: assert.fail,
      ask: (channel) => {
        asked.push(channel);
        return new Promise((resolve) => {
          reply = () => resolve(undefined);
        });
      },
    });
    assert.equal(replies.offer(Array<Uint8Array>(MAX_FRAMES + 1).fill(new Uint8Array()), assert.fail), false);
    assert.deepEqual([asked, replies.capacity()], [[], undefined]);
    let dropped = 0;
    const drop = (): void => {
      dropped += 1;
    };
    assert.ok(replies.offer(Array<Uint8Array>(50).fill(Buffer.from('x')), drop));
    const capacity = replies.capacity();
    assert.ok(capacity !== undefined);
    const drained = replies.drained();
    assert.equal(await Promise.race([drained.then(() => 'drained'), Promise.resolve('held')]), 'held');
    reply();
    await Promise.all([capacity, drained]);
    assert.deepEqual([asked, dropped, replies.capacity()], [['claims'], 1, undefined]);
  });

  it('replies for others: the piece that is on its way counts too, and there is no second copy of the rest', async () => {
    const limitBytes = 1_100_000;
    const wanted = encode({ answer: 'send', member: 'other', grant: 'g' });
    const sizes: number[] = [];
    let taken: () => void = () => undefined;
    const outOf = (pieceBytes: number) =>
      new RepliesOut({
        ...{ clock: new ManualClock(), member: 'me', limitBytes },
        hasOthers: () => true,
        pieceBytes: () => pieceBytes,
        failed: assert.fail,
        ask: (channel, data) => {
          if (channel === 'claims') return Promise.resolve(wanted);
          sizes.push(data.length);
          return new Promise((resolve) => {
            taken = () => resolve(encode({ isTaken: true }));
          });
        },
      });
    const offer = (replies: RepliesOut, bytes: number): void =>
      assert.ok(replies.offer([Buffer.from('head'), Buffer.alloc(bytes)], assert.fail));

    const small = outOf(1024);
    offer(small, 1_000_000);
    assert.equal(small.capacity(), undefined, 'the reply and a short piece fit');
    const large = outOf(100_000);
    offer(large, 1_000_000);
    assert.ok(large.capacity() !== undefined, 'the reply fits, but not with a piece of it and its message');

    sizes.length = 0;
    const one = outOf(500_000);
    const frame = Buffer.alloc(64_000_000);
    const before = process.memoryUsage().arrayBuffers;
    assert.ok(one.offer([Buffer.from('head'), frame], assert.fail));
    await until(async () => sizes.some((size) => size > 500_000));
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 16_000_000, `${grown} bytes more`);
    const drained = one.drained().then(() => true);
    while (!(await Promise.race([drained, new Promise((resolve) => setImmediate(resolve))]))) taken();
    assert.equal(one.counts.forwarded, 1);
    const sum = sizes.filter((size) => size > 100_200).length;
    assert.equal(sum, Math.floor(packedBytes([frame]) / 500_000));
  });

  it('who leaves says nothing more', async () => {
    const clock = new ManualClock();
    const sent: string[] = [];
    const own = new PresenceOfThis({
      ...{ clock, member: 'me', name: 'b' },
      boxes: { idsHere: () => [], anonymousHere: () => 0 },
      send: (data) => {
        const head = decode(presence, data)?.head;
        sent.push(head?.isLeaving === true ? 'leaving' : 'here');
      },
    });
    own.start();
    own.connected();
    own.changed();
    const stopped = own.stop();
    own.changed();
    own.asked();
    own.ask();
    own.connected();
    await stopped;
    clock.advance(10_000);
    assert.deepEqual([sent, clock.timers], [['here', 'leaving'], 0]);
  });
});
