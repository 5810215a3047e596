/** Availability in the short form of a report. */
import assert from 'node:assert/strict';
import { availabilityOf } from '../../web/logic/availability.js';
import { percent } from '../../web/logic/numbers.js';

describe('availability of a box in a report', () => {
  it('is the share that the report gives, not that share divided by the windows', () => {
    const shown = availabilityOf({ measured: 0.985, windows: 1008, missing: 12 });
    assert.equal(percent(shown.share), '98.5\u00a0%');
    assert.equal(shown.measured, 996);
    assert.equal(shown.windows, 1008);
  });

  it('is zero where nothing was measured, and unknown where the range has no window', () => {
    assert.deepEqual(availabilityOf({ measured: 0, windows: 6, missing: 6 }), {
      share: 0,
      measured: 0,
      windows: 6,
    });
    assert.equal(availabilityOf({ measured: 0, windows: 0, missing: 0 }).share, undefined);
  });
});
