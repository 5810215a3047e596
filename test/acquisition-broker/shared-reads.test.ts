import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Presence } from '../../acquisition-broker/boxes/presence.js';
import type { TimeWindow } from '../../acquisition-broker/boxes/sender.js';
import { newRequest, type OpenRequest } from '../../acquisition-broker/open/request.js';
import {
  GATHER_MS,
  READS_AT_ONCE,
  readersOf,
  SharedReads,
} from '../../acquisition-broker/open/shared-reads.js';
import { ManualClock } from './manual-clock.js';
import { cyclesBetween, type FakeBox, startRig, until } from './rig.js';

const MAX_WINDOW_MS = 1000;

function readsOf() {
  const clock = new ManualClock();
  const presence = new Presence(clock, 1000);
  const sent: { eventId: number; window: TimeWindow; atMs: number }[] = [];
  const read = (eventId: number, window: TimeWindow): void => {
    sent.push({ eventId, window, atMs: clock.monotonic() });
  };
  const reads = new SharedReads({ clock, presence, sender: { read }, maxWindowMs: MAX_WINDOW_MS });
  let eventId = 0;
  /** A request for one box, or for everybody. */
  const request = (startMs: number, endMs: number, boxId?: number): OpenRequest => {
    eventId += 1;
    const event = {
      event_id: eventId,
      type: 'OTHER',
      description: '',
      boxes_triggered: [],
      percent_magnitude: 0,
      target_event_start_timestamp_ms: startMs,
      target_event_end_timestamp_ms: endMs,
    };
    return newRequest({
      key: `event:${eventId}`,
      acceptedAtMs: clock.now(),
      window: { startMs, endMs },
      event: { event, noticeText: '', noticed: false, taken: new Set() },
      read: true,
      everyone: boxId === undefined,
      asks: boxId === undefined ? [] : [{ boxId, read: true, seq: undefined }],
    });
  };
  /** Uses up what goes at once. */
  const busy = (): void => {
    for (let i = 0; i < READS_AT_ONCE; i += 1) reads.send(request(1, 2, 999));
    sent.length = 0;
  };
  const brief = () => sent.map(({ eventId, window }) => [eventId, window.startMs, window.endMs]);
  return { clock, reads, request, busy, sent, brief };
}

