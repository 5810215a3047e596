/** How a Box 2 reacts to messages (docs/wire-protocols.md, 3.1). */
import assert from 'node:assert/strict';
import * as proto from '../../proto/index.js';
import { type Broker, openBroker } from './broker.js';
import { boxAt, death, flowing, START_MS, type TestBox } from './support.js';

describe('a Box 2', () => {
  let broker: Broker;
  let test: TestBox;
  const timestampOf = (cycle: number): number => Math.floor(START_MS + ((cycle + 1) * 1000) / 60);

  beforeEach(async () => {
    broker = await openBroker();
    test = await boxAt(broker, { dialect: 2, bufferCycles: 600 });
  });

  afterEach(async () => {
    await test.box.stop();
    broker.close();
  });

  /** Sends a request, and returns frame 0 of the reply, the cycle numbers in each data frame, and all cycles. */
  async function ask(request: proto.RequestDataMessage) {
    await broker.commands.send(['evget', proto.requestData.encode(request)]);
    const [head, ...data] = await broker.replies.receive();
    assert.ok(head);
    const cycles = proto.decodeCycles2(data, 1001);
    const numbers = data.map((frame) => {
      const part = proto.decodeCycles2([frame]);
      return part.timesMs.map((_, i) => part.samples[i * 200] ?? -1);
    });
    return { head: proto.requestData.decode(head), numbers, cycles };
  }

  const read = (back: number, forward: number): proto.RequestDataMessage => ({
    type: 'READ',
    sequenceNumber: 42,
    time: Math.floor((back + forward) / 2),
    back,
    forward,
  });

  it('measures every 10 cycles, under its decimal id, with the read-out time of the first', async () => {
    let frames = await flowing(test, broker);
    test.clock.advance(1000);
    const times: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const [topic, frame] = frames;
      assert.equal(topic?.toString(), '1001');
      const message = proto.triggerMessage.decode(frame ?? Buffer.alloc(0));
      assert.equal(message.id, 1001);
      assert.ok(Math.abs(message.rms - 120) < 0.1, `rms ${message.rms}`);
      assert.ok(Math.abs(message.frequency - 60) < 0.01, `frequency ${message.frequency}`);
      const fields = ['currentCount', 'flags', 'frequency', 'id', 'lastGps', 'rms', 'thd', 'time'];
      assert.deepEqual(Object.keys(message).sort(), fields);
      times.push(message.time);
      frames = await broker.measurements.receive();
    }
    const first = Math.round(((times[0] ?? 0) - timestampOf(0)) / (10_000 / 60));
    assert.deepEqual(
      times,
      times.map((_, i) => timestampOf(10 * (first + i))),
    );
  });

  it('replies to PING with PONG: the same message with its id and clock', async () => {
    test.clock.advance(1000);
    const { head, numbers } = await ask({ type: 'PING', sequenceNumber: 3 });
    assert.deepEqual(head, { type: 'PONG', sequenceNumber: 3, boxId: 1001, time: START_MS + 1000 });
    assert.deepEqual(numbers, []);
  });

  it('replies to READ with whole measurements of 10 cycles, from the first that begins at or after back', async () => {
    test.clock.advance(5000);
    const { head, numbers, cycles } = await ask(read(timestampOf(95), timestampOf(125)));
    assert.deepEqual(head, {
      ...read(timestampOf(95), timestampOf(125)),
      type: 'RESP',
      boxId: 1001,
      time: START_MS + 5000,
    });
    assert.deepEqual(
      numbers.map((list) => [list[0], list.length]),
      [
        [100, 10],
        [110, 10],
        [120, 10],
      ],
    );
    assert.equal(cycles.timesMs[0], timestampOf(100));
    assert.deepEqual(cycles, test.box.waveform(timestampOf(100), timestampOf(129)));
  });

  it('replies to a window shorter than a measurement with the measurement after it', async () => {
    test.clock.advance(5000);
    const { numbers } = await ask(read(timestampOf(91), timestampOf(95)));
    assert.deepEqual(numbers, [[100, 101, 102, 103, 104, 105, 106, 107, 108, 109]]);
  });

  it('replies to a window older than its buffer, and to a READ without a window, with the oldest measurement', async () => {
    test.clock.advance(20_000); // 1200 cycles, of which it holds 600
    for (const request of [
      read(START_MS - 7_200_000, START_MS - 7_199_000),
      { type: 'READ', sequenceNumber: 42 } as const,
    ]) {
      const { numbers } = await ask(request);
      assert.deepEqual(
        numbers.map((list) => [list[0], list.length]),
        [[600, 10]],
      );
    }
  });

  it('replies immediately to a window in the future: only frame 0, or the cycles so far', async () => {
    test.clock.advance(1000);
    assert.deepEqual((await ask(read(START_MS + 60_000, START_MS + 61_000))).numbers, []);
    const half = await ask(read(timestampOf(50), START_MS + 9000));
    assert.deepEqual(
      half.numbers.map((list) => list[0]),
      [50],
    );
  });

  it('replies to PONG, RESP and ERROR with ERROR and every field echoed', async () => {
    for (const type of ['PONG', 'RESP', 'ERROR'] as const) {
      const { head } = await ask({ type, sequenceNumber: 9, boxId: 5, back: 6, forward: 7, numCycles: 8 });
      assert.deepEqual(head, {
        type: 'ERROR',
        sequenceNumber: 9,
        boxId: 1001,
        time: START_MS,
        back: 6,
        forward: 7,
        numCycles: 8,
      });
    }
  });

  it('older firmware: one cycle per measurement and per frame', async () => {
    await test.box.stop();
    broker.close();
    broker = await openBroker();
    test = await boxAt(broker, { dialect: 2, box2: { cyclesPerMeasurement: 1 } });
    const [, frame] = await flowing(test, broker, 200);
    const { frequency } = proto.triggerMessage.decode(frame ?? Buffer.alloc(0));
    assert.ok(Math.abs(frequency - 60) < 0.01, `${frequency}`);
    test.clock.advance(1000);
    const { numbers } = await ask(read(timestampOf(20), timestampOf(23)));
    assert.deepEqual(numbers, [[20], [21], [22]]);
  });

  it('ignores the topic, and frames after the second', async () => {
    const ping = proto.requestData.encode({ type: 'PING', sequenceNumber: 1 });
    await broker.commands.send(['anything', ping, 'more']);
    const [head] = await broker.replies.receive();
    assert.equal(proto.requestData.decode(head ?? Buffer.alloc(0)).type, 'PONG');
  });

  it('is killed by a message of a single frame', async () => {
    const died = death(test.box);
    await broker.commands.send('evget');
    assert.match(await died, /single frame/);
  });
});
