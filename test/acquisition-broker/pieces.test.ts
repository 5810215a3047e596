import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BoxRecords } from '../../acquisition-broker/boxes/box-records.js';
import { ConnectedBoxes, parseSubscription } from '../../acquisition-broker/boxes/connected-boxes.js';
import { BoxSender } from '../../acquisition-broker/boxes/sender.js';
import { RateLimit } from '../../acquisition-broker/requests/rate-limit.js';
import { clientOf, isUsableIdentity, parseDataIdentity } from '../../acquisition-broker/requests/request.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { box2 } from '../../proto/box2/dialect.js';
import { box3, SequenceNumbers } from '../../proto/box3/dialect.js';
import * as proto from '../../proto/index.js';
import { locationOf } from '../../store/boxes.js';
import type { BoxDocument } from '../../store/store.js';
import type { SendQueue } from '../../zmq/send-queue.js';
import { runs } from '../support/property.js';
import { ManualClock } from './manual-clock.js';

describe('acquisition broker: sequence numbers', () => {
  it('are never 0 to 5, rise by one, and wrap around', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (first) => {
        const numbers = new SequenceNumbers(first);
        let last = numbers.next();
        for (let i = 0; i < 20; i += 1) {
          assert.ok(last >= 6 && last < 2 ** 32);
          const next = numbers.next();
          assert.equal(next, last === 2 ** 32 - 1 ? 6 : last + 1);
          last = next;
        }
      }),
    );
  });

  it('skip those that are taken, over the end too', () => {
    const numbers = new SequenceNumbers(2 ** 32 - 2);
    const taken = new Set([2 ** 32 - 1, 6, 7]);
    assert.equal(
      numbers.next((n) => taken.has(n)),
      2 ** 32 - 2,
    );
    assert.equal(
      numbers.next((n) => taken.has(n)),
      8,
    );
  });

  it('start anywhere', () => {
    const starts = new Set(Array.from({ length: 50 }, () => new SequenceNumbers().next()));
    assert.ok(starts.size > 45);
  });
});

describe('acquisition broker: which boxes are connected', () => {
  it('counts subscriptions, and takes a Box 3 for there until the last one ends', () => {
    const boxes = new ConnectedBoxes(new ManualClock(), 100);
    boxes.subscribed(box3, 7);
    boxes.subscribed(box3, 7);
    boxes.unsubscribed(box3, 7);
    assert.deepEqual(boxes.idsHere(box3), [7]);
    boxes.unsubscribed(box3, 7);
    boxes.unsubscribed(box3, 7);
    assert.deepEqual(boxes.idsHere(box3), []);
    assert.equal(boxes.dialectOf(7), box3, 'what it is stays known');
  });

  it('takes a Box 2 for there while it answers, or while nobody asked', () => {
    const clock = new ManualClock();
    const boxes = new ConnectedBoxes(clock, 100);
    boxes.subscribed(box2, undefined);
    boxes.heard(box2, 1001);
    clock.advance(3_600_000);
    assert.deepEqual(boxes.idsHere(box2), [1001], 'nobody asked it');
    for (let i = 0; i < 5; i += 1) boxes.asked(box2);
    assert.deepEqual(boxes.idsHere(box2), [1001]);
    boxes.asked(box2);
    assert.deepEqual(boxes.idsHere(box2), []);
    boxes.heard(box2, 1001);
    assert.deepEqual(boxes.idsHere(box2), [1001]);
    boxes.unsubscribed(box2, undefined);
    assert.deepEqual(boxes.idsHere(box2), [], 'no Box 2 is connected');
  });

  it('does not know what a box is that looks like both', () => {
    const boxes = new ConnectedBoxes(new ManualClock(), 100);
    boxes.subscribed(box2, undefined);
    boxes.heard(box2, 9);
    assert.equal(boxes.dialectOf(9), box2);
    boxes.subscribed(box3, 9);
    assert.equal(boxes.dialectOf(9), undefined);
    assert.equal(boxes.dialectOf(10), undefined);
  });

  it('is bounded whatever is subscribed to and whoever answers', () => {
    let overflows = 0;
    const boxes = new ConnectedBoxes(new ManualClock(), 10, () => {
      overflows += 1;
    });
    boxes.subscribed(box2, undefined);
    for (let id = 1; id <= 100; id += 1) {
      boxes.subscribed(box3, id);
      boxes.heard(box2, 1000 + id);
    }
    assert.equal(boxes.idsHere(box3).length, 10);
    assert.equal(boxes.idsHere(box2).length, 10);
    assert.equal(overflows, 90);
    assert.equal(boxes.connections, 11);
  });

  it('reads subscriptions of both kinds and nothing else', () => {
    const bytes = (on: number, topic: string): Uint8Array[] => [
      Buffer.concat([Buffer.from([on]), Buffer.from(topic)]),
    ];
    assert.deepEqual(parseSubscription(bytes(1, '')), { on: true, dialect: box2, boxId: undefined });
    assert.deepEqual(parseSubscription(bytes(0, '1001')), { on: false, dialect: box3, boxId: 1001 });
    assert.deepEqual(parseSubscription(bytes(1, '0')), { on: true, dialect: box3, boxId: 0 });
    for (const strange of [
      '00',
      '0000',
      '007',
      '-1',
      'evget',
      '2147483648',
      '99999999999',
      '1 ',
      'x'.repeat(1000),
    ]) {
      assert.equal(parseSubscription(bytes(1, strange)), undefined, strange);
    }
    assert.equal(parseSubscription(bytes(2, '1')), undefined);
    assert.equal(parseSubscription([]), undefined);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }), (frames) => {
        parseSubscription(frames);
      }),
    );
  });
});

