/** Real COMTRADE recordings, as a box replays them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { openSources } from '../../../box/index.js';
import { cycleRms, halfCycleRms } from '../../../signal/index.js';
import { hasShared, SHARED } from '../support.js';

describe('COMTRADE recordings, replayed', () => {
  if (!hasShared) {
    it.skip(`SKIPPED: no recordings at ${SHARED}`);
    return;
  }

  it('keating_1999: an impulse of 581 V against 490 V, at 30,707 Hz with an empty time column', () => {
    const file = path.join(SHARED, 'comtrade/keating_1999.CFG');
    const source = openSources(file, { channel: 'U3', nominalV: 120 })(1);
    assert.equal(source.cycles, 4);
    const counts = source.cycle(0).map((count) => Math.abs(count));
    const others = [1, 2, 3].flatMap((n) => [...source.cycle(n)].map((count) => Math.abs(count)));
    const peak = Math.max(...counts, ...others) / source.calibrationConstant;
    assert.ok(peak > 180 && peak < 202, `peak ${peak} V: the impulse, less what lies above 6 kHz`);
  });

  it('dips_and_swells: phase B falls to 0.6 pu while C rises to 1.4 pu, a cycle of 50 Hz on each of the box', () => {
    const file = path.join(SHARED, 'comtrade/dips_and_swells.cfg');
    const perUnit = (channel: string): Float64Array => {
      const source = openSources(file, { channel, nominalV: 120 })(1);
      const counts = Array.from({ length: source.cycles }, (_, n) => [...source.cycle(n)]).flat();
      const cycles = cycleRms(counts).map((value) => value / source.calibrationConstant / 120);
      assert.ok(Math.abs((cycles.slice().sort()[Math.floor(cycles.length / 2)] ?? 0) - 1) < 1e-3, 'median');
      return halfCycleRms(counts).map((value) => value / source.calibrationConstant / 120);
    };
    const low = Math.min(...perUnit('UB'));
    const high = Math.max(...perUnit('UC'));
    assert.ok(low > 0.58 && low < 0.65, `B ${low}`);
    assert.ok(high > 1.38 && high < 1.5, `C ${high}`);
    const asIs = openSources(file, { channel: 'UB', nominalV: 120, keepFrequency: true })(1);
    const retimed = openSources(file, { channel: 'UB', nominalV: 120 })(1);
    assert.equal(asIs.cycles, 132, '2.2 s of windows of 1/60 s');
    assert.equal(retimed.cycles, 110, '110 cycles of 50 Hz');
  });
});
