import assert from 'node:assert/strict';
import { Presence } from '../../acquisition-broker/boxes/presence.js';
import type { BoxSender } from '../../acquisition-broker/boxes/sender.js';
import { Asker } from '../../acquisition-broker/open/asker.js';
import { LATE_ANSWERS_MS, RequestBook } from '../../acquisition-broker/open/book.js';
import { newRequest, type OpenRequest } from '../../acquisition-broker/open/request.js';
import { silentLogger } from '../../common/log.js';
import type { Command } from '../../proto/messages.js';
import { ManualClock } from './manual-clock.js';

/** A book over a sender that notes when what went out, in seconds. */
function bookOf(limit = 100) {
  const clock = new ManualClock();
  const presence = new Presence(clock, 1000);
  const out: string[] = [];
  const started = clock.monotonic();
  const note = (what: string): void => {
    out.push(`${(clock.monotonic() - started) / 1000} ${what}`);
  };
  const sender: Pick<BoxSender, 'read' | 'command'> = {
    read: (eventId: number) => note(`read ${eventId}`),
    command: (command: Command) => note(`command ${command.boxId}`),
  };
  const done: string[] = [];
  const asker = new Asker({
    clock,
    presence,
    sender: sender as BoxSender,
    identity: 'us',
    maxWindowMs: 10_000,
  });
  const book = new RequestBook({
    clock,
    asker,
    log: silentLogger(),
    limit,
    settleMs: 500,
    done: ({ key }) => done.push(key),
  });
  let seq = 100;
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
      seq += 1;
      return { boxId: Number(id), read: kind !== 3, seq: kind === 2 ? undefined : seq };
    });
    const event = {
      event: {
        event_id: eventId,
        type: 'OTHER',
        description: '',
        boxes_triggered: Object.keys(kinds),
        percent_magnitude: 0,
        target_event_start_timestamp_ms: window.startMs,
        target_event_end_timestamp_ms: window.endMs,
      },
      noticeText: '',
      noticed: false,
      taken: new Set<number>(),
    };
    const everyone = options.everyone ?? false;
    const read = everyone || asks.some((ask) => ask.read);
    return newRequest({
      key: `event:${eventId}`,
      acceptedAtMs: clock.now(),
      window,
      event,
      read,
      everyone,
      asks,
    });
  };
  const answer = (open: OpenRequest, boxId: number, empty = false): void => {
    book.arrived(open, boxId);
    open.readAnswers.add(boxId);
    book.answered(open, boxId, empty);
  };
  return { clock, presence, asker, book, out, done, request, answer };
}

