/** Increments of several sections, and the time bases that they are. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asIncrements, asTimeBase, unfold } from '../../../formats/pqdif/increments.js';
import type { RateSection } from '../../../formats/recording.js';
import { secondsOf } from '../../../formats/samples.js';
import { runs } from '../../support/property.js';

const sections = fc
  .array(fc.record({ count: fc.nat({ max: 5 }), step: fc.constantFrom(0.125, 0.25, 0.5, 3) }), {
    maxLength: 5,
  })
  .map((all) =>
    all.map(({ count, step }): RateSection & { step: number } => ({ count, step, rateHz: 1 / step })),
  );

/** Value by value, as the working group's library does it. */
function oneByOne(all: readonly { count: number; step: number }[]): number[] {
  const values: number[] = [];
  let next = 0;
  for (const { count, step } of all) {
    for (let i = 0; i < count; i += 1) {
      values.push(next);
      next += step;
    }
  }
  return values;
}

function near(is: ArrayLike<number>, was: readonly number[]): void {
  assert.equal(is.length, was.length);
  for (const [i, value] of was.entries()) assert.ok(Math.abs((is[i] ?? Number.NaN) - value) < 1e-12);
}

describe('PQDIF: increments', () => {
  it('the step from one section to the next is that of the section before', () => {
    const given = [
      { count: 3, step: 0.25 },
      { count: 0, step: 9 },
      { count: 2, step: 0.5 },
      { count: 1, step: 0.125 },
    ];
    assert.deepEqual([...unfold(given)], [0, 0.25, 0.5, 0.75, 1.25, 1.75]);
    const base = asTimeBase(given.map(({ count, step }) => ({ count, rateHz: 1 / step })));
    assert.deepEqual(base, [
      { count: 4, rateHz: 4 },
      { count: 2, rateHz: 2 },
    ]);
  });

  it('as a time base they are the same times; there and back changes no time', () => {
    fc.assert(
      fc.property(sections, (given) => {
        const times = oneByOne(given);
        near(unfold(given), times);
        const base = asTimeBase(given);
        near(secondsOf({ kind: 'rates', startS: 0, sections: base }), times);
        const back = asIncrements(base).map(({ count, rateHz }) => ({ count, step: 1 / rateHz }));
        near(unfold(back), times);
      }),
      { numRuns: runs(500) },
    );
  });
});
