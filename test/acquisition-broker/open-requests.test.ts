import assert from 'node:assert/strict';
import { ConnectedBoxes } from '../../acquisition-broker/boxes/connected-boxes.js';
import type { BoxSender } from '../../acquisition-broker/boxes/sender.js';
import { RequestedEvent } from '../../acquisition-broker/events/requested-event.js';
import { OpenRequest } from '../../acquisition-broker/open-requests/open-request.js';
import { LATE_REPLIES_MS, OpenRequests } from '../../acquisition-broker/open-requests/open-requests.js';
import { RequestCommands } from '../../acquisition-broker/open-requests/request-commands.js';
import { MAX_AHEAD_MS } from '../../acquisition-broker/requests/request.js';
import { silentLogger } from '../../common/log.js';
import { box2 } from '../../proto/box2/dialect.js';
import { box3 } from '../../proto/box3/dialect.js';
import { type Dialect, requestData } from '../../proto/index.js';
import { ManualClock } from './manual-clock.js';

/** Open requests over a sender that notes when what went out, in seconds. */
function openRequests(limit = 100) {
  const clock = new ManualClock();
  const boxes = new ConnectedBoxes(clock, 1000);
  const out: string[] = [];
  const started = clock.monotonic();
  const sender: Pick<BoxSender, 'send'> = {
    send: (_, { message, name, topic }) => {
      const whom = name === 'read' ? requestData.decode(message).sequenceNumber : topic;
      out.push(`${(clock.monotonic() - started) / 1000} ${name} ${whom}`);
    },
  };
  const done: string[] = [];
  const missed: number[] = [];
  const commands = new RequestCommands({
    log: silentLogger(),
    boxes,
    clock,
    identity: 'us',
    maxWindowMs: 10_000,
    sender: sender as BoxSender,
  });
  const book = new OpenRequests({
    clock,
    finished: ({ key }) => done.push(key),
    limit,
    log: silentLogger(),
    maxAheadMs: MAX_AHEAD_MS,
    missed: (boxId) => void missed.push(boxId),
    commands,
    settleMs: 500,
  });
  let number = 100;
  let eventId = 0;
  /** @param kinds box id → how it is asked */
  const request = (
    kinds: Record<number, 2 | 3 | 'both'>,
    options: { everyone?: boolean; endsInMs?: number } = {},
  ): OpenRequest => {
    eventId += 1;
    const endMs = clock.now() + (options.endsInMs ?? -1000);
    const window = { startMs: endMs - 1000, endMs };
    const asks = Object.entries(kinds).map(([id, kind]) => {
      number += 1;
      const numbers = new Map<Dialect, number>();
      if (kind !== 3) numbers.set(box2, eventId);
      if (kind !== 2) numbers.set(box3, number);
      return { boxId: Number(id), numbers };
    });
    const event = new RequestedEvent(
      {
        event_id: eventId,
        type: 'OTHER',
        description: '',
        boxes_triggered: Object.keys(kinds),
        percent_magnitude: 0,
        target_event_start_timestamp_ms: window.startMs,
        target_event_end_timestamp_ms: window.endMs,
      },
      '',
    );
    const everyone = options.everyone ?? false;
    return new OpenRequest({
      key: `event:${eventId}`,
      acceptedAtMs: clock.now(),
      window,
      event,
      everyone,
      asks,
    });
  };
  const reply = (open: OpenRequest, boxId: number, empty = false): void => {
    book.arrived(open, boxId);
    open.repliedToAll(box2, boxId);
    book.replied(open, boxId, empty);
  };
  return { clock, boxes, book, out, done, missed, request, reply };
}

