import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Pull } from 'zeromq';
import { RateLimit } from '../../acquisition-broker/requests/rate-limit.js';
import { createLogger, silentLogger } from '../../common/log.js';
import { TokenBucket } from '../../common/token-bucket.js';
import { parseSettings } from '../../config/index.js';
import { type Queued, RequestQueue } from '../../triggering-service/requests/request-queue.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';
import { runs } from '../support/property.js';
import { until } from './rig.js';

/** How long a stop waits for a broker, ms. */
const DRAIN_MS = 2000;
const LIMITS = { limit: 5, limitBytes: 1000, pace: { burst: 1000, perSecond: 1000 } };

describe('triggering-service: request queue', () => {
  const queued = (n: number): Queued => ({
    frame: Buffer.from(String(n)),
    boxIds: [n],
    startMs: 0,
    endMs: 1,
  });

  it('keeps requests while the broker is unavailable, drops the oldest beyond its limit, and delivers the others when it comes', async () => {
    // A path of its own: a TCP port that was free a moment ago may be another test's by then.
    const folder = mkdtempSync(join(tmpdir(), 'makai-requests-'));
    const endpoint = `ipc://${folder}/broker`;
    const dropped: number[] = [];
    const queue = new RequestQueue({
      endpoint,
      ...LIMITS,
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
    rmSync(folder, { recursive: true });
    late.close();
  });

  it('stops although nobody takes what waits', async () => {
    const clock = new ManualClock();
    const queue = new RequestQueue({
      endpoint: 'tcp://127.0.0.1:9',
      ...LIMITS,
      log: silentLogger(),
      onDropped: () => undefined,
      clock,
    });
    queue.push(queued(1));
    const stopped = queue.stop();
    clock.advance(DRAIN_MS);
    await stopped;
    assert.equal(queue.waiting, 1);
  });

  it('sends the oldest first, no faster than its pace', async () => {
    const pull = new Pull();
    await pull.bind('tcp://127.0.0.1:*');
    const clock = new ManualClock();
    const lines: string[] = [];
    const queue = new RequestQueue({
      endpoint: pull.lastEndpoint ?? '',
      ...LIMITS,
      limit: 100,
      pace: { burst: 3, perSecond: 2 },
      log: createLogger('test', 'info', { write: (line) => void lines.push(line) }),
      onDropped: () => assert.fail('nothing is dropped'),
      clock,
    });
    const received: number[] = [];
    const receive = async (count: number): Promise<void> => {
      while (received.length < count) received.push(Number((await pull.receive())[0]?.toString()));
    };
    for (let n = 1; n <= 10; n++) queue.push(queued(n));
    await receive(3);
    await until(() => clock.timers === 1);
    assert.deepEqual([queue.sent, queue.waiting], [3, 7]);
    clock.advance(499);
    assert.equal(clock.timers, 1, 'half a second from one to the next');
    clock.advance(1);
    await receive(4);
    for (let n = 5; n <= 10; n++) {
      await until(() => clock.timers === 1);
      clock.advance(500);
      await receive(n);
    }
    assert.deepEqual(received, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await until(() => queue.waiting === 0);
    assert.equal(lines.filter((line) => line.includes('they wait')).length, 1, 'logged once');
    await queue.stop();
    pull.close();
  });

  it('holds no more bytes than it may, and stops while it waits for its pace', async () => {
    const clock = new ManualClock();
    const dropped: number[] = [];
    const queue = new RequestQueue({
      endpoint: 'tcp://127.0.0.1:9',
      ...LIMITS,
      limitBytes: 30,
      pace: { burst: 1, perSecond: 1 },
      log: silentLogger(),
      onDropped: ({ boxIds }) => void dropped.push(...boxIds),
      clock,
    });
    const long = (n: number, bytes: number): Queued => ({ ...queued(n), frame: Buffer.alloc(bytes) });
    for (let n = 1; n <= 4; n++) queue.push(long(n, 10));
    assert.deepEqual([queue.waiting, dropped], [3, [2]], 'the first is on its way');
    queue.push(long(5, 1000));
    assert.deepEqual([queue.waiting, dropped], [2, [2, 3, 4]], 'the newest stays, however long');
    const stopped = queue.stop();
    clock.advance(DRAIN_MS);
    await stopped;
  });

  it("paces so that the broker's limit is never met, though requests are held up on the way for 25 s", () => {
    const service = parseSettings('triggering-service', {}).limits;
    const broker = parseSettings('acquisition-broker', {
      client_certs: 'keys',
      server_cert: 'secret',
    }).limits;
    // What wants to be sent, ms after the one before, how many, and how long the line then holds it up.
    const step = fc.record({
      after: fc.nat(60_000),
      wanted: fc.nat(2 * service.requestsBurst),
      heldUp: fc.nat(25_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const clock = new ManualClock();
        const bucket = new TokenBucket(service.requestsBurst, service.requestsPerSecond, clock);
        const rate = new RateLimit({
          clock,
          perSecond: broker.requestsPerSecond,
          burst: broker.requestsBurst,
        });
        let arrived = 0;
        let lastArrival = 0;
        for (const { after, heldUp, wanted } of steps) {
          clock.advance(after);
          const sent = bucket.take(wanted);
          lastArrival = Math.max(lastArrival, clock.monotonic() + heldUp);
          clock.after(lastArrival - clock.monotonic(), () => {
            for (let i = 0; i < sent; i++) if (rate.allows('service')) arrived -= 1;
          });
          arrived += sent;
        }
        clock.advance(26_000);
        assert.equal(arrived, 0);
      }),
      { numRuns: runs(30) },
    );
  });
});
