import assert from 'node:assert/strict';
import fc from 'fast-check';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { MAX_REQUEST_BYTES } from '../../common/request-limits.js';
import { MAX_DESCRIPTION } from '../../plugin-host/limits.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { requestEvent } from '../../proto/index.js';
import { AskedWindows } from '../../triggering-service/requests/asked-windows.js';
import { EventRequests } from '../../triggering-service/requests/event-requests.js';
import type { Queued } from '../../triggering-service/requests/request-queue.js';

const NOW = 1_800_000_000_000;

function request(
  startMs: number,
  endMs: number,
  boxIds: number[],
  more: Partial<EventRequest> = {},
): EventRequest {
  return {
    startMs: NOW + startMs,
    endMs: NOW + endMs,
    boxIds,
    triggerType: 'VOLTAGE_SAG',
    percentMagnitude: 12,
    description: 'test',
    requestData: true,
    ...more,
  };
}

describe('triggering-service: event requests', () => {
  let sent: Queued[];
  let rejections: Rejections;
  let requests: EventRequests;
  beforeEach(() => {
    sent = [];
    rejections = new Rejections(silentLogger());
    requests = new EventRequests({
      identity: 'me',
      maxWindowMs: 10_000,
      memoryMs: 60_000,
      mergeMs: 0,
      rejections,
      send: (queued) => void sent.push(queued),
      clock: { ...systemClock, now: () => NOW },
    });
  });

  const messages = () => sent.map(({ frame }) => requestEvent.decode(frame));
  const brief = () => messages().map((m) => [m.startMs - NOW, m.endMs - NOW, m.boxIds, m.requestData]);

  it('asks nothing of a box whose id is in use twice, and counts that', () => {
    requests = new EventRequests({
      identity: 'me',
      maxWindowMs: 10_000,
      memoryMs: 60_000,
      mergeMs: 0,
      rejections,
      isWithheld: (boxId) => boxId === 2,
      send: (queued) => void sent.push(queued),
      clock: { ...systemClock, now: () => NOW },
    });
    requests.handle([request(-5000, -2000, [1, 2]), request(-5000, -2000, [2])], 'threshold');
    assert.deepEqual(brief(), [[-5000, -2000, [1], true]]);
    assert.deepEqual(rejections.totals(), { id_in_use_twice: 2 });
  });

  it('sends what a plugin asks for, in our name', () => {
    requests.handle([request(-5000, -2000, [1, 2])], 'threshold');
    assert.deepEqual(messages(), [
      {
        startMs: NOW - 5000,
        endMs: NOW - 2000,
        triggerType: 'VOLTAGE_SAG',
        percentMagnitude: 12,
        boxIds: [1, 2],
        requestee: 'me',
        description: 'threshold: test',
        requestData: true,
      },
    ]);
    assert.deepEqual(requests.sent, { data: 1, log: 0 });
  });

  it('logs only what lies wholly inside windows asked for, and asks otherwise for the whole, of the boxes that lack it', () => {
    requests.handle([request(-9000, -5000, [1]), request(-5000, -2000, [1, 2])], 'a');
    requests.handle([request(-8000, -3000, [1])], 'a');
    requests.handle([request(-8000, -3000, [1, 2, 3])], 'b');
    requests.handle([request(-8000, -1000, [1])], 'b');
    assert.deepEqual(brief().slice(2), [
      [-8000, -3000, [1], false],
      [-8000, -3000, [2, 3], true],
      [-8000, -3000, [1], false],
      [-8000, -1000, [1], true],
    ]);
    assert.deepEqual(requests.sent, { data: 4, log: 2 });
  });

  it('merged with a box that lacks its window, a box that was asked already is in an event too', async () => {
    requests = new EventRequests({
      identity: 'me',
      maxWindowMs: 10_000,
      memoryMs: 60_000,
      mergeMs: 500,
      rejections,
      send: (queued) => void sent.push(queued),
      clock: { ...systemClock, now: () => NOW },
    });
    requests.handle([request(-9000, -2000, [1], { triggerType: 'FREQUENCY_SAG' })], 'threshold');
    requests.handle([request(-8000, -3000, [1]), request(-8000, -3000, [2])], 'threshold');
    await requests.stop();
    assert.deepEqual(brief().slice(1), [
      [-8000, -3000, [2], true],
      [-8000, -3000, [1], false],
    ]);
  });

  it('splits a window that is too long into parts, none longer than the limit, without a gap', () => {
    requests.handle([request(-25_000, 0, [1])], 'a');
    assert.deepEqual(brief(), [
      [-25_000, -16_667, [1], true],
      [-16_667, -8333, [1], true],
      [-8333, 0, [1], true],
    ]);
    requests.handle([request(-9000, -8000, [1])], 'a');
    assert.equal(brief()[3]?.[3], false, 'inside two parts together');
  });

  it('splits a list of boxes that is too long for one frame of the broker', () => {
    const first = 2 ** 31 - 12_000;
    const boxIds = Array.from({ length: 12_000 }, (_, i) => first + i);
    const longest = request(-5000, -2000, boxIds, { description: '\uffff'.repeat(MAX_DESCRIPTION) });
    requests.handle([longest, { ...longest, requestData: false }], 'napali');
    assert.deepEqual(
      messages().map((m) => [m.boxIds.length, m.requestData]),
      [
        [10_000, true],
        [2000, true],
        [10_000, false],
        [2000, false],
      ],
    );
    assert.deepEqual(
      messages()
        .slice(0, 2)
        .flatMap((m) => m.boxIds),
      boxIds,
    );
    for (const { frame } of sent) assert.ok(frame.length <= MAX_REQUEST_BYTES);
    assert.deepEqual(requests.sent, { data: 2, log: 2 });
    const [part] = sent;
    assert.ok(part);
    requests.dropped(part);
    requests.handle([request(-5000, -2000, [first, first + 11_999])], 'napali');
    assert.deepEqual(brief()[4]?.slice(2), [[first], true], 'only what was in the part that was dropped');
  });

  it('does not count what was only logged as asked for', () => {
    requests.handle([request(-5000, -2000, [1], { requestData: false }), request(-5000, -2000, [1])], 'a');
    assert.deepEqual(
      brief().map(([, , , data]) => data),
      [false, true],
    );
  });

  it('asks again for what was dropped before it went out', () => {
    requests.handle([request(-5000, -2000, [1, 2])], 'a');
    const [first] = sent;
    assert.ok(first);
    requests.dropped(first);
    requests.handle([request(-5000, -2000, [1, 2])], 'a');
    assert.equal(brief()[1]?.[3], true);
  });

  it('refuses times that make no sense, counted by reason', () => {
    requests.handle(
      [
        request(0, 6 * 60_000, [1]),
        request(-25 * 3_600_000, -24.9 * 3_600_000, [1]),
        request(-2_000_000, 0, [1]),
      ],
      'a',
    );
    assert.equal(sent.length, 0);
    assert.deepEqual(rejections.totals(), {
      window_in_the_future: 1,
      window_too_old: 1,
      window_too_long: 1,
    });
  });

  it('covers exactly what a naive count of milliseconds covers', () => {
    const window = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 15 }));
    fc.assert(
      fc.property(fc.array(window, { maxLength: 12 }), window, (asked, [start, length]) => {
        const windows = new AskedWindows(1000);
        const covered = new Set<number>();
        for (const [from, size] of asked) {
          windows.add(5, from, from + size, 0);
          for (let ms = from; ms < from + size; ms++) covered.add(ms);
        }
        const naive = Array.from({ length }, (_, i) => start + i).every((ms) => covered.has(ms));
        assert.equal(windows.covers(5, start, start + length, 500), naive);
        assert.equal(windows.covers(6, start, start + length, 500), false);
        assert.equal(windows.covers(5, start, start + length, 1000), false, 'forgotten');
        windows.sweep(1000);
        assert.equal(windows.boxes, 0);
      }),
    );
  });
});