describe('acquisition broker: open requests', () => {
  it('asks at once, again after 5, 10 and 20 s, and gives up after 60 s', () => {
    const { book, clock, done, out, request } = bookOf();
    book.add(request({ 7: 3 }));
    clock.advance(59_999);
    assert.deepEqual(out, ['0 command 7', '5 command 7', '10 command 7', '20 command 7']);
    assert.deepEqual(done, []);
    clock.advance(1);
    assert.deepEqual([done, book.openAsks, book.counts.expired], [['event:1'], 0, 1]);
    clock.advance(600_000);
    assert.equal(out.length, 4);
  });

  it('asks again only who has not answered, and is done with the last answer', () => {
    const { answer, book, clock, done, out, request } = bookOf();
    const open = request({ 7: 3, 8: 3 });
    book.add(open);
    answer(open, 8);
    clock.advance(5_000);
    assert.deepEqual(out, ['0 command 7', '0 command 8', '5 command 7']);
    answer(open, 7, true);
    clock.advance(60_000);
    assert.equal(out.length, 3);
    assert.deepEqual([done, book.counts.empty], [['event:1'], 1]);
  });

  it('sends a READ again only while a Box 2 that was asked is missing', () => {
    const { answer, book, clock, out, request } = bookOf();
    const open = request({ 1001: 2, 1002: 2, 7: 3 });
    book.add(open);
    assert.deepEqual(out, ['0 read 1', '0 command 7']);
    answer(open, 1001);
    clock.advance(5_000);
    answer(open, 1002);
    clock.advance(5_000);
    assert.deepEqual(out.slice(2), ['5 read 1', '5 command 7', '10 command 7']);
  });

  it('asks a box of unknown kind both ways until it is known what it is', () => {
    const { book, clock, out, presence, request } = bookOf();
    book.add(request({ 1001: 'both', 7: 'both' }));
    assert.deepEqual(out, ['0 read 1', '0 command 7', '0 command 1001']);
    presence.subscribedToEverything();
    presence.heardBox2(1001);
    presence.subscribed(7);
    clock.advance(5_000);
    assert.deepEqual(out.slice(3), ['5 read 1', '5 command 7']);
  });

  it('takes an answer that is being stored for neither missing nor done', () => {
    const { book, clock, done, out, request } = bookOf();
    const open = request({ 7: 3 });
    book.add(open);
    book.arrived(open, 7);
    clock.advance(60_000);
    assert.deepEqual([out.length, done], [1, []]);
    book.answered(open, 7, false);
    assert.deepEqual(done, ['event:1']);
  });

  it('asks again after an answer that could not be used', () => {
    const { book, clock, out, request } = bookOf();
    const open = request({ 7: 3 });
    book.add(open);
    book.arrived(open, 7);
    book.unusable(open, 7);
    clock.advance(5_000);
    assert.deepEqual(out, ['0 command 7', '5 command 7']);
  });

  it('waits for the end of a window that lies in the future, and half a second more', () => {
    const { book, clock, out, request } = bookOf();
    book.add(request({ 7: 3, 1001: 2 }, { endsInMs: 3_000 }));
    clock.advance(3_499);
    assert.deepEqual(out, []);
    clock.advance(1);
    assert.deepEqual(out, ['3.5 read 1', '3.5 command 7']);
    clock.advance(5_000);
    assert.deepEqual(out.slice(2), ['8.5 read 1', '8.5 command 7']);
  });

  it('is not disturbed by a clock that is set', () => {
    const { book, clock, out, request } = bookOf();
    book.add(request({ 7: 3 }));
    clock.jump(-86_400_000);
    clock.advance(5_000);
    clock.jump(2 * 86_400_000);
    clock.advance(5_000);
    assert.deepEqual(out, ['0 command 7', '5 command 7', '10 command 7']);
  });

  it('asks a Box 3 at once when it comes back, unless it has just heard the command', () => {
    const { book, clock, out, presence, request } = bookOf();
    book.add(request({ 7: 3 }));
    clock.advance(100);
    presence.subscribed(7);
    book.box3Came(7);
    assert.deepEqual(out, ['0 command 7', '0.1 command 7']);
    clock.advance(500);
    book.box3Came(7);
    book.box3Came(8);
    assert.equal(out.length, 2);
    clock.advance(1_000);
    book.box3Came(7);
    assert.deepEqual(out.slice(2), ['1.6 command 7']);
  });

  it('sends a READ again when Box 2s come that nobody heard it before', () => {
    const { answer, book, clock, out, presence, request } = bookOf();
    const open = request({ 1001: 2 });
    book.add(open);
    presence.subscribedToEverything();
    book.box2Came();
    assert.deepEqual(out, ['0 read 1', '0 read 1']);
    clock.advance(1_000);
    book.box2Came();
    assert.equal(out.length, 2, 'not twice within two seconds');
    answer(open, 1001);
    clock.advance(3_000);
    book.box2Came();
    assert.equal(out.length, 2);
  });

  it('asks everybody until as many Box 2s have answered as are connected', () => {
    const { answer, book, clock, done, out, presence, request } = bookOf();
    presence.subscribedToEverything();
    presence.subscribedToEverything();
    presence.heardBox2(1001);
    const open = request({ 1001: 2 }, { everyone: true });
    book.add(open);
    answer(open, 1001);
    clock.advance(5_000);
    assert.deepEqual(out, ['0 read 1', '5 read 1']);
    answer(open, 1002);
    assert.deepEqual(done, ['event:1']);
    clock.advance(60_000);
    assert.equal(out.length, 2);
  });

  it('keeps a request to everybody open while nobody is there', () => {
    const { book, clock, done, out, presence, request } = bookOf();
    const open = request({}, { everyone: true });
    book.add(open);
    clock.advance(10_000);
    assert.deepEqual([out, done], [['0 read 1'], []]);
    presence.subscribedToEverything();
    book.box2Came();
    assert.deepEqual(out.slice(1), ['10 read 1']);
  });

  it('knows a closed request for ten minutes, and counts what comes late', () => {
    const { answer, book, clock, done, request } = bookOf();
    const open = request({ 7: 3, 1001: 2 });
    book.add(open);
    const [seq = 0] = [...open.asks.values()].flatMap((ask) => ask.seq ?? []);
    clock.advance(60_000);
    assert.equal(book.bySequenceNumber(seq), open);
    assert.equal(book.byRead(1), open);
    answer(open, 7);
    assert.deepEqual([book.counts.late, done], [1, ['event:1']], 'done is told once');
    clock.advance(LATE_ANSWERS_MS + 20_000);
    assert.equal(book.bySequenceNumber(seq), undefined);
    assert.equal(book.byRead(1), undefined);
  });

  it('is bounded by the number of boxes asked, open and closed', () => {
    const { book, clock, request } = bookOf(10);
    for (let i = 0; i < 10; i += 1) {
      assert.ok(book.hasRoom(1));
      book.add(request({ [i + 1]: 3 }));
    }
    assert.equal(book.hasRoom(1), false);
    assert.equal(book.openAsks, 10);
    clock.advance(60_000);
    assert.ok(book.hasRoom(10));
    for (let i = 0; i < 10; i += 1) book.add(request({ [i + 1]: 3 }));
    clock.advance(60_000);
    const known = Array.from({ length: 20 }, (_, i) => book.bySequenceNumber(101 + i) !== undefined);
    assert.deepEqual(known, [...Array(10).fill(false), ...Array(10).fill(true)]);
  });

  it('counts boxes that have not answered: one silent box does not hold the weight of the others', () => {
    const { answer, book, clock, request } = bookOf(3);
    const open = request({ 7: 3, 8: 3 });
    book.add(open);
    assert.equal(book.hasRoom(2), false);
    answer(open, 7);
    assert.deepEqual([book.openAsks, book.hasRoom(2), book.hasRoom(3)], [1, true, false]);
    answer(open, 7);
    answer(open, 9);
    assert.equal(book.openAsks, 1, 'a second answer and one of a box not asked give nothing back');
    answer(open, 8);
    assert.deepEqual([book.openRequests, book.openAsks], [0, 0]);
    const late = request({ 7: 3, 8: 3, 9: 3 });
    book.add(late);
    clock.advance(60_000);
    answer(late, 7);
    assert.equal(book.openAsks, 0, 'nor does one that comes after the end');
  });

  it('bounds what it remembers of open requests too, whoever has answered', () => {
    const { answer, book, clock, request } = bookOf(3);
    for (let i = 0; i < 2; i += 1) {
      const open = request({ 7: 3, 8: 3, 9: 3, 10: 3, 11: 3, 12: 3 });
      book.add(open);
      for (const boxId of [7, 8, 9, 10, 11]) answer(open, boxId);
    }
    assert.deepEqual([book.openRequests, book.openAsks, book.hasRoom(1)], [2, 2, false], 'four times 3');
    clock.advance(60_000);
    assert.deepEqual([book.openAsks, book.hasRoom(3)], [0, true]);
  });

  it('leaves no timer behind', async () => {
    const { answer, book, clock, request } = bookOf();
    const open = request({ 7: 3 });
    book.add(open);
    answer(open, 7);
    book.add(request({ 8: 3 }));
    book.add(request({ 9: 3 }, { endsInMs: 5_000 }));
    await book.stop();
    assert.equal(clock.timers, 0);
  });
});
