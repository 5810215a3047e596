/** What boxes do while a broker is unavailable, and when no messages arrive: libzmq's queues, and reopened sockets. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { ManualClock } from '../../box/index.js';
import * as proto from '../../proto/index.js';
import { type Broker, openBroker, subscribed } from './broker.js';
import { boxAt, flowing, START_MS, type TestBox } from './support.js';

describe('a box while the broker is unavailable', () => {
  let broker: Broker;
  let test: TestBox;

  afterEach(async () => {
    await test.box.stop();
    broker.close();
  });

  const timeOf = (frame: Buffer | undefined): number =>
    proto.triggerMessage.decode(frame ?? Buffer.alloc(0)).time;

  it('keeps the oldest 1000 measurements, delivers them first, then continues live', async () => {
    broker = await openBroker();
    test = await boxAt(broker, { dialect: 2 });
    await flowing(test, broker);
    const { keys, endpoints } = broker;
    // skip measurements that were sent before the outage
    test.clock.advance(170);
    let lastBefore = 0;
    while (lastBefore < test.clock.now() - 2 * 167)
      lastBefore = timeOf((await broker.measurements.receive())[1]);
    broker.close();
    // closing a socket ends a little later, and the box hears of it: what it sends until then is gone
    while (await isOpen(endpoints.measurements)) await setTimeout(5);
    await setTimeout(200);
    const awayMs = 600_000; // ten minutes: 3600 measurements
    test.clock.advance(awayMs);
    const back = test.clock.now();
    broker = await openBroker(keys, endpoints);
    await subscribed(broker);
    const late: number[] = [];
    let next = broker.measurements.receive();
    for (;;) {
      const received = await Promise.race([next, setTimeout(50, undefined)]);
      if (received === undefined) {
        // all queued ones have arrived: now live ones
        test.clock.advance(170);
        continue;
      }
      const time = timeOf(received[1]);
      if (time > back) break;
      late.push(time);
      next = broker.measurements.receive();
    }
    // libzmq's queue of the socket, and what had left it for the lost connection
    assert.ok(late.length >= 900 && late.length <= 2100, `${late.length} late measurements`);
    assert.ok((late[0] ?? 0) - lastBefore < 60_000, 'the oldest come first');
    assert.deepEqual(
      late,
      [...late].sort((a, b) => a - b),
    );
    assert.ok((late[late.length - 1] ?? 0) < back - 200_000, 'the newest were dropped');
  });

  it('delivers late replies when the broker is available again', async () => {
    broker = await openBroker();
    // a broker whose socket for replies is not there yet
    const { endpoints } = broker;
    broker.replies.close();
    // closing a socket ends a little later: a reply that still reached it would be gone with it
    while (await isOpen(endpoints.replies)) await setTimeout(5);
    test = await boxAt(broker, { dialect: 2, box2: { pollMs: 500 } });
    await broker.commands.send(['evget', proto.requestData.encode({ type: 'PING', sequenceNumber: 12 })]);
    while (test.box.stats.commands === 0) await setTimeout(5);
    test.clock.advance(500);
    while (test.box.stats.replies === 0) await setTimeout(5);
    const { keys } = broker;
    broker.close();
    broker = await openBroker(keys, endpoints);
    const [frame] = await broker.replies.receive();
    const { type, sequenceNumber, time } = proto.requestData.decode(frame ?? Buffer.alloc(0));
    assert.deepEqual([type, sequenceNumber, time], ['PONG', 12, START_MS + 500]);
  });
});

describe('a box that receives nothing', () => {
  let broker: Broker;
  let test: TestBox;

  beforeEach(async () => {
    broker = await openBroker();
  });

  afterEach(async () => {
    await test.box.stop();
    broker.close();
  });

  const ping = (sequenceNumber: number): [string, Uint8Array] => [
    'evget',
    proto.requestData.encode({ type: 'PING', sequenceNumber }),
  ];

  it('Box 2: polls for commands every 500 ms, so replies come in clusters', async () => {
    test = await boxAt(broker, { dialect: 2, box2: { pollMs: 500 } });
    test.clock.advance(120);
    for (const number of [1, 2, 3]) await broker.commands.send(ping(number));
    while (test.box.stats.commands < 3) await setTimeout(5);
    test.clock.advance(379);
    assert.equal(test.box.stats.replies, 0);
    test.clock.advance(1);
    for (const number of [1, 2, 3]) {
      const [frame] = await broker.replies.receive();
      const reply = proto.requestData.decode(frame ?? Buffer.alloc(0));
      assert.equal(reply.sequenceNumber, number);
      assert.equal(reply.time, START_MS + 500);
    }
  });

  it('Box 2: reopens its subscription after each 60 s of silence; a message restarts the count', async () => {
    test = await boxAt(broker, { dialect: 2 });
    test.clock.advance(59_000);
    await broker.commands.send(ping(0));
    await broker.replies.receive();
    test.clock.advance(59_000);
    assert.equal(test.box.stats.reopened, 0);
    test.clock.advance(2000);
    assert.equal(test.box.stats.reopened, 1);
    // XPUB reports the end of the old socket and the subscription of the new one, in either order
    assert.deepEqual((await heard(broker, 2)).sort(), [
      [0, ''],
      [1, ''],
    ]);
    test.clock.advance(60_000);
    assert.equal(test.box.stats.reopened, 2);
    assert.deepEqual((await heard(broker, 2)).sort(), [
      [0, ''],
      [1, ''],
    ]);
    await broker.commands.send(ping(1));
    assert.equal((await broker.replies.receive()).length, 1, 'it receives on the new socket');
  });

  it('Box 3: reopens both command sockets after two minutes of silence in total', async () => {
    test = await boxAt(broker, { dialect: 3 });
    const info = (seq: number): [string, Uint8Array] => [
      '7',
      proto.command.encode({ seq, boxId: 7, timestampMs: 0, identity: '', body: { kind: 'info' } }),
    ];
    test.clock.advance(70_000);
    await broker.commands.send(info(100));
    await broker.replies.receive();
    test.clock.advance(49_000);
    assert.equal(test.box.stats.reopened, 0);
    test.clock.advance(1000);
    assert.equal(test.box.stats.reopened, 1);
    assert.deepEqual((await heard(broker, 2)).sort(), [
      [0, '7'],
      [1, '7'],
    ]);
    await broker.commands.send(info(101));
    const [frame] = await broker.replies.receive();
    assert.equal(proto.response.decode(frame ?? Buffer.alloc(0)).seq, 101);
  });

  /** The next subscriptions (1) and unsubscriptions (0). */
  async function heard({ commands }: Broker, count: number): Promise<[number, string][]> {
    const list: [number, string][] = [];
    for (let i = 0; i < count; i += 1) {
      const [frame = Buffer.alloc(0)] = await commands.receive();
      list.push([frame[0] ?? -1, frame.subarray(1).toString()]);
    }
    return list;
  }
});

describe('a box whose process slept', () => {
  it('records nothing while suspended, and continues with timestamps of the new time', async () => {
    const broker = await openBroker();
    // a clock moved by hand that counts as one in real time
    class SleepyClock extends ManualClock {
      override readonly speed = 1;
      asleepMs = 0;
      override now(): number {
        return super.now() + this.asleepMs;
      }
    }
    const clock = new SleepyClock(START_MS);
    const { box } = await boxAt(broker, { dialect: 3, clock });
    try {
      clock.advance(2000);
      clock.asleepMs = 3_600_000;
      clock.advance(2000);
      const { cycles, gaps } = box.stats;
      assert.equal(gaps, 1);
      assert.ok(cycles > 120 && cycles < 240, `${cycles} cycles`);
      const { timesMs } = box.waveform(START_MS, START_MS + 4_000_000);
      const jumps = timesMs.filter((time, i) => i > 0 && time - (timesMs[i - 1] ?? 0) > 17);
      assert.equal(jumps.length, 1);
      assert.ok((jumps[0] ?? 0) > START_MS + 3_600_000);
    } finally {
      await box.stop();
      broker.close();
    }
  });
});

/** Whether something listens at a tcp endpoint. */
function isOpen(endpoint: string): Promise<boolean> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
