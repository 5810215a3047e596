/** One-second summaries: summaries of parts, joined, are the summary of the whole. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { METRICS } from '../../../proto/columns.js';
import { ROW_BOX } from '../../../proto/measurement-row.js';
import { BoxSecond } from '../../../triggering-service/comparing/box-second.js';
import { pluginSecondOf } from '../../../triggering-service/comparing/plugin-second.js';
import {
  addBox,
  emptyGroup,
  emptySummary,
  groupKey,
  join,
  KEPT,
  type Summary,
} from '../../../triggering-service/comparing/summary.js';
import { decodeSummary, encodeSummary } from '../../../triggering-service/comparing/summary-codec.js';
import { type Sample, toColumns } from '../../plugins/feed.js';
import { runs } from '../../support/property.js';

const PLACES = ['lab', 'pier', 'unknown'];
const NOW = 1_700_000_000_000;

/** Few different values, so that there are ties. */
const value = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.record({
    min: fc.constant(0),
    average: fc.integer({ min: 1, max: 3 }),
    max: fc.integer({ min: 4, max: 6 }),
  }),
);
const sample: fc.Arbitrary<Sample> = fc
  .record({
    boxId: fc.integer({ min: 1, max: 8 }),
    timestampMs: fc.integer({ min: 0, max: 5 }).map((ms) => NOW + ms),
    flagged: fc.constantFrom(0, 0, 0, 1, 4),
    rms: value,
    f: fc.option(value, { nil: Number.NaN }),
    thd: value,
  })
  .map((one) => one);

/** A box is always at the same place. */
const placeOf = (boxId: number): string => PLACES[boxId % 3] ?? 'unknown';

function summaryOf(samples: readonly Sample[]): Summary {
  const summary = emptySummary();
  const columns = toColumns(samples);
  const boxes = new Map<number, BoxSecond>();
  for (let i = 0; i < columns.count; i += 1) {
    const box = boxes.get(columns.boxId[i] ?? 0) ?? new BoxSecond();
    boxes.set(columns.boxId[i] ?? 0, box);
    box.add(columns, i);
  }
  for (const [boxId, box] of boxes) {
    const place = placeOf(boxId);
    const part = place === 'unknown' ? 7 : -1;
    const key = groupKey(place, part);
    const group = summary.groups.get(key) ?? emptyGroup(place, part);
    summary.groups.set(key, group);
    addBox(group, box);
  }
  return summary;
}

/** By location, in the order of their names. */
const plain = (summary: Summary) => [...summary.groups].sort(([a], [b]) => (a < b ? -1 : 1));

describe('triggering-service/comparing: summaries', () => {
  it('of parts, joined, are the summary of the whole, however the boxes are divided', () => {
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 60 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 9, maxLength: 9 }),
        (samples, partOf) => {
          const parts = [0, 1, 2, 3].map((part) =>
            summaryOf(samples.filter(({ boxId }) => partOf[boxId] === part)),
          );
          const whole = summaryOf(samples);
          const joined = emptySummary();
          for (const part of parts) join(joined, part);
          assert.deepEqual(plain(joined), plain(whole));
        },
      ),
      { numRuns: runs(500) },
    );
  });

  it('have count, mean, extremes and the boxes there, as computed one by one', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 40 }), (samples) => {
        const second = { second: 1, missing: 0, summary: summaryOf(samples) };
        for (const found of pluginSecondOf(second).summary.locations) {
          const here = samples.filter(({ boxId }) => placeOf(boxId) === found.location);
          assert.equal(found.measurements, here.length);
          assert.equal(found.flagged, here.filter(({ flagged }) => flagged !== 0).length);
          for (const name of METRICS) {
            const used = here.flatMap((one) => {
              const of = one[name] ?? Number.NaN;
              const v = typeof of === 'number' ? { min: of, average: of, max: of } : of;
              return Number.isNaN(v.average) || (name !== 'rms' && one.flagged !== 0)
                ? []
                : [{ ...v, boxId: one.boxId }];
            });
            const { count, highest, lowest, max, mean, min } = found[name];
            assert.equal(count, used.length);
            if (count === 0) {
              assert.deepEqual(
                [mean, min, max, lowest, highest],
                [Number.NaN, Number.NaN, Number.NaN, [], []],
              );
              continue;
            }
            assert.ok(Math.abs(mean - used.reduce((sum, { average }) => sum + average, 0) / count) < 1e-9);
            assert.equal(min, Math.min(...used.map((v) => v.min)));
            assert.equal(max, Math.max(...used.map((v) => v.max)));
            const boxes = new Set(used.map(({ boxId }) => boxId)).size;
            assert.equal(lowest.length, Math.min(KEPT, boxes));
            assert.equal(new Set(highest).size, Math.min(KEPT, boxes));
            assert.ok(used.some((v) => v.boxId === lowest[0] && v.min === min));
            assert.ok(used.some((v) => v.boxId === highest[0] && v.max === max));
          }
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it('are the same after they were in NATS', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 40 }), (samples) => {
        const summary = summaryOf(samples);
        summary.silent = [{ boxId: 3, location: 'lab', heardMs: NOW, timestampMs: NOW + 0.5, flags: 4 }];
        summary.unlisted = 2;
        const part = { second: 1_700_000_000, partition: 63, revision: 12, summary };
        assert.deepEqual(decodeSummary(encodeSummary(part)), part);
      }),
      { numRuns: runs(200) },
    );
  });

  it('what is none is refused, whatever it is', () => {
    const right = encodeSummary({
      ...{ second: 5, partition: 1, revision: 1 },
      summary: summaryOf([{ boxId: 1, timestampMs: NOW, rms: 120 }]),
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => decodeSummary(bytes) === undefined),
      { numRuns: runs(200) },
    );
    fc.assert(
      fc.property(fc.nat(right.length - 1), fc.nat(255), (at, byte) => {
        const wrong = Buffer.from(right);
        wrong[at] = byte;
        decodeSummary(wrong); // never throws
        assert.equal(decodeSummary(wrong.subarray(0, at)), undefined);
      }),
      { numRuns: runs(300) },
    );
  });

  it('give the measurements at the extremes once each, and no more for more boxes', () => {
    const samples = Array.from({ length: 3000 }, (_, i) => ({
      ...{ boxId: 3 * i, timestampMs: NOW + i, rms: 110 + (i % 211) / 10, f: 60 + (i % 31) / 100 },
      ...{ thd: (i % 17) / 1000, trans: i % 5 },
    }));
    const { rows } = pluginSecondOf({ second: 1, missing: 0, summary: summaryOf(samples) });
    assert.ok(rows.length <= 2 * KEPT * METRICS.length, `${rows.length}`);
    assert.equal(new Set(rows.map((row) => `${row.join()}`)).size, rows.length);
    assert.ok(rows.some((row) => row[ROW_BOX] === 0));
  });
});