describe('acquisition broker: READs that several events share', () => {
  it('some go out at once, each for its own window; those due then go together', () => {
    const { brief, clock, reads, request, sent } = readsOf();
    for (let n = 1; n <= 1000; n += 1) reads.send(request(5000 + n / 10, 5500 + n / 10, n));
    assert.deepEqual(brief(), [
      [1, 5000.1, 5500.1],
      [2, 5000.2, 5500.2],
      [3, 5000.3, 5500.3],
      [4, 5000.4, 5500.4],
    ]);
    clock.advance(GATHER_MS - 1);
    assert.equal(sent.length, 4);
    clock.advance(1);
    assert.deepEqual(brief().slice(4), [[5, 5000.5, 5600]]);
    reads.send(request(1, 2, 1));
    reads.stop();
    assert.deepEqual([sent.length, clock.timers], [5, 0]);
  });

  it('an answer belongs to the events that asked the box, else to the one whose number it has', () => {
    const { busy, clock, reads, request } = readsOf();
    busy();
    const [one, two, again, all] = [
      request(0, 500, 1),
      request(100, 600, 2),
      request(50, 90, 1),
      request(0, 9),
    ];
    for (const each of [one, two, again, all]) reads.send(each);
    clock.advance(GATHER_MS);
    const shared = { startMs: 0, endMs: 600 };
    const readers = (lead: OpenRequest, window: TimeWindow, boxId: number) =>
      readersOf(lead, window, boxId)
        ?.map(({ key }) => key)
        .sort();
    assert.deepEqual(readers(one, shared, 1), [one.key, again.key, all.key]);
    assert.deepEqual(readers(one, shared, 2), [two.key, all.key]);
    assert.equal(readers(one, { startMs: 0, endMs: 599 }, 1), undefined);
    assert.deepEqual(readers(two, { startMs: 100, endMs: 600 }, 7), [two.key], 'nobody asked it');
  });

  it('a request that was closed meanwhile has no READ', () => {
    const { busy, clock, brief, reads, request } = readsOf();
    busy();
    const [one, two] = [request(0, 500, 1), request(100, 600, 2)];
    reads.send(one);
    reads.send(two);
    one.closedAt = clock.monotonic();
    clock.advance(GATHER_MS);
    assert.deepEqual(brief(), [[READS_AT_ONCE + 2, 100, 600]]);
  });

  it('every window is in exactly one READ, none longer than may be asked for, and windows that do not meet share none', () => {
    const window = fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: MAX_WINDOW_MS }));
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 60 }), (windows) => {
        const { busy, clock, reads, request, sent } = readsOf();
        busy();
        const requests = windows.map(([start, length], i) => request(start, start + length, i + 1));
        for (const each of requests) reads.send(each);
        clock.advance(GATHER_MS);
        const served = new Map<OpenRequest, number>();
        for (const { eventId, window } of sent) {
          assert.ok(window.endMs - window.startMs <= MAX_WINDOW_MS);
          const lead = requests[eventId - READS_AT_ONCE - 1];
          assert.ok(lead);
          const of = requests.filter((_, i) => readersOf(lead, window, i + 1)?.[0] === requests[i]);
          for (const each of of) served.set(each, (served.get(each) ?? 0) + 1);
          for (const each of of) assert.ok(window.startMs <= (each.window?.startMs ?? 0));
          for (const each of of) assert.ok(window.endMs >= (each.window?.endMs ?? 0));
          // No millisecond is asked for that no event wants.
          for (let ms = window.startMs + 0.5; ms < window.endMs; ms += 1) {
            assert.ok(of.some(({ window: w }) => w !== undefined && w.startMs < ms && ms < w.endMs));
          }
        }
        assert.deepEqual([...new Set(served.values())], [1]);
        assert.equal(served.size, requests.length);
      }),
      { numRuns: 50 },
    );
  });

  it('many Box 2s with an event each answer a few READs, and each event has its own box', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => 1001 + i);
    const clock = new ManualClock();
    const rig = await startRig({ boxes: ids, clock });
    try {
      const client = await rig.client();
      const boxes: FakeBox[] = [];
      for (const [i, id] of ids.entries()) {
        const joining = rig.box(id, 2);
        await until(() => rig.broker.status().boxes.box2_connections === i + 1);
        clock.advance(300);
        boxes.push(await joining);
      }
      const endMs = clock.now() - 5000;
      const windows = ids.map((_, i) => ({ startMs: endMs - 1000 + 10 * i, endMs: endMs + 10 * i }));
      for (const [i, window] of windows.entries()) await client.request({ ...window, boxIds: [ids[i] ?? 0] });
      const numbers: number[] = [];
      while (numbers.length < ids.length) numbers.push(await client.evnew());
      clock.advance(GATHER_MS);
      const cycles = cyclesBetween(endMs - 1500, endMs + 1500);
      for (let i = 0; i <= READS_AT_ONCE; i += 1) {
        const read = await boxes[0]?.read();
        assert.ok(read);
        assert.equal(read.sequenceNumber, numbers[i]);
        for (const box of boxes) await box.answerRead(read, cycles);
      }
      for (const number of numbers) await rig.stored(number, 1);
      await until(() => rig.broker.status().open.requests === 0);
      await until(() => rig.broker.status().waveforms.held === 0);
      assert.equal(rig.broker.status().sent.read, READS_AT_ONCE + 1);
      for (const [i, number] of numbers.entries()) {
        const stored = await rig.store.boxEvents(number);
        const own = stored.find(({ box_id }) => box_id === String(ids[i]));
        const { startMs, endMs } = windows[i] ?? { startMs: 0, endMs: 0 };
        assert.ok(
          own?.window_timestamps_ms.every((ms) => ms >= startMs - 170 && ms <= endMs + 170),
          'cut',
        );
        if (i > READS_AT_ONCE) assert.equal(stored.length, 1, 'no box that it did not ask');
      }
    } finally {
      await rig.stop();
    }
  });
});
