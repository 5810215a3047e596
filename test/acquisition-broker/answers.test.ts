import assert from 'node:assert/strict';
import type * as proto from '../../proto/index.js';
import { bytesOf, cyclesBetween, type FakeBox, type FakeClient, type Rig, startRig, until } from './rig.js';

describe('acquisition broker: answers of boxes', () => {
  let rig: Rig;
  let client: FakeClient;
  let one: FakeBox;
  let two: FakeBox;
  let seven: FakeBox;
  let seventySeven: FakeBox;

  before(async () => {
    rig = await startRig({ boxes: [1001, 1002, 7, 77, 9] });
    client = await rig.client();
    one = await rig.box(1001, 2);
    two = await rig.box(1002, 2);
    seven = await rig.box(7, 3);
    seventySeven = await rig.box(77, 3);
  });
  after(() => rig.stop());
  afterEach(() => {
    for (const box of [one, two, seven, seventySeven]) box.commands.clear();
    client.notices.clear();
    client.heard.clear();
  });

  const window = (ms = 500): { startMs: number; endMs: number } => {
    const endMs = Date.now() - 1000;
    return { startMs: endMs - ms, endMs };
  };
  const ask = async (boxIds: number[], asked = window()): Promise<number> => {
    await client.request({ ...asked, boxIds });
    return client.evnew();
  };
  /** Waits until one more is rejected for a reason. */
  const rejected = async (reason: string, send: () => Promise<void>): Promise<void> => {
    const before = rig.rejected(reason);
    await send();
    await until(() => rig.rejected(reason) === before + 1);
  };
  const received = async (eventId: number): Promise<string[]> => (await rig.event(eventId)).boxes_received;

  it('a Box 2 that was not asked is not stored', async () => {
    const { replies } = rig.broker.status();
    const asked = window();
    const number = await ask([1001], asked);
    const read = await one.read(number);
    const cycles = cyclesBetween(asked.startMs, asked.endMs);
    await two.answerRead(read, cycles, 1);
    await until(() => rig.broker.status().replies.unasked === replies.unasked + 1);
    await one.answerRead(read, cycles);
    await rig.stored(number, 1);
    assert.equal((await client.notices.next())[1]?.toString(), String(number));
    const event = await rig.event(number);
    assert.deepEqual([event.boxes_triggered, event.boxes_received], [['1001'], ['1001']]);
  });

  it('with keep_unasked a Box 2 that was not asked is stored too, boxes_triggered keeps who was asked', async () => {
    const keeping = await startRig({ boxes: [1001, 1002], config: { keep_unasked: true } });
    try {
      const other = await keeping.client();
      const [first, second] = [await keeping.box(1001, 2), await keeping.box(1002, 2)];
      const asked = window();
      await other.request({ ...asked, boxIds: [1001] });
      const number = await other.evnew();
      const read = await first.read(number);
      const cycles = cyclesBetween(asked.startMs, asked.endMs);
      await first.answerRead(read, cycles);
      await keeping.stored(number, 1);
      await second.answerRead(read, cycles, 1);
      await keeping.stored(number, 2);
      const event = await keeping.event(number);
      assert.deepEqual(event.boxes_triggered, ['1001']);
      assert.deepEqual(event.boxes_received, ['1001', '1002']);
      assert.equal((await other.notices.next())[1]?.toString(), String(number));
      assert.equal(other.notices.length, 0);
    } finally {
      await keeping.stop();
    }
  });

  it('no READ goes out when all boxes asked are known to be Box 3', async () => {
    await seven.command(await ask([7, 77]));
    assert.deepEqual(
      [(await one.commands.next())[0]?.toString(), (await one.commands.next())[0]?.toString()],
      ['7', '77'],
    );
    await ask([1001]);
    assert.equal((await one.commands.next())[0]?.toString(), 'evget', 'and no Command to a Box 2');
    await ask([7]);
    assert.equal((await one.commands.next())[0]?.toString(), '7');
  });

  it('a box of unknown kind is asked both ways', async () => {
    const number = await ask([9]);
    assert.equal((await one.read(number)).sequenceNumber, number);
    assert.equal((await one.commands.next())[0]?.toString(), '9');
  });

  it('of the boxes that share a prefix only the one asked counts', async () => {
    const asked = window();
    const number = await ask([77], asked);
    const command = await seventySeven.command(number);
    const heard = await seven.command(number);
    assert.deepEqual(heard, command, 'box 7 hears what is meant for box 77');
    const wrong = cyclesBetween(asked.startMs + 5, asked.endMs);
    await rejected('reply_of_another_box', () => seven.answerData(heard, wrong));
    const right = cyclesBetween(asked.startMs + 1, asked.endMs);
    await seventySeven.answerData(command, right);
    await rig.stored(number, 1);
    assert.deepEqual(await received(number), ['77']);
    assert.ok((await rig.store.waveform(`event_${number}_77`))?.equals(bytesOf(right.samples)));
  });

  it('an answer twice leaves the store right', async () => {
    const asked = window();
    const number = await ask([1001, 7], asked);
    const read = await one.read(number);
    const command = await seven.command(number);
    const first = cyclesBetween(asked.startMs + 2, asked.endMs);
    const second = cyclesBetween(asked.startMs + 9, asked.endMs);
    await one.answerRead(read, first);
    await seven.answerData(command, first);
    await rig.stored(number, 2);
    await rejected('duplicate_reply', () => one.answerRead(read, second));
    await rejected('duplicate_reply', () => seven.answerData(command, second));
    for (const id of ['1001', '7']) {
      assert.ok((await rig.store.waveform(`event_${number}_${id}`))?.equals(bytesOf(first.samples)));
    }
    assert.equal((await rig.event(number)).latencies_ms?.length, 2);
  });

  it('two answers at the same moment are one waveform', async () => {
    const asked = window();
    const number = await ask([1001], asked);
    const read = await one.read(number);
    const cycles = cyclesBetween(asked.startMs, asked.endMs);
    const duplicates = (): number =>
      rig.rejected('duplicate_reply') + rig.broker.status().waveforms.duplicates;
    const before = duplicates();
    await Promise.all([
      one.answerRead(read, cycles),
      one.answerRead(read, cycles),
      one.answerRead(read, cycles),
    ]);
    await rig.stored(number, 1);
    await until(() => duplicates() === before + 2);
    assert.equal((await rig.store.boxEvents(number)).length, 1);
    assert.deepEqual(await received(number), ['1001']);
  });

  it('an empty answer ends the waiting, one with data after it counts', async () => {
    const asked = window();
    const { requests } = rig.broker.status().open;
    const number = await ask([1001, 7], asked);
    const read = await one.read(number);
    const command = await seven.command(number);
    const { empty } = rig.broker.status().open;
    await one.answerRead(read);
    await seven.answerData(command);
    await until(() => rig.broker.status().open.empty === empty + 2);
    await until(() => rig.broker.status().open.requests === requests);
    assert.deepEqual(await rig.store.boxEvents(number), []);
    const cycles = cyclesBetween(asked.startMs, asked.endMs);
    await one.answerRead(read, cycles);
    await seven.answerData(command, cycles);
    await rig.stored(number, 2);
    await rejected('duplicate_reply', () => seven.answerData(command));
  });

  it('cycles outside the window are dropped and counted', async () => {
    const asked = window(1000);
    const number = await ask([1001], asked);
    const cycles = cyclesBetween(asked.startMs - 1000, asked.endMs + 1000);
    const { cycles_dropped: before } = rig.broker.status().waveforms;
    await one.answerRead(await one.read(number), cycles);
    const [document] = await rig.stored(number, 1);
    const times = document?.window_timestamps_ms ?? [];
    const expected = cycles.timesMs.filter((t) => t >= asked.startMs - 170 && t <= asked.endMs + 170);
    assert.deepEqual(times, expected);
    const dropped = rig.broker.status().waveforms.cycles_dropped - before;
    assert.equal(dropped, cycles.timesMs.length - expected.length);
    const stored = await rig.store.waveform(`event_${number}_1001`);
    const first = cycles.timesMs.indexOf(expected[0] ?? 0);
    assert.ok(stored?.equals(bytesOf(cycles.samples.subarray(first * 200, (first + expected.length) * 200))));
  });

  it('part of a window is stored as it is', async () => {
    const asked = window(1000);
    const number = await ask([7], asked);
    const cycles = cyclesBetween(asked.startMs + 400, asked.startMs + 600);
    await seven.answerData(await seven.command(number), cycles);
    const [document] = await rig.stored(number, 1);
    assert.deepEqual(document?.window_timestamps_ms, cycles.timesMs);
  });

  it('windows that overlap are two events, each with its own cycles', async () => {
    const first = window(1000);
    const second = { startMs: first.startMs + 500, endMs: first.endMs + 500 };
    const numbers = [await ask([7], first), await ask([7], second)];
    const commands = [await seven.command(numbers[0]), await seven.command(numbers[1])];
    const all = cyclesBetween(first.startMs + 1, second.endMs);
    for (const command of commands.toReversed()) await seven.answerData(command, all);
    for (const [i, { startMs, endMs }] of [first, second].entries()) {
      const [document] = await rig.stored(numbers[i] ?? 0, 1);
      const expected = all.timesMs.filter((t) => t >= startMs - 170 && t <= endMs + 170);
      assert.deepEqual(document?.window_timestamps_ms, expected);
    }
  });

  it('samples of cycles that are longer or shorter than 200 are kept as they came', async () => {
    const asked = window(200);
    const number = await ask([7], asked);
    const waveform: proto.Waveform = {
      timesMs: [asked.startMs + 10, asked.startMs + 27, asked.startMs + 44],
      cycleLengths: [199, 1, 240],
      samples: Int16Array.from({ length: 440 }, (_, i) => (i % 2 === 0 ? -32_768 : 32_767)),
    };
    await seven.answerData(await seven.command(number), waveform);
    await rig.stored(number, 1);
    assert.ok((await rig.store.waveform(`event_${number}_7`))?.equals(bytesOf(waveform.samples)));
  });

  it('answers to nothing, to another window and of another kind are dropped', async () => {
    const asked = window();
    const number = await ask([1001, 7], asked);
    const read = await one.read(number);
    const command = await seven.command(number);
    const cycles = cyclesBetween(asked.startMs, asked.endMs);
    await rejected('reply_to_nothing', () => one.answerRead({ ...read, sequenceNumber: 999_999 }, cycles));
    await rejected('reply_to_another_window', () =>
      one.answerRead({ ...read, back: asked.startMs + 1 }, cycles),
    );
    await rejected('reply_to_another_window', () => {
      const { forward: _, ...without } = read;
      return one.answerRead(without, cycles);
    });
    await rejected('reply_to_nothing', () => seven.answerData({ ...command, seq: 6 }, cycles));
    await rejected('reply_of_wrong_kind', () => seven.answer(command.seq, { kind: 'plugin', ok: true }));
    assert.deepEqual(await rig.store.boxEvents(number), []);
  });

  it('an event whose boxes all are silent keeps them in boxes_triggered', async () => {
    const number = await ask([1001, 7]);
    const event = await rig.event(number);
    assert.deepEqual([event.boxes_triggered, event.boxes_received], [['1001', '7'], []]);
    assert.ok((await rig.store.openRequests()).some(({ key }) => key === `event:${number}`));
  });
});
