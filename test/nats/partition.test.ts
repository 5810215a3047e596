import assert from 'node:assert/strict';
import { PARTITIONS, partitionOf, partitionOfBox, subjectOf } from '../../nats/partition.js';

const topic = (text: string): Buffer => Buffer.from(text);

describe('nats/partition', () => {
  it('never changes: batches that wait keep their partition', () => {
    const boxes = [0, 1, 2, 7, 42, 1201, 9999, 123_456, 2 ** 31 - 1];
    assert.deepEqual(boxes.map(partitionOfBox), [0, 55, 6, 4, 28, 63, 39, 11, 40]);
  });

  it('is that of the number, padded or not; what is no id has one too', () => {
    for (const [a, b] of [
      ['7', '0007'],
      ['1201', '00001201'],
    ] as const)
      assert.equal(partitionOf(topic(a)), partitionOf(topic(b)));
    assert.equal(partitionOf(topic('1201')), partitionOfBox(1201));
    for (const none of ['', 'x', '-1', '12 ', '9'.repeat(21)])
      assert.equal(partitionOf(topic(none)), 0, none);
    assert.equal(partitionOf(undefined), 0);
  });

  it('divides consecutive ids evenly', () => {
    const counts = new Array<number>(PARTITIONS).fill(0);
    for (let id = 1000; id < 7400; id += 1) {
      const partition = partitionOfBox(id);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    assert.ok(Math.min(...counts) > 60 && Math.max(...counts) < 140, counts.join(' '));
  });

  it('has a subject', () => {
    assert.equal(subjectOf(63), 'makai.measurements.63');
  });
});
