/** Whatever a broker sends, a box replies like existing boxes, ignores it, or is killed by one of the two messages that kill it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { analysisOf } from '../../box/analysis.js';
import { BOX2_HABITS, Box2 } from '../../box/box2.js';
import { BOX3_HABITS, Box3 } from '../../box/box3.js';
import { CycleBuffer } from '../../box/buffer.js';
import type { BoxState } from '../../box/frames.js';
import * as proto from '../../proto/index.js';
import { runs } from '../support/property.js';
import { type Broker, openBroker } from './broker.js';
import { boxAt, numberedSource, START_MS } from './support.js';

const source = numberedSource(60);

function state(): BoxState {
  const buffer = new CycleBuffer(START_MS, 3000);
  buffer.advance(START_MS + 2000);
  return {
    id: 7,
    buffer,
    analysis: analysisOf(source),
    now: () => START_MS + 2000,
    startedMs: START_MS,
    publicKey: '',
  };
}

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** Bytes that look like a protobuf message: fields of any number and wire type. */
const messages = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 9 }), uint64)
        .map(([number, value]) => [...varint(BigInt(number * 8)), ...varint(value)]),
      fc
        .tuple(fc.integer({ min: 1, max: 9 }), fc.uint8Array({ maxLength: 12 }))
        .map(([number, bytes]) => [...varint(BigInt(number * 8 + 2)), bytes.length, ...bytes]),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => [...bytes]),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.from(parts.flat()));

describe('a box and hostile frames', () => {
  it('Box 2: replies or ignores; only a single frame kills it', () => {
    const box = new Box2(state(), BOX2_HABITS);
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 4 }), (frames) => {
        const answer = box.reactTo(frames);
        assert.equal(answer.kind === 'killed', frames.length === 1);
        if (answer.kind !== 'reply') return;
        const [head] = answer.frames;
        assert.ok(['PONG', 'RESP', 'ERROR'].includes(typeOf(head)), 'a reply of a Box 2');
      }),
      { numRuns: runs(2000) },
    );
  });

  it('Box 3: replies or ignores; only a Command without its oneof kills it', () => {
    const box = new Box3(state(), BOX3_HABITS);
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 3 }), (frames) => {
        const answer = box.reactTo(frames);
        if (answer.kind === 'killed') assert.equal(frames.length, 2);
        if (answer.kind === 'reply')
          assert.equal(proto.response.decode(Buffer.from(answer.frames[0] ?? '')).boxId, 7);
      }),
      { numRuns: runs(2000) },
    );
  });

  it('READ and GetData with extreme windows', () => {
    const [box2, box3] = [new Box2(state(), BOX2_HABITS), new Box3(state(), BOX3_HABITS)];
    const times = fc.oneof(
      fc.maxSafeNat(),
      fc.integer({ min: START_MS - 100, max: START_MS + 3000 }),
      fc.constant(0),
    );
    fc.assert(
      fc.property(times, times, (from, to) => {
        const read = proto.requestData.encode({ type: 'READ', sequenceNumber: 1, back: from, forward: to });
        assert.equal(box2.reactTo([Buffer.from('evget'), read]).kind, 'reply');
        const body = { kind: 'data', startMs: from, endMs: to, wait: false } as const;
        const command = proto.command.encode({ seq: 9, boxId: 7, timestampMs: 0, identity: '', body });
        const answer = box3.reactTo([Buffer.from('7'), command]);
        assert.equal(answer.kind, 'reply');
        const cycles =
          answer.kind === 'reply' ? proto.decodeCycles3(answer.frames.slice(1) as Buffer[]) : undefined;
        for (const time of cycles?.timesMs ?? []) assert.ok(time > from && time < to);
      }),
    );
  });

  it('a measurement window of 0 or of 2^32 - 1 cycles does not stop it', async () => {
    const broker: Broker = await openBroker();
    const { box, clock } = await boxAt(broker, { dialect: 3 });
    try {
      for (const [seq, measurementWindowCycles] of [0, 0xffff_ffff, 5].entries()) {
        const body = { kind: 'samplingRate', measurementWindowCycles } as const;
        await broker.commands.send([
          '7',
          proto.command.encode({ seq: 10 + seq, boxId: 7, timestampMs: 0, identity: '', body }),
        ]);
        await broker.replies.receive();
        clock.advance(1000);
      }
      assert.ok(box.stats.measurements >= 60 + 11);
    } finally {
      await box.stop();
      broker.close();
    }
  });
});

function typeOf(head: Uint8Array | string | undefined): string {
  const types = ['PING', 'PONG', 'READ', 'RESP', 'ERROR'];
  return types[(Buffer.from(head ?? '')[1] ?? 0) - 1] ?? '';
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}
