/** How a Box 3 reacts to messages (docs/wire-protocols.md, 3.2). */
import assert from 'node:assert/strict';
import * as proto from '../../proto/index.js';
import { type Broker, openBroker } from './broker.js';
import { boxAt, death, flowing, START_MS, type TestBox } from './support.js';

describe('a Box 3', () => {
  let broker: Broker;
  let test: TestBox;
  const timestampOf = (cycle: number): number => Math.floor(START_MS + ((cycle + 1) * 1000) / 60);

  beforeEach(async () => {
    broker = await openBroker();
    test = await boxAt(broker, { dialect: 3, bufferCycles: 600 });
  });

  afterEach(async () => {
    await test.box.stop();
    broker.close();
  });

  /** Sends a command under `topic`, and returns the Response and the cycles behind it. */
  async function ask(body: proto.CommandBody, { topic = '7', boxId = 7, seq = 1000 } = {}) {
    const message = { seq, boxId, timestampMs: 0, identity: 'data_1_x', body };
    await broker.commands.send([topic, proto.command.encode(message)]);
    const [head, ...rest] = await broker.replies.receive();
    const reply = proto.response.decode(head ?? Buffer.alloc(0));
    return { reply, numbers: numbersOf(proto.decodeCycles3(rest)), cycles: proto.decodeCycles3(rest) };
  }

  function numbersOf({ timesMs, samples }: proto.Waveform): number[] {
    return timesMs.map((_, i) => samples[i * 200] ?? -1);
  }

  const data = (startMs: number, endMs: number): proto.CommandBody => ({
    kind: 'data',
    startMs,
    endMs,
    wait: true,
  });

  it('measures every 60 cycles under its id padded to four digits; sends only rms and thd in its first seconds', async () => {
    const frames = [await flowing(test, broker, 1000)];
    test.clock.advance(20_000);
    while ((proto.measurement.decode(last(frames)).metrics.f ?? undefined) === undefined) {
      frames.push(await broker.measurements.receive());
    }
    for (const [topic, frame] of frames) {
      const { boxId, timestampMs, metrics } = proto.measurement.decode(frame ?? Buffer.alloc(0));
      assert.equal(topic?.toString(), '0007');
      assert.equal(boxId, 7);
      const window = Math.round((timestampMs - START_MS) / 1000) - 1;
      assert.equal(timestampMs, timestampOf(60 * window + 59), 'its time is the end of its window');
      // f and trans wait for 255 cycles and then for a block of seven
      const warm = window >= 4 ? ['f', 'rms', 'thd', 'trans'] : ['rms', 'thd'];
      assert.deepEqual(Object.keys(metrics).sort(), warm);
      assert.ok(Math.abs((metrics.rms?.average ?? 0) - 120) < 0.1);
    }
  });

  it('returns cycles with start < timestamp < end, one per frame, with the timestamps of the first and the last', async () => {
    test.clock.advance(5000);
    const { reply, numbers, cycles } = await ask(data(timestampOf(100), timestampOf(110)));
    assert.deepEqual(numbers, [101, 102, 103, 104, 105, 106, 107, 108, 109]);
    assert.deepEqual(reply, {
      boxId: 7,
      seq: 1000,
      timestampMs: START_MS + 5000,
      body: { kind: 'data', startTs: timestampOf(101), endTs: timestampOf(109) },
    });
    assert.deepEqual(cycles, test.box.waveform(timestampOf(101), timestampOf(109)));
  });

  it('returns immediately the cycles so far of a window in the future, whatever `wait` says', async () => {
    test.clock.advance(1000);
    const { numbers } = await ask(data(timestampOf(56), START_MS + 60_000));
    assert.deepEqual(numbers, [57, 58, 59]);
  });

  it('replies to a window without data with zeros and no cycles', async () => {
    test.clock.advance(20_000);
    for (const window of [
      data(timestampOf(0), timestampOf(100)),
      data(START_MS + 90_000, START_MS + 95_000),
      data(9, 5),
    ]) {
      const { reply, numbers } = await ask(window);
      assert.deepEqual(reply.body, { kind: 'data', startTs: 0, endTs: 0 });
      assert.deepEqual(numbers, []);
    }
  });

  it('keeps as many cycles as it was given', async () => {
    test.clock.advance(20_000);
    const { numbers } = await ask(data(START_MS, START_MS + 60_000));
    assert.equal(numbers[0], 600);
    assert.equal(numbers.length, 600);
  });

  it('replies under its own id to commands for a box whose id begins with its own', async () => {
    const { reply } = await ask({ kind: 'info' }, { topic: '77', boxId: 77, seq: 5 });
    assert.equal(reply.boxId, 7);
    assert.equal(reply.seq, 5);
  });

  it('reports the fixed values of existing boxes about itself', async () => {
    test.clock.advance(61_500);
    const { reply } = await ask({ kind: 'info' });
    assert.equal(reply.body.kind, 'info');
    if (reply.body.kind !== 'info') return;
    const { ip, pubKey, ...rest } = reply.body;
    const odd = { uptime: 61, calibrationConstant: 0, macAddr: '', wifiNetwork: '', measurementRate: 60 };
    assert.deepEqual(rest, { kind: 'info', ...odd });
    assert.match(ip, /^([0-9a-f.:]+\n)+$/);
    assert.equal(pubKey, test.box.publicKey);
  });

  it('accepts another measurement rate, also in the middle of a window, and replies with the old one', async () => {
    await flowing(test, broker, 1000);
    test.clock.advance(500);
    const { reply } = await ask({ kind: 'samplingRate', measurementWindowCycles: 10 });
    assert.deepEqual(reply.body, { kind: 'samplingRate', oldRateCycles: 60 });
    assert.deepEqual((await ask({ kind: 'samplingRate', measurementWindowCycles: 12 })).reply.body, {
      kind: 'samplingRate',
      oldRateCycles: 10,
    });
    const before = test.box.stats.measurements;
    // the 30 cycles of the window that was filling end with the next cycle; then one measurement each 12
    test.clock.advance(17 + 4 * 200);
    assert.equal(test.box.stats.measurements - before, 5);
  });

  it('always replies that a plugin accepted the message', async () => {
    const { reply } = await ask({ kind: 'plugin', pluginName: 'no such plugin', message: '{' });
    assert.deepEqual(reply.body, { kind: 'plugin', ok: true });
  });

  it('ignores messages without exactly two frames, and bytes that are not a message', async () => {
    const info = proto.command.encode({
      seq: 9,
      boxId: 7,
      timestampMs: 0,
      identity: '',
      body: { kind: 'info' },
    });
    await broker.commands.send('7');
    await broker.commands.send(['7', info, 'x']);
    await broker.commands.send(['7', Buffer.from('0aff', 'hex')]);
    await broker.commands.send(['7', Buffer.from('2a', 'hex')]);
    const { reply } = await ask({ kind: 'info' });
    assert.equal(reply.seq, 1000);
    assert.equal(test.box.stats.ignored, 4);
  });

  for (const [what, frame] of [
    [
      'without its oneof',
      proto.command
        .encode({ seq: 9, boxId: 7, timestampMs: 5, identity: 'x', body: { kind: 'info' } })
        .subarray(0, -2),
    ],
    ['that is empty', Buffer.alloc(0)],
  ] as const) {
    it(`is killed by a Command ${what}`, async () => {
      const died = death(test.box);
      await broker.commands.send(['7', frame]);
      assert.match(await died, /without its oneof/);
    });
  }
});

function last(frames: readonly Buffer[][]): Buffer {
  return frames[frames.length - 1]?.[1] ?? Buffer.alloc(0);
}
