import assert from 'node:assert/strict';
import { decodeBatch, MESSAGE_BYTES } from '../../../nats/batch.js';
import { partitionOfBox } from '../../../nats/partition.js';
import type { PackedBatch } from '../../../store/batch-spool.js';
import { Batcher, GATHER_MS } from '../../../triggering-broker/jetstream/batcher.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';

const message = (box: number, text: string): Buffer[] => [Buffer.from(String(box)), Buffer.from(text)];
const textsIn = ({ body }: PackedBatch): string[] =>
  (decodeBatch(body)?.messages ?? []).map(
    ([topic, payload]) => `${topic && Buffer.from(topic)}:${payload && Buffer.from(payload)}`,
  );

describe('triggering-broker/jetstream/batcher', () => {
  let clock: ManualClock;
  let sent: PackedBatch[][];
  let batcher: Batcher;
  beforeEach(() => {
    clock = new ManualClock();
    sent = [];
    batcher = new Batcher({ run: 'r', clock, send: (batches) => sent.push(batches) });
  });

  it('gathers what comes within its time, one batch for each partition, in the order in which it came', () => {
    for (const text of ['a', 'b', 'c']) for (const box of [1, 7, 1201]) batcher.add(message(box, text));
    assert.equal(sent.length, 0);
    clock.advance(GATHER_MS);
    const [batches = []] = sent;
    assert.equal(sent.length, 1);
    assert.deepEqual(
      new Set(batches.map(({ partition }) => partition)),
      new Set([1, 7, 1201].map(partitionOfBox)),
    );
    const of7 = batches.find(({ partition }) => partition === partitionOfBox(7));
    assert.deepEqual(of7 && textsIn(of7), ['7:a', '7:b', '7:c']);
    assert.equal(of7?.messages, 3);
    assert.equal(new Set(batches.map(({ id }) => id)).size, 3);
    clock.advance(10 * GATHER_MS);
    assert.equal(sent.length, 1);
    batcher.add(message(7, 'd'));
    clock.advance(GATHER_MS);
    assert.equal(sent.length, 2);
  });

  it('sends a full batch immediately', () => {
    for (let i = 0; i < 10; i += 1) batcher.add([Buffer.from('7'), Buffer.alloc(20_000, i)]);
    assert.deepEqual(
      sent.map((batches) => batches.map(({ messages }) => messages)),
      [[3], [3], [3]],
    );
    batcher.flush();
    assert.equal(sent[3]?.[0]?.messages, 1);
  });

  it('drops what is longer than any measurement, and counts it', () => {
    batcher.add([Buffer.from('7'), Buffer.alloc(MESSAGE_BYTES)]);
    batcher.add([]);
    batcher.add(message(7, 'x'));
    batcher.flush();
    assert.equal(batcher.tooLong, 2);
    assert.equal(batcher.messages, 3);
    assert.deepEqual(sent.flat().flatMap(textsIn), ['7:x']);
  });
});
