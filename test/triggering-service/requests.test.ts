import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Pull } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { requestEvent } from '../../proto/index.js';
import { AskedWindows } from '../../triggering-service/requests/asked-windows.js';
import { EventRequests } from '../../triggering-service/requests/event-requests.js';
import { type Queued, RequestQueue } from '../../triggering-service/requests/request-queue.js';
import { until } from './rig.js';

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
      rejections,
      send: (queued) => void sent.push(queued),
      now: () => NOW,
    });
  });

  const messages = () => sent.map(({ frame }) => requestEvent.decode(frame));
  const brief = () => messages().map((m) => [m.startMs - NOW, m.endMs - NOW, m.boxIds, m.requestData]);

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
        description: 'test',
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
      [-8000, -1000, [1], true],
    ]);
    assert.deepEqual(requests.sent, { data: 4, log: 1 });
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
      'request ahead': 1,
      'request too old': 1,
      'request too long': 1,
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

describe('triggering-service: request queue', () => {
  const queued = (n: number): Queued => ({
    frame: Buffer.from(String(n)),
    boxIds: [n],
    startMs: 0,
    endMs: 1,
  });

  it('keeps requests while the broker is away, drops the oldest beyond its limit, and delivers the others when it comes', async () => {
    const pull = new Pull();
    await pull.bind('tcp://127.0.0.1:*');
    const endpoint = pull.lastEndpoint ?? '';
    pull.close();
    const dropped: number[] = [];
    const queue = new RequestQueue({
      endpoint,
      limit: 5,
      log: silentLogger(),
      onDropped: ({ boxIds }) => void dropped.push(...boxIds),
    });
    for (let n = 1; n <= 8; n++) queue.push(queued(n));
    assert.deepEqual([queue.waiting, queue.dropped, queue.sent], [5, 3, 0]);
    const late = new Pull();
    await until(() =>
      late.bind(endpoint).then(
        () => true,
        () => false,
      ),
    );
    const received: number[] = [];
    while (received.length < 5) received.push(Number((await late.receive())[0]?.toString()));
    assert.deepEqual(received, [1, 5, 6, 7, 8]);
    assert.deepEqual(dropped, [2, 3, 4], 'the first was on its way');
    await until(() => queue.sent === 5);
    await queue.stop();
    late.close();
  });

  it('stops although nobody takes what waits', async () => {
    const queue = new RequestQueue({
      endpoint: 'tcp://127.0.0.1:9',
      limit: 5,
      log: silentLogger(),
      onDropped: () => undefined,
    });
    queue.push(queued(1));
    await queue.stop();
    assert.equal(queue.waiting, 1);
  });
});