describe('acquisition broker: what goes out to boxes', () => {
  function senderOf() {
    const sent: (string | Uint8Array)[][] = [];
    const rejections = new Rejections(silentLogger());
    const traffic = { sent: 0, recv: 0 };
    const boxQueue: Pick<SendQueue, 'send'> = { send: (frames) => void sent.push([...frames]) };
    const asked: proto.Dialect[] = [];
    const boxes = { asked: (dialect: proto.Dialect): void => void asked.push(dialect) };
    return {
      sent,
      rejections,
      traffic,
      asked,
      sender: new BoxSender({ boxes, boxQueue, rejections, traffic }),
    };
  }
  const command = { seq: 6, boxId: 7, timestampMs: 1, identity: 'a', body: { kind: 'info' as const } };
  const messageOf = (topic: string, message: Uint8Array): proto.BoxMessage => ({
    name: 'any',
    topic,
    message,
  });

  it('is two frames, and what the boxes understand', () => {
    const { asked, sender, sent, traffic } = senderOf();
    const { keepAlive } = box2;
    assert.ok(keepAlive && box3.relay);
    sender.send(box2, keepAlive.message(3));
    sender.send(box2, box2.askAll(1, { startMs: 1_795_315_359_160, endMs: 1_795_315_369_159 }));
    sender.send(box3, box3.relay({ ...command, seq: 1 }, 6));
    assert.deepEqual(
      sent.map(([topic]) => topic),
      ['evget', 'evget', '7'],
    );
    assert.ok(sent.every((frames) => frames.length === 2));
    assert.deepEqual(sender.sent, { ping: 1, read: 1, command: 1 });
    assert.deepEqual(asked, [box2, box2], 'a Command is to one box');
    assert.equal(Buffer.from(sent[0]?.[1] ?? []).toString('hex'), '08011003');
    assert.equal(
      Buffer.from(sent[1]?.[1] ?? []).toString('hex'),
      '0803100120bfe28989a03428b8bb8989a03430c7898a89a034',
    );
    assert.equal(
      traffic.sent,
      sent.flat().reduce((sum, frame) => sum + frame.length, 0),
    );
  });

  it('is never anything that could kill a box', () => {
    const danger = (topic: string, message: Uint8Array): string =>
      box3.dangerOf(messageOf(topic, message)) ?? '';
    assert.equal(danger('7', proto.command.encode(command)), '');
    assert.match(danger('8', proto.command.encode(command)), /topic 8/);
    assert.match(danger('7', proto.command.encode({ ...command, seq: 5 })), /sequence number 5/);
    // A Command without its oneof, as the v3 broker would pass it on: seq 6, box 7, identity "a".
    assert.notEqual(danger('7', Buffer.from('080610071801220161', 'hex')), '');
    assert.match(box2.dangerOf(messageOf('evget', new Uint8Array())) ?? '', /empty/);
    const pong = proto.requestData.encode({ type: 'PONG', sequenceNumber: 1 });
    assert.match(box2.dangerOf(messageOf('evget', pong)) ?? '', /PONG/);
    assert.match(box2.dangerOf(messageOf('7', proto.command.encode(command))) ?? '', /topic 7/);
  });

  it('is refused and counted whatever bytes come in', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('7', 'evget', '', '07'),
        (bytes, topic) => {
          const message = messageOf(topic, bytes);
          if (box2.dangerOf(message) === undefined) {
            assert.equal(topic, 'evget');
            assert.match(proto.requestData.decode(bytes).type, /^(PING|READ)$/);
          }
          if (box3.dangerOf(message) === undefined) assert.equal(proto.command.decode(bytes).boxId, 7);
        },
      ),
      { numRuns: runs(2000) },
    );
    const { asked, rejections, sender, sent } = senderOf();
    sender.send(box3, messageOf('7', proto.command.encode({ ...command, seq: 1 })));
    sender.send(box2, messageOf('evget', new Uint8Array()));
    assert.deepEqual([sent.length, rejections.totals()], [0, { unsafe_for_boxes: 2 }]);
    assert.deepEqual(asked, []);
  });
});

