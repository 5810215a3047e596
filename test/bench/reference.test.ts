import assert from 'node:assert/strict';
import { compare } from '../../bench/compare.js';
import { judge, ratiosOf, TOLERANCE } from '../../bench/reference.js';

const MACHINE = { cpu: 'x', cores: 2, memoryGiB: 1, node: 'v20', platform: 'Linux', loadBefore: 0 };

describe('bench', () => {
  it('compares medians of alternating rounds; a ratio above 1 is better, whichever way the unit goes', async () => {
    const order: string[] = [];
    const contender = (name: string, figures: number[]) => ({
      name,
      once: () => {
        order.push(name);
        return figures.shift() ?? Number.NaN;
      },
    });
    const comparison = await compare(
      {
        title: 't',
        unit: 'ns',
        better: 'lower',
        baseline: 'a',
        contenders: [contender('a', [9, 4, 6, 5]), contender('b', [9, 2, 100, 2.5])],
        goals: [{ contender: 'b', ratio: 1.5 }],
      },
      3,
    );
    assert.deepEqual(
      comparison.rows.map(({ median, ratio }) => [median, ratio]),
      [
        [5, 1],
        [2.5, 2],
      ],
    );
    assert.equal(comparison.goals[0]?.met, true);
    assert.equal(order.join(''), 'abbaabba');
    assert.deepEqual(ratiosOf([{ name: 'n', comparisons: [comparison] }]), { 'n: t: b': 2 });
  });

  it('names what fell below the reference by more than the tolerance, and nothing else', () => {
    const reference = { machine: MACHINE, ratios: { 'n: t: b': 2, gone: 9 } };
    assert.deepEqual(judge(reference, { 'n: t: b': 2 * (1 - TOLERANCE) + 0.01, unheard: 0.1 }), []);
    assert.equal(judge(reference, { 'n: t: b': 2 * (1 - TOLERANCE) - 0.01 }).length, 1);
    assert.equal(judge(undefined, {}).length, 1);
  });
});
