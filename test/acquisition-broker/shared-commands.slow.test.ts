import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConnectedBoxes } from '../../acquisition-broker/boxes/connected-boxes.js';
import { RequestedEvent } from '../../acquisition-broker/events/requested-event.js';
import { OpenRequest } from '../../acquisition-broker/open-requests/open-request.js';
import { BURST, GATHER_MS, SharedCommands } from '../../acquisition-broker/open-requests/shared-commands.js';
import { silentLogger } from '../../common/log.js';
import { box2 } from '../../proto/box2/dialect.js';
import { type Dialect, requestData, type TimeWindow } from '../../proto/index.js';
import { runs } from '../support/property.js';
import { ManualClock } from './manual-clock.js';
import { cyclesBetween, type FakeBox, startRig, until } from './rig.js';

const MAX_WINDOW_MS = 1000;

function sharedReads() {
  const clock = new ManualClock();
  const boxes = new ConnectedBoxes(clock, 1000);
  const sent: { eventId: number; window: TimeWindow; atMs: number }[] = [];
  const send = (_: Dialect, { message }: { message: Uint8Array }): void => {
    const { back = 0, forward = 0, sequenceNumber } = requestData.decode(message);
    sent.push({
      eventId: sequenceNumber,
      window: { startMs: back, endMs: forward },
      atMs: clock.monotonic(),
    });
  };
  const reads = new SharedCommands({
    log: silentLogger(),
    dialect: box2,
    boxes,
    clock,
    maxWindowMs: MAX_WINDOW_MS,
    sender: { send },
  });
  let eventId = 0;
  /** A request for one box, or for everyone. */
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
    return new OpenRequest({
      key: `event:${eventId}`,
      acceptedAtMs: clock.now(),
      window: { startMs, endMs },
      event: new RequestedEvent(event, ''),
      everyone: boxId === undefined,
      asks: boxId === undefined ? [] : [{ boxId, numbers: new Map([[box2, eventId]]) }],
    });
  };
  /** Uses up what goes immediately. */
  const busy = (): void => {
    for (let i = 0; i < BURST; i += 1) reads.send(request(1, 2, 999));
    sent.length = 0;
  };
  const brief = () => sent.map(({ eventId, window }) => [eventId, window.startMs, window.endMs]);
  return { clock, reads, request, busy, sent, brief };
}

describe('acquisition broker: READs that several events share', () => {
  it('some go out immediately, each for its own window; those due then go together', () => {
    const { brief, clock, reads, request, sent } = sharedReads();
    for (let n = 1; n <= 400; n += 1) reads.send(request(5000 + n, 5500 + n, n));
    assert.deepEqual(brief(), [
      [1, 5001, 5501],
      [2, 5002, 5502],
      [3, 5003, 5503],
      [4, 5004, 5504],
    ]);
    clock.advance(GATHER_MS - 1);
    assert.equal(sent.length, 4);
    clock.advance(1);
    assert.deepEqual(brief().slice(4), [[5, 5005, 5900]]);
    reads.send(request(1, 2, 1));
    reads.stop();
    assert.deepEqual([sent.length, clock.timers], [5, 0]);
  });

  it('a reply belongs to the events that asked the box, else to the one whose id it has', () => {
    const { busy, clock, reads, request } = sharedReads();
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
      reads
        .requestsOf(lead, window, boxId)
        ?.map(({ key }) => key)
        .sort();
    assert.deepEqual(readers(one, shared, 1), [one.key, again.key, all.key]);
    assert.deepEqual(readers(one, shared, 2), [two.key, all.key]);
    assert.equal(readers(one, { startMs: 0, endMs: 599 }, 1), undefined);
    assert.deepEqual(readers(two, { startMs: 100, endMs: 600 }, 7), [two.key], 'nobody asked it');
  });

  it('a request that was closed meanwhile has no READ', () => {
    const { busy, clock, brief, reads, request } = sharedReads();
    busy();
    const [one, two] = [request(0, 500, 1), request(100, 600, 2)];
    reads.send(one);
    reads.send(two);
    one.close(clock.monotonic());
    clock.advance(GATHER_MS);
    assert.deepEqual(brief(), [[BURST + 2, 100, 600]]);
  });

  it('every window is in exactly one READ, none longer than may be asked for, and windows that do not meet share none', () => {
    const window = fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: MAX_WINDOW_MS }));
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 60 }), (windows) => {
        const { busy, clock, reads, request, sent } = sharedReads();
        busy();
        const requests = windows.map(([start, length], i) => request(start, start + length, i + 1));
        for (const each of requests) reads.send(each);
        clock.advance(GATHER_MS);
        const served = new Map<OpenRequest, number>();
        for (const { eventId, window } of sent) {
          assert.ok(window.endMs - window.startMs <= MAX_WINDOW_MS);
          const lead = requests[eventId - BURST - 1];
          assert.ok(lead);
          const of = requests.filter((_, i) => reads.requestsOf(lead, window, i + 1)?.[0] === requests[i]);
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
      { numRuns: runs(50) },
    );
  });

  it('many Box 2s with an event each reply to a few READs, and each event has its own box', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => 1001 + i);
    const clock = new ManualClock();
    const rig = await startRig({ boxes: ids, clock });
    try {
      const client = await rig.client();
      const boxes: FakeBox[] = [];
      for (const [i, id] of ids.entries()) {
        const joining = rig.box(id, 2);
        await until(() => rig.broker.status().boxes.box2?.connections === i + 1);
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
      for (let i = 0; i <= BURST; i += 1) {
        const read = await boxes[0]?.read(numbers[i]);
        assert.ok(read);
        assert.equal(read.sequenceNumber, numbers[i]);
        for (const box of boxes) await box.answerRead(read, cycles);
      }
      for (const number of numbers) await rig.stored(number, 1);
      await until(() => rig.broker.status().open.requests === 0);
      await until(() => rig.broker.status().waveforms.held === 0);
      assert.equal(rig.broker.status().sent.read, BURST + 1);
      for (const [i, number] of numbers.entries()) {
        const stored = await rig.store.boxEvents(number);
        const own = stored.find(({ box_id }) => box_id === String(ids[i]));
        const { startMs, endMs } = windows[i] ?? { startMs: 0, endMs: 0 };
        assert.ok(
          own?.window_timestamps_ms.every((ms) => ms >= startMs - 170 && ms <= endMs + 170),
          'cut',
        );
        if (i > BURST) assert.equal(stored.length, 1, 'no box that it did not ask');
      }
    } finally {
      await rig.stop();
    }
  });
});
