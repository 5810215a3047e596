/** Recorded measurements come out of the broker's socket as they went in. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  ManualClock,
  parseCycleVoltages,
  parseTriggeringStream,
  type ReplayRow,
  single,
  startReplay,
} from '../../box/index.js';
import { MakaiError } from '../../common/errors.js';
import * as proto from '../../proto/index.js';
import { type Broker, openBroker } from './broker.js';
import { hasShared, SHARED } from './support.js';

describe('the replay of measurements', () => {
  let broker: Broker;

  beforeEach(async () => {
    broker = await openBroker();
  });

  afterEach(() => broker.close());

  const options = (rows: readonly ReplayRow[]) => ({
    rows,
    endpoint: broker.endpoints.measurements,
    serverPublicKey: broker.keys.publicKey,
  });

  async function received(count: number): Promise<{ topic: string; message: proto.StreamMessage }[]> {
    const list: { topic: string; message: proto.StreamMessage }[] = [];
    while (list.length < count) {
      const [topic, frame] = await broker.measurements.receive();
      list.push({ topic: String(topic), message: proto.decodeStream(frame ?? Buffer.alloc(0)) });
    }
    return list;
  }

  it('sends each row when the clock reaches its time, as either dialect does', async () => {
    const rows = [
      { boxId: 2, timeMs: 3000, rms: single(121), f: single(60) },
      {
        boxId: 1,
        timeMs: 1000,
        rms: { min: 99, max: 122, average: 120 },
        f: single(59.5),
        thd: single(0.02),
      },
    ];
    const clock = new ManualClock(0);
    const replay = startReplay({ ...options(rows), dialect: 3, clock, offsetMs: 500 });
    const first = received(1);
    while (replay.sent === 0) {
      clock.advance(1500 - clock.now());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const [message] = await first;
    assert.equal(message?.topic, '0001');
    assert.deepEqual(message?.message, {
      dialect: 3,
      message: {
        boxId: 1,
        timestampMs: 1500,
        metrics: {
          f: single(59.5),
          rms: { min: 99, max: 122, average: 120 },
          thd: single(Math.fround(0.02)),
        },
      },
    });
    assert.equal(replay.sent, 1);
    await replay.stop();
    await replay.done;
    assert.equal(replay.sent, 1, 'stopped in the middle');

    const all = received(2);
    const other = startReplay({ ...options(rows), dialect: 2, pace: 'unpaced' });
    await other.done;
    // each box has a connection of its own: between two boxes there is no order
    const messages = (await all).map(
      ({ topic, message }) => `${topic} ${message.dialect} ${frequencyOf(message)}`,
    );
    assert.deepEqual(messages.sort(), ['1 2 59.5', '2 2 60']);
    await other.stop();
  });

  it('refuses lines that are no rows', () => {
    const refused = (act: () => unknown): void =>
      assert.throws(act, (error) => error instanceof MakaiError && /line 2/.test(error.message));
    refused(() => parseTriggeringStream('1 2 3 4\n1 2 x 4', 'f'));
    refused(() => parseCycleVoltages('device,t_s,vrms_V\n1,2\n', 1, 0, 'f'));
  });

  if (!hasShared) {
    it.skip(`SKIPPED: no recordings at ${SHARED}`);
    return;
  }

  it('frequency.dat: every value as a float32, every time moved by one offset, boxes in their own order', async () => {
    const file = path.join(SHARED, 'opq-box/frequency.dat');
    const rows = parseTriggeringStream(readFileSync(file, 'utf8'), file);
    assert.equal(rows.length, 1160);
    const offsetMs = 1_800_000_000_000 - (rows[0]?.timeMs ?? 0);
    const all = received(rows.length);
    const replay = startReplay({ ...options(rows), dialect: 2, pace: 'unpaced', offsetMs });
    const messages = (await all).map(({ message }) => message.message as proto.TriggerMessage);
    for (const boxId of [1, 4]) {
      assert.deepEqual(
        messages.filter(({ id }) => id === boxId).map(({ time, rms, frequency }) => [time, rms, frequency]),
        rows
          .filter((row) => row.boxId === boxId)
          .map((row) => [
            row.timeMs + offsetMs,
            Math.fround(row.rms?.average ?? 0),
            Math.fround(row.f?.average ?? 0),
          ]),
      );
    }
    await replay.stop();
  });

  it('fifteen_boxes: windows of cycles with their min, max and average', () => {
    const file = path.join(SHARED, 'opq-box/fifteen_boxes_1cycle_vrms.csv');
    const rows = parseCycleVoltages(readFileSync(file, 'utf8'), 60, 1_574_000_000_000, file);
    const boxes = new Set(rows.map(({ boxId }) => boxId));
    assert.equal(boxes.size, 15);
    const above = new Set(rows.filter(({ rms }) => (rms?.max ?? 0) > 125).map(({ boxId }) => boxId));
    assert.deepEqual([...above].sort(), [1002, 1006, 1007], 'the boxes that pass 125 V');
    for (const { rms } of rows) {
      assert.ok(rms !== undefined && rms.min <= rms.average && rms.average <= rms.max && rms.min > 100);
    }
  });
});

function frequencyOf({ message }: proto.StreamMessage): number {
  return 'frequency' in message ? message.frequency : Number.NaN;
}
