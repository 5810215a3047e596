/** The boxes of a partition, and how the summaries of partitions become whole seconds. */
import assert from 'node:assert/strict';
import { createColumns } from '../../../proto/columns.js';
import { BoxSecond } from '../../../triggering-service/comparing/box-second.js';
import {
  LISTED_MS,
  MAX_GROUPS,
  PartitionSeconds,
  SILENT_MS,
} from '../../../triggering-service/comparing/partition-seconds.js';
import { Seconds, WAIT_MS } from '../../../triggering-service/comparing/seconds.js';
import {
  addBox,
  emptyGroup,
  emptySummary,
  groupKey,
  LISTED,
  orderSilent,
  type Summary,
} from '../../../triggering-service/comparing/summary.js';
import { encodeSummary } from '../../../triggering-service/comparing/summary-codec.js';
import { toColumns } from '../../plugins/feed.js';

const PLACES = ['lab', 'pier', 'unknown'];
const NOW = 1_700_000_000_000;
const placeOf = (boxId: number): string => PLACES[boxId % 3] ?? 'unknown';
const places = { location: placeOf, isMeter: (boxId: number) => boxId === 1_000_000_002 };

/** One measurement of a box. */
function summaryOf(boxId: number): Summary {
  const summary = emptySummary();
  const group = emptyGroup(placeOf(boxId), -1);
  const second = new BoxSecond();
  second.add(toColumns([{ boxId, timestampMs: NOW, rms: 120 }]), 0);
  addBox(group, second);
  summary.groups.set(groupKey(placeOf(boxId), -1), group);
  return summary;
}

describe('triggering-service/comparing: the boxes of a partition', () => {
  const at = (boxIds: readonly number[]) =>
    toColumns(boxIds.map((boxId) => ({ boxId, timestampMs: NOW, rms: 120 })));
  const add = (seconds: PartitionSeconds, boxIds: readonly number[], nowMs: number): void => {
    const columns = at(boxIds);
    for (let i = 0; i < columns.count; i += 1) seconds.add(columns, i, nowMs);
  };

  it('counts who was heard and who is silent, lists these, and leaves meters out', () => {
    const seconds = new PartitionSeconds(7, places);
    add(seconds, [3, 6, 4, 1_000_000_002], NOW);
    const first = seconds.end(NOW + 1000).groups.get(groupKey('lab', -1));
    assert.deepEqual([first?.boxes, first?.heard, first?.silent, first?.measurements], [2, 2, 0, 3]);
    add(seconds, [6], NOW + SILENT_MS);
    const later = seconds.end(NOW + SILENT_MS);
    const lab = later.groups.get(groupKey('lab', -1));
    assert.deepEqual([lab?.boxes, lab?.heard, lab?.silent], [2, 1, 1]);
    assert.deepEqual(
      later.silent.map(({ boxId, heardMs }) => [boxId, heardMs]),
      [
        [3, NOW],
        [4, NOW],
      ],
    );
    const old = seconds.end(NOW + LISTED_MS);
    assert.deepEqual(
      old.silent.map(({ boxId }) => boxId),
      [6],
    );
    assert.equal(old.groups.get(groupKey('pier', -1))?.silent, 1);
    assert.equal(seconds.end(NOW + 30 * 3_600_000).groups.size, 0);
  });

  it('knows boxes that it was only informed of, and takes what is newer', () => {
    const seconds = new PartitionSeconds(7, places);
    seconds.learn(3, NOW - 5000);
    add(seconds, [6], NOW);
    seconds.learn(6, NOW - 5000);
    const { groups, silent } = seconds.end(NOW);
    assert.equal(groups.get(groupKey('lab', -1))?.boxes, 2);
    assert.deepEqual(
      silent.map(({ boxId }) => boxId),
      [3],
    );
  });

  it('has a limit for locations, and the rest goes to those without one', () => {
    const seconds = new PartitionSeconds(7, { ...places, location: (boxId) => `place-${boxId}` });
    add(
      seconds,
      Array.from({ length: 1000 }, (_, i) => i),
      NOW,
    );
    const { groups } = seconds.end(NOW);
    assert.equal(groups.size, MAX_GROUPS);
    assert.equal(groups.get(groupKey('unknown', 7))?.boxes, 1000 - (MAX_GROUPS - 1));
    const bytes = encodeSummary({
      second: 1,
      partition: 7,
      revision: 1,
      summary: { groups, silent: [], unlisted: 0 },
    });
    assert.ok(bytes.length < 2 ** 20);
  });

  it('lists a limited number of silent boxes, and counts the others', () => {
    const seconds = new PartitionSeconds(7, places);
    add(
      seconds,
      Array.from({ length: LISTED + 10 }, (_, i) => 3 * i),
      NOW,
    );
    const { groups, silent, unlisted } = seconds.end(NOW + SILENT_MS);
    assert.equal(silent.length, LISTED);
    assert.equal(unlisted, 10);
    assert.equal(groups.get(groupKey('lab', -1))?.silent, LISTED + 10);
  });

  it('takes the columns of the ring, at any row', () => {
    const columns = createColumns(4);
    columns.boxId[3] = 3;
    columns.timestampMs[3] = NOW;
    columns.rms.average[3] = 120;
    const seconds = new PartitionSeconds(7, places);
    seconds.add(columns, 3, NOW);
    assert.equal(seconds.end(NOW).groups.get(groupKey('lab', -1))?.measurements, 1);
  });
});