describe('acquisition broker: open requests', () => {
  it('asks immediately, again after 5, 10 and 20 s, and gives up after 60 s', () => {
    const { book, clock, done, missed, out, request } = openRequests();
    book.add(request({ 7: 3 }));
    clock.advance(59_999);
    assert.deepEqual(out, ['0 command 7', '5 command 7', '10 command 7', '20 command 7']);
    assert.deepEqual(done, []);
    clock.advance(1);
    assert.deepEqual([done, book.waitingBoxes, book.counts.expired, missed], [['event:1'], 0, 1, [7]]);
    clock.advance(600_000);
    assert.equal(out.length, 4);
  });

  it('asks again only who has not replied, and is done with the last reply', () => {
    const { reply, book, clock, done, out, request } = openRequests();
    const open = request({ 7: 3, 8: 3 });
    book.add(open);
    reply(open, 8);
    clock.advance(5_000);
    assert.deepEqual(out, ['0 command 7', '0 command 8', '5 command 7']);
    reply(open, 7, true);
    clock.advance(60_000);
    assert.equal(out.length, 3);
    assert.deepEqual([done, book.counts.empty], [['event:1'], 1]);
  });

  it('sends a READ again only while a Box 2 that was asked is missing', () => {
    const { reply, book, clock, out, request } = openRequests();
    const open = request({ 1001: 2, 1002: 2, 7: 3 });
    book.add(open);
    assert.deepEqual(out, ['0 read 1', '0 command 7']);
    reply(open, 1001);
    clock.advance(5_000);
    reply(open, 1002);
    clock.advance(5_000);
    assert.deepEqual(out.slice(2), ['5 read 1', '5 command 7', '10 command 7']);
  });

  it('asks a box of unknown kind both ways until it is known what it is', () => {
    const { book, clock, out, boxes, request } = openRequests();
    book.add(request({ 1001: 'both', 7: 'both' }));
    assert.deepEqual(out, ['0 read 1', '0 command 7', '0 command 1001']);
    boxes.subscribed(box2, undefined);
    boxes.heard(box2, 1001);
    boxes.subscribed(box3, 7);
    clock.advance(5_000);
    assert.deepEqual(out.slice(3), ['5 read 1', '5 command 7']);
  });

  it('takes a reply that is being stored for neither missing nor done', () => {
    const { book, clock, done, out, request } = openRequests();
    const open = request({ 7: 3 });
    book.add(open);
    book.arrived(open, 7);
    clock.advance(60_000);
    assert.deepEqual([out.length, done], [1, []]);
    book.replied(open, 7, false);
    assert.deepEqual(done, ['event:1']);
  });

  it('asks again after a reply that could not be used', () => {
    const { book, clock, out, request } = openRequests();
    const open = request({ 7: 3 });
    book.add(open);
    book.arrived(open, 7);
    book.unusable(open, 7);
    clock.advance(5_000);
    assert.deepEqual(out, ['0 command 7', '5 command 7']);
  });

  it('waits for the end of a window that lies in the future, and half a second more', () => {
    const { book, clock, out, request } = openRequests();
    book.add(request({ 7: 3, 1001: 2 }, { endsInMs: 3_000 }));
    clock.advance(3_499);
    assert.deepEqual(out, []);
    clock.advance(1);
    assert.deepEqual(out, ['3.5 read 1', '3.5 command 7']);
    clock.advance(5_000);
    assert.deepEqual(out.slice(2), ['8.5 read 1', '8.5 command 7']);
  });

  it('is not disturbed by a clock that is set', () => {
    const { book, clock, out, request } = openRequests();
    book.add(request({ 7: 3 }));
    clock.jump(-86_400_000);
    clock.advance(5_000);
    clock.jump(2 * 86_400_000);
    clock.advance(5_000);
    assert.deepEqual(out, ['0 command 7', '5 command 7', '10 command 7']);
  });

  it('asks a Box 3 immediately when it comes back, unless it has just heard the command', () => {
    const { book, clock, out, boxes, request } = openRequests();
    book.add(request({ 7: 3 }));
    clock.advance(100);
    boxes.subscribed(box3, 7);
    book.boxReturned(box3, 7);
    assert.deepEqual(out, ['0 command 7', '0.1 command 7']);
    clock.advance(500);
    book.boxReturned(box3, 7);
    book.boxReturned(box3, 8);
    assert.equal(out.length, 2);
    clock.advance(1_000);
    book.boxReturned(box3, 7);
    assert.deepEqual(out.slice(2), ['1.6 command 7']);
  });

  it('sends a READ again when Box 2s come that nobody heard it before', () => {
    const { reply, book, clock, out, boxes, request } = openRequests();
    const open = request({ 1001: 2 });
    book.add(open);
    boxes.subscribed(box2, undefined);
    book.boxReturned(box2, undefined);
    assert.deepEqual(out, ['0 read 1', '0 read 1']);
    clock.advance(1_000);
    book.boxReturned(box2, undefined);
    assert.equal(out.length, 2, 'not twice within two seconds');
    reply(open, 1001);
    clock.advance(3_000);
    book.boxReturned(box2, undefined);
    assert.equal(out.length, 2);
  });

  it('asks everyone until as many Box 2s have replied as are connected', () => {
    const { reply, book, clock, done, out, boxes, request } = openRequests();
    boxes.subscribed(box2, undefined);
    boxes.subscribed(box2, undefined);
    boxes.heard(box2, 1001);
    const open = request({ 1001: 2 }, { everyone: true });
    book.add(open);
    reply(open, 1001);
    clock.advance(5_000);
    assert.deepEqual(out, ['0 read 1', '5 read 1']);
    reply(open, 1002);
    assert.deepEqual(done, ['event:1']);
    clock.advance(60_000);
    assert.equal(out.length, 2);
  });

  it('keeps a request to everyone open while nobody is there', () => {
    const { book, clock, done, out, boxes, request } = openRequests();
    const open = request({}, { everyone: true });
    book.add(open);
    clock.advance(10_000);
    assert.deepEqual([out, done], [['0 read 1'], []]);
    boxes.subscribed(box2, undefined);
    book.boxReturned(box2, undefined);
    assert.deepEqual(out.slice(1), ['10 read 1']);
  });

  it('knows a closed request for ten minutes, and counts what comes late', () => {
    const { reply, book, clock, done, request } = openRequests();
    const open = request({ 7: 3, 1001: 2 });
    book.add(open);
    const seq = open.ask(7)?.numbers.get(box3) ?? 0;
    clock.advance(60_000);
    assert.equal(book.find(box3, seq), open);
    assert.equal(book.find(box2, 1), open);
    reply(open, 7);
    assert.deepEqual([book.counts.late, done], [1, ['event:1']], 'finished once');
    clock.advance(LATE_REPLIES_MS + 20_000);
    assert.equal(book.find(box3, seq), undefined);
    assert.equal(book.find(box2, 1), undefined);
  });

  it('is bounded by the number of boxes asked, open and closed', () => {
    const { book, clock, request } = openRequests(10);
    for (let i = 0; i < 10; i += 1) {
      assert.ok(book.hasCapacity(1));
      book.add(request({ [i + 1]: 3 }));
    }
    assert.equal(book.hasCapacity(1), false);
    assert.equal(book.waitingBoxes, 10);
    clock.advance(60_000);
    assert.ok(book.hasCapacity(10));
    for (let i = 0; i < 10; i += 1) book.add(request({ [i + 1]: 3 }));
    clock.advance(60_000);
    const known = Array.from({ length: 20 }, (_, i) => book.find(box3, 101 + i) !== undefined);
    assert.deepEqual(known, [...Array(10).fill(false), ...Array(10).fill(true)]);
  });

  it('counts boxes that have not replied: one silent box does not hold the weight of the others', () => {
    const { reply, book, clock, request } = openRequests(3);
    const open = request({ 7: 3, 8: 3 });
    book.add(open);
    assert.equal(book.hasCapacity(2), false);
    reply(open, 7);
    assert.deepEqual([book.waitingBoxes, book.hasCapacity(2), book.hasCapacity(3)], [1, true, false]);
    reply(open, 7);
    reply(open, 9);
    assert.equal(book.waitingBoxes, 1, 'a second reply and one of a box not asked give nothing back');
    reply(open, 8);
    assert.deepEqual([book.count, book.waitingBoxes], [0, 0]);
    const late = request({ 7: 3, 8: 3, 9: 3 });
    book.add(late);
    clock.advance(60_000);
    reply(late, 7);
    assert.equal(book.waitingBoxes, 0, 'nor does one that comes after the end');
  });

  it('bounds what it remembers of open requests too, whoever has replied', () => {
    const { reply, book, clock, request } = openRequests(3);
    for (let i = 0; i < 2; i += 1) {
      const open = request({ 7: 3, 8: 3, 9: 3, 10: 3, 11: 3, 12: 3 });
      book.add(open);
      for (const boxId of [7, 8, 9, 10, 11]) reply(open, boxId);
    }
    assert.deepEqual([book.count, book.waitingBoxes, book.hasCapacity(1)], [2, 2, false], 'four times 3');
    clock.advance(60_000);
    assert.deepEqual([book.waitingBoxes, book.hasCapacity(3)], [0, true]);
  });

  it('a command that cannot be made is not sent, and keeps no other one back', () => {
    const { book, clock, done, out, request } = openRequests();
    const bad = request({ 7: 3, 8: 2, 9: 3 });
    const asks = [...bad.asks].map(({ boxId, numbers }) =>
      boxId === 9
        ? { boxId, numbers }
        : { boxId, numbers: new Map([...numbers.keys()].map((one) => [one, -1])) },
    );
    const event = new RequestedEvent({ ...(bad.event ?? assert.fail()).event, event_id: 2 ** 40 }, '');
    book.add(new OpenRequest({ ...bad, event, asks }));
    clock.advance(60_000);
    assert.deepEqual(out, ['0 command 9', '5 command 9', '10 command 9', '20 command 9']);
    assert.deepEqual([done, book.waitingBoxes], [['event:1'], 0]);
  });

  it('leaves no timer behind', async () => {
    const { reply, book, clock, request } = openRequests();
    const open = request({ 7: 3 });
    book.add(open);
    reply(open, 7);
    book.add(request({ 8: 3 }));
    book.add(request({ 9: 3 }, { endsInMs: 5_000 }));
    await book.stop();
    assert.equal(clock.timers, 0);
  });
});
