/** What a process knows of the batches of one partition. */
import assert from 'node:assert/strict';
import { type Beginning, PartitionProgress } from '../../nats/partition-progress.js';

function begin(progress: PartitionProgress<string>, options: Partial<Beginning> = {}): number {
  const usual = { stream: 'stream', isCut: false, floor: 0, consumer: 'consumer', isNew: true };
  return progress.begin({ ...usual, ...options });
}

describe('nats/partition-progress', () => {
  it('hands out each batch once, and says where reading goes on', () => {
    const progress = new PartitionProgress<string>();
    begin(progress, { floor: 10 });
    assert.equal(progress.floor, 10);
    for (const [at, seq] of [11, 14, 20].entries())
      assert.equal(progress.delivered(seq, `first ${seq}`, at + 1), 'new');
    assert.equal(progress.unacknowledged, 3);
    assert.equal(progress.floor, 10);
    assert.equal(progress.stored(14), 'first 14');
    assert.equal(progress.floor, 10, 'the store lacks 11');
    assert.equal(progress.stored(11), 'first 11');
    assert.equal(progress.floor, 19, 'nothing of this partition is between 14 and 20');
    assert.equal(progress.delivered(14, 'again', 4), 'stored');
    assert.equal(progress.delivered(20, 'second 20', 5), 'open');
    assert.equal(progress.stored(20), 'second 20', 'the server hears of it through the newest message');
    assert.equal(progress.floor, 20);
  });

  it('what was left is handed out again, and reading never goes on behind it', () => {
    const progress = new PartitionProgress<string>();
    begin(progress);
    for (const seq of [1, 2, 3]) progress.delivered(seq, `${seq}`, seq);
    progress.left(2);
    progress.stored(1);
    progress.stored(3);
    assert.equal(progress.floor, 1);
    assert.equal(progress.delivered(3, 'again', 4), 'stored');
    assert.equal(progress.delivered(2, 'again', 5), 'new');
    progress.left(2);
    begin(progress, { floor: 9 });
    assert.equal(progress.floor, 9, 'an owner meanwhile has stored it');
  });

  it('does not go on behind a batch that was lost on its way', () => {
    const progress = new PartitionProgress<string>();
    begin(progress, { floor: 10 });
    const store = (seq: number, delivery: number): void => {
      progress.delivered(seq, `${seq}`, delivery);
      progress.stored(seq);
    };
    store(11, 1);
    store(15, 3); // the second one, of a batch between 11 and 15, was lost with the connection
    store(16, 4);
    assert.equal(progress.floor, 11);
    begin(progress, { floor: 11 });
    assert.equal(progress.floor, 11);
    assert.equal(progress.delivered(13, '13', 1), 'new');
    assert.equal(progress.delivered(15, 'again', 2), 'stored');
    assert.equal(progress.delivered(16, 'again', 3), 'stored');
    assert.equal(progress.floor, 12);
    progress.stored(13);
    assert.equal(progress.floor, 16);
  });

  it('counts on nothing of a consumer that has delivered before', () => {
    const progress = new PartitionProgress<string>();
    begin(progress, { floor: 10, isNew: false });
    progress.delivered(12, '12', 7);
    progress.stored(12);
    progress.delivered(13, '13', 8);
    progress.stored(13);
    assert.equal(progress.floor, 10);
  });

  it('does not count what a reader before still gets', () => {
    const progress = new PartitionProgress<string>();
    const before = begin(progress, { floor: 10 });
    const reader = begin(progress, { floor: 10 });
    progress.delivered(15, '15', 1, before);
    progress.stored(15);
    assert.equal(progress.floor, 10);
    progress.delivered(12, '12', 1, reader);
    progress.stored(12);
    assert.equal(progress.floor, 12);
  });

  it('forgets everything of a stream that was made again', () => {
    const progress = new PartitionProgress<string>();
    begin(progress);
    for (const seq of [1, 2]) progress.delivered(seq, `${seq}`, seq);
    progress.stored(1);
    begin(progress, { stream: 'another' });
    assert.equal(progress.floor, 0);
    assert.equal(progress.unacknowledged, 0);
    assert.equal(progress.stored(2), undefined);
    assert.equal(progress.delivered(1, 'new', 1), 'new');
  });

  it('knows a consumer that has begun again', () => {
    const progress = new PartitionProgress<string>();
    const first = begin(progress);
    for (const seq of [1, 2, 3]) {
      progress.delivered(seq, `${seq}`, seq, first);
      progress.stored(seq);
    }
    assert.equal(progress.isReset('consumer', 3), false);
    assert.equal(progress.isReset('consumer', 2), true);
    assert.equal(progress.isReset('another', 2), false);
    assert.equal(progress.delivered(1, 'again', 1, first), 'reset');
    assert.equal(progress.isReset('consumer', 16), true, 'also where it has gone further meanwhile');
    assert.equal(progress.floor, 3);
    const second = begin(progress);
    assert.equal(progress.delivered(4, '4', 1, second), 'new');
    assert.equal(progress.delivered(9, '9', 1, first), 'new', 'a reader before says nothing of it');
    begin(progress, { consumer: 'consumer of the next lease', isNew: false });
    assert.equal(progress.isReset('consumer of the next lease', 0), false);
  });

  it('a stream that has lost its end is another one: what comes under old sequences is handed out, and what waited says nothing of it', () => {
    const progress = new PartitionProgress<string>();
    begin(progress);
    for (const seq of [1, 2, 3]) progress.delivered(seq, `${seq}`, seq);
    const before = progress.epoch;
    progress.stored(1);
    progress.stored(2);
    begin(progress, { isCut: true, floor: 1 });
    assert.equal(progress.floor, 1);
    assert.equal(progress.delivered(2, 'new 2', 1), 'new');
    assert.equal(progress.delivered(3, 'new 3', 2), 'new');
    assert.equal(progress.stored(3, before), undefined, 'the batch that had this sequence before');
    assert.equal(progress.left(3, before), undefined);
    assert.equal(progress.floor, 1);
    assert.equal(progress.stored(2), 'new 2');
    assert.equal(progress.stored(3, progress.epoch), 'new 3');
    assert.equal(progress.floor, 3);
  });

  it('where deliveries were not counted, rises by what the consumer says', () => {
    const progress = new PartitionProgress<string>();
    const first = begin(progress);
    assert.equal(progress.isCounted, true);
    progress.delivered(1, '1', 1);
    progress.stored(1);
    progress.delivered(5, '5', 3); // the second delivery was lost
    progress.stored(5);
    assert.equal(progress.isCounted, false);
    assert.equal(progress.floor, 1);
    progress.delivered(3, 'again', 4);
    progress.left(3);
    progress.acknowledged(5, first);
    assert.equal(progress.floor, 5, 'the stream dropped what was left');
    const second = begin(progress, { isNew: false });
    progress.acknowledged(9, first);
    assert.equal(progress.floor, 5, 'of a reader before');
    progress.acknowledged(9, second);
    assert.equal(progress.floor, 9);
  });

  it('knows the highest batch that was delivered, by its time too, until the stream is another one', () => {
    const progress = new PartitionProgress<string>();
    const reader = begin(progress, { floor: 7 });
    assert.equal(progress.mark, undefined, 'nothing was delivered');
    progress.delivered(9, '9', 1, reader, 900);
    progress.delivered(8, 'again', 2, reader, 800);
    assert.deepEqual(progress.mark, { seq: 9, timeMs: 900 });
    begin(progress, { floor: 20 });
    assert.deepEqual(progress.mark, { seq: 9, timeMs: 900 });
    begin(progress, { isCut: true });
    assert.equal(progress.mark, undefined);
  });

  it('what was left and is not in the stream any more: the consumer is asked', () => {
    const progress = new PartitionProgress<string>();
    const reader = begin(progress);
    for (const seq of [1, 2, 3]) progress.delivered(seq, `${seq}`, seq);
    for (const seq of [1, 3]) progress.stored(seq);
    assert.equal(progress.isCounted, true);
    progress.left(2);
    assert.equal(progress.isCounted, false);
    assert.equal(progress.floor, 1);
    progress.acknowledged(3, reader);
    assert.equal(progress.floor, 3);
    assert.equal(progress.isCounted, true);
  });
});