describe('triggering-service/comparing: whole seconds', () => {
  const FIRST = 1_700_000_000;
  const part = (partition: number, second = FIRST, revision = 1, boxId = 3 * (partition + 1)) => ({
    ...{ partition, second, revision },
    summary: summaryOf(boxId),
  });
  const endMs = (FIRST + 1) * 1000;

  it('are handed out in order, as soon as all partitions are there', () => {
    const seconds = new Seconds(FIRST);
    for (let partition = 0; partition < 63; partition += 1) seconds.add(part(partition), endMs);
    for (let partition = 0; partition < 64; partition += 1)
      seconds.add(part(partition, FIRST + 1), endMs + 1000);
    assert.equal(seconds.take(endMs + 1000, true), undefined);
    seconds.add(part(63), endMs + 1000);
    const found = [seconds.take(endMs + 1000, true), seconds.take(endMs + 1000, true)];
    assert.deepEqual(
      found.map((one) => [
        one?.second,
        one?.missing,
        one?.summary.groups.get(groupKey('lab', -1))?.measurements,
      ]),
      [
        [FIRST, 0, 64],
        [FIRST + 1, 0, 64],
      ],
    );
    assert.equal(seconds.take(endMs + 1000, true), undefined);
  });

  it('wait for partitions that are late, but no longer than that', () => {
    const seconds = new Seconds(FIRST);
    seconds.add(part(1), endMs);
    assert.equal(seconds.take(endMs + WAIT_MS - 1, true), undefined);
    assert.equal(seconds.take(endMs + WAIT_MS, false), undefined, 'what was written is read first');
    assert.equal(seconds.take(endMs + WAIT_MS, true)?.missing, 63);
    seconds.add(part(2), endMs + WAIT_MS);
    assert.equal(seconds.late, 1);
    assert.equal(seconds.missing, 63);
  });

  it('take the partition from its latest owner, and nothing from the future', () => {
    const seconds = new Seconds(FIRST);
    seconds.add(part(1, FIRST, 5, 3), endMs);
    seconds.add(part(1, FIRST, 9, 4), endMs);
    seconds.add(part(1, FIRST, 5, 3), endMs);
    seconds.add(part(1, FIRST + 3600), endMs);
    assert.equal(seconds.late, 1);
    const taken = seconds.take(endMs + WAIT_MS, true);
    assert.deepEqual([...(taken?.summary.groups.keys() ?? [])], [groupKey('pier', -1)]);
  });

  it('go on where the clock was set back', () => {
    const seconds = new Seconds(FIRST);
    const backMs = endMs - 3_600_000;
    assert.equal(seconds.take(backMs, true), undefined);
    assert.equal(seconds.nextMs, Math.floor(backMs / 1000) * 1000);
  });

  it('list silent boxes of all partitions, who was heard last first', () => {
    const summary = emptySummary();
    const silent = (boxId: number) => ({
      boxId,
      location: 'lab',
      heardMs: NOW + boxId,
      timestampMs: NOW,
      flags: 0,
    });
    summary.silent = [silent(1), silent(3), silent(2)];
    orderSilent(summary, 2);
    assert.deepEqual(
      summary.silent.map(({ boxId }) => boxId),
      [3, 2],
    );
    assert.equal(summary.unlisted, 1);
  });
});
