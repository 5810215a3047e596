/** The frequency that the SEMI F47 chart of all boxes is drawn for. */
import assert from 'node:assert/strict';
import { fleetFrequency, semiRequiredCorners } from '../../web/logic/curves.js';

const boxes = (...frequencies: number[]) => frequencies.map((frequency) => ({ reference: { frequency } }));

describe('the nominal frequency of the fleet', () => {
  it('is the one that most boxes have', () => {
    assert.equal(fleetFrequency(boxes(50, 50, 50)), 50);
    assert.equal(fleetFrequency(boxes(60, 50, 50)), 50);
    assert.equal(fleetFrequency(boxes(50, 60, 60)), 60);
    assert.equal(fleetFrequency([]), 60);
  });

  it('puts the first corner of SEMI F47 at one cycle: 20 ms at 50 Hz', () => {
    const [first] = semiRequiredCorners(fleetFrequency(boxes(50)));
    assert.ok(Math.abs((first?.[0] ?? 0) - 0.02) < 1e-5);
  });
});
