import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createColumns, METRIC_FIELD, METRICS } from '../../proto/columns.js';
import { BoxTable } from '../../triggering-service/ingest/box-table.js';
import { DueWindows } from '../../triggering-service/trends/due-windows.js';
import { GRACE_MS, type Trend, TrendWindows } from '../../triggering-service/trends/windows.js';

const MINUTE = 60_000;
const LIMIT = { perSecond: 1e6, burst: 1e9 };

interface Sample {
  boxId: number;
  time: number;
  /** of all four metrics; NaN: not sent */
  value: number;
  flagged?: boolean;
}

class Rig {
  readonly boxes = new BoxTable(100, LIMIT);
  readonly closed: Trend[] = [];
  readonly fromStore: string[] = [];
  readonly windows = new TrendWindows(
    MINUTE,
    {
      closed: (trend) => void this.closed.push(trend),
      fromStore: ({ boxId, window }) => void this.fromStore.push(`${boxId}/${window}`),
    },
    (boxId) => `place ${boxId}`,
  );

  add(samples: readonly Sample[], clockMs: number): void {
    const columns = createColumns(samples.length + 3);
    const slots = new Uint32Array(samples.length + 3);
    samples.forEach(({ boxId, flagged = false, time, value }, i) => {
      const row = i + 2;
      columns.boxId[row] = boxId;
      columns.timestampMs[row] = time;
      columns.flags[row] = flagged ? 1 : 0;
      slots[row] = this.boxes.slotOf(boxId);
      for (const metric of METRICS) {
        columns[metric].min[row] = value - 1;
        columns[metric].average[row] = value;
        columns[metric].max[row] = value + 1;
      }
    });
    this.windows.add({ columns, from: 2, to: samples.length + 2 }, slots, clockMs);
  }
}

/** A minute of a box: one measurement a second from `from` ms. */
function stream(boxId: number, from: number, seconds: number, value = 120): Sample[] {
  return Array.from({ length: seconds }, (_, i) => ({ boxId, time: from + 1000 * i, value: value + i }));
}

