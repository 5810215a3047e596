/** Pst against the standard's table (the quick rows and rates; flicker-table.slow.test.ts has all), and block by block. */
import assert from 'node:assert/strict';
import { Flickermeter, flicker, lampOf, pltOf, pstOf } from '../../signal/index.js';
import { FLICKER_TABLE, flickering } from './flicker-table.js';

describe('signal/flicker', () => {
  for (const { lamp, grid, changes, percent } of FLICKER_TABLE.filter((row) => row.changes >= 39)) {
    it(`${lamp} V lamp, ${grid} Hz, ${changes} changes a minute of ${percent} %: Pst 1 within 5 %`, () => {
      // a minute is enough where there are many changes in it
      const rate = 1600;
      const x = flickering({ rate, grid, changes, percent, seconds: 95 });
      const { pst } = flicker(x, { rate, lamp, grid }, 60);
      assert.equal(pst.length, 1);
      assert.ok(Math.abs((pst[0] ?? 0) - 1) < 0.05, `${pst[0]}`);
    }).timeout(60_000);
  }

  it('Pinst is 1 at the peak for the sinusoidal modulation of 8.8 Hz that the standard calibrates with', () => {
    for (const [lamp, grid, percent] of [
      [230, 50, 0.25],
      [120, 60, 0.321],
    ] as const) {
      const rate = 2000;
      const x = Float64Array.from({ length: 40 * rate }, (_, i) => {
        const t = i / rate;
        return (1 + (percent / 200) * Math.sin(2 * Math.PI * 8.8 * t)) * Math.sin(2 * Math.PI * grid * t);
      });
      const { pinstMax } = flicker(x, { rate, lamp, grid }, 10);
      assert.ok(Math.abs(pinstMax - 1) < 0.02, `${lamp}/${grid}: ${pinstMax}`);
    }
  });

  it('grows with the change, not with the voltage, and is nothing without one', () => {
    const rate = 1600;
    const pst = (percent: number, volts: number): number => {
      const x = flickering({ rate, grid: 50, changes: 110, percent, seconds: 50 }).map(
        (value) => volts * value,
      );
      return flicker(x, { rate, lamp: 230, grid: 50 }, 20).pst[0] ?? Number.NaN;
    };
    const one = pst(0.722, 1);
    assert.ok(Math.abs(pst(1.444, 1) / one - 2) < 0.02);
    assert.ok(Math.abs(pst(0.722, 230) / one - 1) < 1e-6);
    assert.ok(pst(0, 230) < 0.02);
  });

  it('takes samples in pieces of any length, at any rate', () => {
    for (const rate of [800, 12_000]) {
      const x = flickering({ rate, grid: 50, changes: 110, percent: 0.722, seconds: 5 });
      const whole = new Flickermeter({ rate, lamp: 230, grid: 50 }).push(x);
      const meter = new Flickermeter({ rate, lamp: 230, grid: 50 });
      const pieces: number[] = [];
      for (let from = 0; from < x.length; from += 77) pieces.push(...meter.push(x.subarray(from, from + 77)));
      assert.deepEqual(Float64Array.from(pieces), whole);
      assert.ok(meter.innerRate >= 800 && meter.innerRate < 3200);
    }
  });

  it('Plt is the cubic mean; the lamp is the one near the nominal voltage', () => {
    assert.equal(pltOf([1, 1, 1]), 1);
    assert.ok(Math.abs(pltOf([2, 0, 0, 0, 0, 0, 0, 0]) - 1) < 1e-12);
    assert.ok(Number.isNaN(pstOf(new Float64Array(0))));
    assert.deepEqual([100, 120, 127, 220, 230, 240].map(lampOf), [120, 120, 120, 230, 230, 230]);
  });
});
