/** What a process knows of the batches of one partition. */
import assert from 'node:assert/strict';
import { PartitionProgress } from '../../nats/partition-progress.js';

describe('nats/partition-progress', () => {
  it('hands out each batch once, and says where reading goes on', () => {
    const progress = new PartitionProgress<string>();
    progress.begin('stream', 10);
    assert.equal(progress.floor, 10);
    for (const seq of [11, 14, 20]) assert.equal(progress.delivered(seq, `first ${seq}`), 'new');
    assert.equal(progress.unacknowledged, 3);
    assert.equal(progress.floor, 10);
    assert.equal(progress.stored(14), 'first 14');
    assert.equal(progress.floor, 10, 'the store lacks 11');
    assert.equal(progress.stored(11), 'first 11');
    assert.equal(progress.floor, 19, 'nothing of this partition is between 14 and 20');
    assert.equal(progress.delivered(14, 'again'), 'stored');
    assert.equal(progress.delivered(20, 'second 20'), 'open');
    assert.equal(progress.stored(20), 'second 20', 'the server hears of it through the newest message');
    assert.equal(progress.floor, 20);
  });

  it('what was left is handed out again, and reading never goes on behind it', () => {
    const progress = new PartitionProgress<string>();
    progress.begin('stream', 0);
    for (const seq of [1, 2, 3]) progress.delivered(seq, `${seq}`);
    progress.left(2);
    progress.stored(1);
    progress.stored(3);
    assert.equal(progress.floor, 1);
    assert.equal(progress.delivered(3, 'again'), 'stored');
    assert.equal(progress.delivered(2, 'again'), 'new');
    progress.left(2);
    progress.begin('stream', 9);
    assert.equal(progress.floor, 9, 'an owner meanwhile has stored it');
  });

  it('forgets everything of a stream that was made again', () => {
    const progress = new PartitionProgress<string>();
    progress.begin('stream', 0);
    for (const seq of [1, 2]) progress.delivered(seq, `${seq}`);
    progress.stored(1);
    progress.begin('another', 0);
    assert.equal(progress.floor, 0);
    assert.equal(progress.unacknowledged, 0);
    assert.equal(progress.stored(2), undefined);
    assert.equal(progress.delivered(1, 'new'), 'new');
  });
});
