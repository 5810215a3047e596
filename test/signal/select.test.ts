import assert from 'node:assert/strict';
import { median } from '../../signal/samples.js';
import { selected, strided } from '../../signal/select.js';
import { seededRandom } from '../fuzz/random.js';

describe('signal: values by their order', () => {
  it('are those that sorting gives, whatever is equal or no number', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 3000; round += 1) {
      const length = 1 + random.below(40);
      const values = Float64Array.from({ length }, () => {
        const kind = random.below(30);
        if (kind === 0) return Number.NaN;
        return kind === 1 ? Number.NEGATIVE_INFINITY : random.below(12) - 6;
      });
      const sorted = values.slice().sort();
      const k = random.below(length);
      assert.equal(selected(values.slice(), k), sorted[k]);
      const middle = ((sorted[length >> 1] ?? 0) + (sorted[(length - 1) >> 1] ?? 0)) / 2;
      assert.equal(median(values), middle);
      assert.equal(median([...values]), middle);
    }
  });

  it('of none there is none; every third', () => {
    assert.equal(selected(new Float64Array(), 0), Number.NaN);
    assert.equal(median([]), Number.NaN);
    assert.deepEqual(strided(Float64Array.of(1, 2, 3, 4), 3), Float64Array.of(1, 4));
  });
});