describe('acquisition broker: identities', () => {
  it('say whether a reply is stored', () => {
    assert.deepEqual(parseDataIdentity('data_vtZ_e29e-0f1b'), { token: 'vtZ', rest: 'e29e-0f1b' });
    assert.deepEqual(parseDataIdentity('data_a_b_c'), { token: 'a', rest: 'b_c' });
    assert.deepEqual(parseDataIdentity('data_a'), { token: 'a', rest: '' });
    for (const routed of [
      'mauka_0af3_7',
      'maukarate_17_7',
      'viewer_1',
      'data',
      'data_',
      'data__x',
      'database_a_b',
      '',
    ]) {
      assert.equal(parseDataIdentity(routed), undefined, routed);
    }
  });

  it('must not pass for a notice, or fill memory', () => {
    assert.ok(isUsableIdentity('mauka_0af3_7'));
    assert.equal(isUsableIdentity('evnew'), false);
    assert.equal(isUsableIdentity('evnew_1'), false);
    assert.equal(isUsableIdentity('x'.repeat(201)), false);
  });

  it('say whose rate a request counts against', () => {
    assert.equal(clientOf('mauka_0af3_7'), 'mauka');
    assert.equal(clientOf('data_abc_e29e'), 'data e29e');
    assert.equal(clientOf('x'), 'x');
  });
});

describe('acquisition broker: requests per second', () => {
  it('holds each client to its rate and burst, and all together', () => {
    const clock = new ManualClock();
    const rate = new RateLimit({ clock, perSecond: 10, burst: 20, totalFactor: 2, remembered: 5 });
    const taken = (client: string, tries: number): number =>
      Array.from({ length: tries }, () => rate.allows(client)).filter(Boolean).length;
    assert.equal(taken('a', 100), 20);
    assert.equal(taken('b', 100), 20);
    assert.equal(taken('c', 100), 0, 'all together have had 40');
    clock.advance(1_000);
    assert.equal(taken('a', 100), 10);
    assert.equal(taken('c', 100), 10);
    clock.advance(60_000);
    for (let i = 0; i < 100; i += 1) rate.allows(`made up ${i}`);
    clock.advance(60_000);
    assert.equal(taken('a', 100), 20);
  });
});

const placeIn = async (records: BoxRecords, boxId: string) => locationOf(await records.of(boxId));

describe('acquisition broker: records of boxes', () => {
  const box = (location?: string): BoxDocument => ({
    box_id: '7',
    calibration_constant: 1,
    unplugged: false,
    ...(location === undefined ? {} : { location }),
  });

  it('are read once in a while, and kept while the store is unavailable', async () => {
    const clock = new ManualClock();
    let document: BoxDocument | undefined = box('here');
    let away = false;
    let asked = 0;
    const store = {
      state: () => ({ available: true }),
      box: async () => {
        asked += 1;
        if (away) throw new Error('away');
        return document;
      },
    };
    const records = new BoxRecords(store, clock, 60_000, 10);
    assert.equal(await placeIn(records, '7'), 'here');
    document = box('there');
    assert.equal(await placeIn(records, '7'), 'here');
    assert.equal(asked, 1);
    clock.advance(60_000);
    assert.equal(await placeIn(records, '7'), 'there');
    away = true;
    clock.advance(60_000);
    assert.equal(await placeIn(records, '7'), 'there');
    await assert.rejects(records.of('8'), /away/);
    away = false;
    document = undefined;
    assert.equal(await placeIn(records, '8'), 'unknown');
    document = box();
    assert.equal(await placeIn(records, '9'), 'unknown');
    document = box('');
    assert.equal(await placeIn(records, '10'), 'unknown');
  });

  it('that a spool does not know are asked for again as soon as the database is back', async () => {
    let available = false;
    const store = {
      state: () => ({ available }),
      box: async () => (available ? box('lab') : undefined),
    };
    const records = new BoxRecords(store, new ManualClock(), 60_000, 10);
    assert.equal(await placeIn(records, '7'), 'unknown');
    available = true;
    assert.equal(await placeIn(records, '7'), 'lab');
    available = false;
    assert.equal(await placeIn(records, '7'), 'lab', 'what was known is kept');
  });
});
