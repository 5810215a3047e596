import assert from 'node:assert/strict';
import { unfold } from '../../../formats/pqdif/series.js';
import { secondsOf } from '../../../formats/samples.js';

describe('formats/pqdif: increments', () => {
  it('a value is one step of its own section after the one before, as the times of a time base are', () => {
    const sections = [
      { count: 3, step: 0.25 },
      { count: 0, step: 9 },
      { count: 2, step: 0.5 },
      { count: 1, step: 0.125 },
    ];
    const values = unfold(sections, 6);
    assert.deepEqual([...values], [0, 0.25, 0.5, 1, 1.5, 1.625]);
    const rates = sections.map(({ count, step }) => ({ count, rateHz: 1 / step }));
    assert.deepEqual(secondsOf({ kind: 'rates', startS: 0, sections: rates }), values);
  });
});