describe('triggering-service: trend windows', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });

  it('sums up whole minutes of measurement time; the first of a box is left to the store', () => {
    rig.add(stream(5, 100 * MINUTE + 30_000, 30 + 60 + 10), 0);
    rig.windows.closeDue(GRACE_MS - 1);
    assert.deepEqual(rig.fromStore, ['5/100']);
    assert.equal(rig.closed.length, 0);
    rig.windows.closeDue(MINUTE + GRACE_MS);
    const values = { min: 149, max: 210, average: 179.5 };
    assert.deepEqual(
      rig.closed.find((trend) => trend.timestamp_ms === 102 * MINUTE),
      {
        box_id: '5',
        timestamp_ms: 102 * MINUTE,
        location: 'place 5',
        frequency: values,
        voltage: values,
        thd: values,
        transient: values,
      },
    );
  });

  it('says which part was flagged, and min and max without it', () => {
    rig.add(stream(5, 100 * MINUTE, 60), 0);
    const flagged = stream(5, 101 * MINUTE, 60).map((sample, i) => ({
      ...sample,
      value: i === 10 ? 2 : sample.value,
      flagged: i === 10 || i === 59,
    }));
    rig.add(flagged, 0);
    rig.add(stream(5, 102 * MINUTE, 60), 0);
    rig.windows.closeAll();
    const [first, second] = rig.closed.toSorted((a, b) => a.timestamp_ms - b.timestamp_ms);
    assert.equal(first?.flagged, 2 / 60);
    assert.deepEqual(first?.unflagged?.voltage, { min: 119, max: 179 });
    assert.deepEqual([first?.voltage?.min, first?.voltage?.max], [1, 180]);
    assert.deepEqual([second?.flagged, second?.unflagged], [undefined, undefined]);
  });

  it('gives the same as a naive sum over each minute, whatever the order of boxes and their clocks', () => {
    const box = fc.record({
      clock: fc.integer({ min: -200_000, max: 200_000 }),
      steps: fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(
        fc.array(box, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.float({ min: 90, max: 130, noNaN: true })),
        (boxes, values) => {
          const each = new Rig();
          const samples: Sample[] = [];
          boxes.forEach(({ clock, steps }, b) => {
            let time = 1000 * MINUTE + clock;
            for (const step of steps) {
              time += step;
              samples.push({ boxId: b + 1, time, value: Math.round(values.next().value) });
            }
          });
          samples.sort(
            (a, b) => a.time - (boxes[a.boxId - 1]?.clock ?? 0) - (b.time - (boxes[b.boxId - 1]?.clock ?? 0)),
          );
          for (const sample of samples)
            each.add([sample], sample.time - (boxes[sample.boxId - 1]?.clock ?? 0));
          each.windows.closeAll();
          const expected = new Map<string, number[]>();
          for (const { boxId, time, value } of samples) {
            const key = `${boxId}/${Math.floor(time / MINUTE)}`;
            expected.set(key, [...(expected.get(key) ?? []), value]);
          }
          for (const key of each.fromStore)
            assert.ok(expected.delete(key), `${key} once, and not summed up too`);
          for (const trend of each.closed) {
            const key = `${trend.box_id}/${trend.timestamp_ms / MINUTE - 1}`;
            const inside = expected.get(key);
            assert.ok(inside, key);
            expected.delete(key);
            assert.equal(trend.voltage?.min, Math.min(...inside) - 1);
            assert.equal(trend.voltage?.max, Math.max(...inside) + 1);
            assert.ok(
              Math.abs((trend.voltage?.average ?? 0) - inside.reduce((a, b) => a + b, 0) / inside.length) <
                1e-9,
            );
          }
          assert.equal(expected.size, 0, 'every window came out in one way');
          assert.ok(each.fromStore.length <= boxes.length, 'only the first of each box is left to the store');
        },
      ),
    );
  });

  it('closes the window of a box that fell silent', () => {
    rig.add(stream(5, 99 * MINUTE, 120), 0);
    rig.windows.closeDue(MINUTE + GRACE_MS);
    assert.deepEqual(
      rig.closed.map((t) => t.timestamp_ms),
      [101 * MINUTE],
    );
  });

  it('takes a minute for later than the one before only by the box, not by our clock', () => {
    rig.add([...stream(5, 99 * MINUTE, 61), ...stream(6, 200 * MINUTE, 61)], 0);
    rig.add([...stream(5, 100 * MINUTE + 1000, 10), ...stream(6, 201 * MINUTE + 1000, 10)], 1000);
    rig.windows.closeAll();
    assert.deepEqual(rig.fromStore.sort(), ['5/99', '6/200']);
    assert.deepEqual(
      rig.closed.map((t) => [t.box_id, t.timestamp_ms, t.voltage?.max]),
      [
        ['5', 101 * MINUTE, 181],
        ['6', 202 * MINUTE, 181],
      ],
    );
  });

  it('leaves to the store: late minutes, times that go back, the same time twice', () => {
    rig.add(stream(5, 99 * MINUTE, 61), 0);
    rig.windows.closeDue(GRACE_MS);
    rig.fromStore.length = 0;
    rig.add(stream(5, 40 * MINUTE, 2), 3000);
    rig.add(stream(5, 99 * MINUTE + 59_500, 1), 3000);
    assert.deepEqual([...new Set(rig.fromStore)], ['5/40', '5/99']);
    rig.fromStore.length = 0;
    rig.add([{ boxId: 5, time: 100 * MINUTE, value: 999 }], 3000);
    rig.windows.closeAll();
    assert.deepEqual(rig.fromStore, ['5/100'], 'its time was there already');
    assert.deepEqual(rig.closed, []);
  });

  it('leaves metrics out that were not sent', () => {
    rig.add(stream(5, 99 * MINUTE, 60), 0);
    rig.add(
      stream(5, 100 * MINUTE, 3).map((s, i) => (i === 1 ? { ...s, value: Number.NaN } : s)),
      0,
    );
    rig.add(
      [
        { boxId: 6, time: 98 * MINUTE, value: 1 },
        { boxId: 6, time: 99 * MINUTE, value: Number.NaN },
      ],
      0,
    );
    rig.windows.closeAll();
    assert.deepEqual(
      rig.closed.map((t) => [t.box_id, t[METRIC_FIELD.rms]]),
      [
        ['5', { min: 119, max: 123, average: 121 }],
        ['6', undefined],
      ],
    );
  });

  it('gives a slot to another box without a trace of the one before', () => {
    rig.add(stream(5, 99 * MINUTE, 61), 0);
    rig.boxes.forget(1, (slot) => rig.windows.forget(slot));
    rig.add(stream(6, 50 * MINUTE, 61), 0);
    assert.equal(rig.boxes.slotOf(6), 0);
    rig.windows.closeAll();
    // Of the box before another service may receive the rest of the minute: what was summed up here is not its trend.
    assert.deepEqual(rig.fromStore.sort(), ['5/100', '5/99', '6/50']);
    assert.deepEqual(
      rig.closed.map((t) => t.box_id),
      ['6'],
    );
  });

  it('holds windows that are due once each, in order, and no more than its limit', () => {
    const due = new DueWindows(3);
    for (const [window, at] of [
      [1, 0],
      [2, 10],
      [1, 20],
      [3, 30],
      [4, 40],
    ] as const)
      due.add({ boxId: 5, window }, at);
    assert.deepEqual([due.size, due.dropped], [3, 1]);
    assert.deepEqual(
      due.take(10, 15).map((w) => w.window),
      [1, 2],
    );
    assert.deepEqual(due.take(10, 15), []);
    assert.deepEqual(
      due.take(10, 100).map((w) => w.window),
      [3],
    );
    assert.equal(due.size, 0);
  });

  it('gives windows of one span of time one after another, however they were named', () => {
    const due = new DueWindows(10);
    for (const boxId of [5, 6, 7]) for (const window of [1, 2]) due.add({ boxId, window }, boxId);
    const taken = (count: number, clockMs: number) =>
      due.take(count, clockMs).map(({ boxId, window }) => `${boxId}/${window}`);
    assert.deepEqual(taken(3, 6), ['5/1', '6/1', '5/2']);
    due.add({ boxId: 5, window: 1 }, 8);
    assert.deepEqual(taken(10, 7), ['7/1', '6/2', '7/2']);
    assert.deepEqual(taken(10, 8), ['5/1']);
  });
});
