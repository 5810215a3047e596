/** The standards' tables and curves, point by point. */
import assert from 'node:assert/strict';
import {
  en50160Cell,
  ieee1159,
  iticLower,
  iticRegion,
  iticUpper,
  semiF47,
  worstItic,
} from '../../../signal/index.js';

describe('signal/classify tables', () => {
  it('IEEE 1159 by magnitude and duration', () => {
    const rows: readonly (readonly [number, number, string, string, boolean])[] = [
      [0.5, 0.5 / 60, 'VOLTAGE_SAG', 'INSTANTANEOUS', false],
      [0.5, 30 / 60, 'VOLTAGE_SAG', 'INSTANTANEOUS', false],
      [0.5, 31 / 60, 'VOLTAGE_SAG', 'MOMENTARY', false],
      [0.89, 3, 'VOLTAGE_SAG', 'MOMENTARY', false],
      [0.1, 3.1, 'VOLTAGE_SAG', 'TEMPORARY', false],
      [0.89, 61, 'UNDERVOLTAGE', 'SUSTAINED', false],
      [0.7, 61, 'UNDERVOLTAGE', 'SUSTAINED', true],
      // interruptions have no instantaneous row
      [0.05, 10 / 60, 'VOLTAGE_INTERRUPTION', 'MOMENTARY', false],
      [0.05, 4, 'VOLTAGE_INTERRUPTION', 'TEMPORARY', false],
      [0, 90, 'VOLTAGE_INTERRUPTION', 'SUSTAINED', false],
      [1.7, 0.1, 'VOLTAGE_SWELL', 'INSTANTANEOUS', false],
      [1.9, 0.1, 'VOLTAGE_SWELL', 'INSTANTANEOUS', true],
      [1.4, 1, 'VOLTAGE_SWELL', 'MOMENTARY', false],
      [1.5, 1, 'VOLTAGE_SWELL', 'MOMENTARY', true],
      [1.2, 10, 'VOLTAGE_SWELL', 'TEMPORARY', false],
      [1.15, 70, 'OVERVOLTAGE', 'SUSTAINED', false],
      [1.3, 70, 'OVERVOLTAGE', 'SUSTAINED', true],
      [0.5, 0.2 / 60, 'VOLTAGE_SAG', 'INSTANTANEOUS', true],
    ];
    for (const [pu, seconds, name, duration, outside] of rows) {
      const found = ieee1159(pu, seconds, 60);
      assert.deepEqual(
        [found.class, found.duration, found.outsideStandard],
        [name, duration, outside],
        `${pu} pu, ${seconds} s`,
      );
    }
    // 30 cycles are longer at 50 Hz
    assert.equal(ieee1159(0.5, 0.55, 50).duration, 'INSTANTANEOUS');
  });

  it('ITIC: the curve of the facts page, with points on a line inside', () => {
    for (const [seconds, percent] of [
      [0.00001, 500],
      [0.000167, 500],
      [0.001, 200],
      [0.003, 140],
      [0.0031, 120],
      [0.5, 120],
      [0.51, 110],
      [1000, 110],
    ] as const) {
      assert.ok(Math.abs(iticUpper(seconds) - percent) < 1e-9, `${seconds}: ${iticUpper(seconds)}`);
      assert.equal(iticRegion(percent, seconds), 'no interruption');
      assert.equal(iticRegion(percent + 0.01, seconds), 'prohibited');
    }
    // straight in log t: half way between 1 and 3 ms on that scale is half way between 200 and 140
    assert.ok(Math.abs(iticUpper(Math.sqrt(0.001 * 0.003)) - 170) < 1e-9);
    assert.ok(Math.abs(iticUpper(Math.sqrt(0.000167 * 0.001)) - 350) < 1e-9);
    for (const [seconds, percent] of [
      [0.02, 0],
      [0.021, 70],
      [0.5, 70],
      [0.51, 80],
      [10, 80],
      [10.1, 90],
    ] as const) {
      assert.equal(iticLower(seconds), percent, `${seconds}`);
      if (percent > 0) assert.equal(iticRegion(percent - 0.01, seconds), 'no damage');
      assert.equal(iticRegion(percent, seconds), 'no interruption');
    }
    const worst = worstItic([
      { pu: 0.85, seconds: 5 },
      { pu: 0.6, seconds: 0.1 },
      { pu: 1, seconds: 1 },
    ]);
    assert.deepEqual(worst, { region: 'no damage', point: { pu: 0.6, seconds: 0.1 } });
  });

  it('SEMI F47: what is required, and what is recommended besides', () => {
    for (const [pu, seconds, required, recommended] of [
      [0.5, 0.2, 'kept', 'kept'],
      [0.49, 0.2, 'violated', 'violated'],
      [0.5, 0.21, 'violated', 'violated'],
      [0.7, 0.5, 'kept', 'kept'],
      [0.69, 0.4, 'violated', 'violated'],
      [0.8, 1, 'kept', 'kept'],
      [0.79, 0.8, 'violated', 'violated'],
      [0.8, 10, 'kept', 'kept'],
      [0.79, 5, 'violated', 'violated'],
      [0.85, 20, 'kept', 'violated'],
      [0.91, 1000, 'kept', 'kept'],
      // up to a cycle nothing is required, and a voltage of nothing is recommended to be stood
      [0, 1 / 60, 'kept', 'kept'],
      [0, 2 / 60, 'violated', 'violated'],
    ] as const) {
      const found = semiF47([{ pu, seconds }], 60);
      assert.deepEqual([found.required, found.recommended], [required, recommended], `${pu} ${seconds}`);
      assert.equal(found.point === undefined, recommended === 'kept');
    }
  });

  it('EN 50160: cells of the dip and swell tables', () => {
    for (const [pu, seconds, cell] of [
      [0.85, 0.2, 'A1'],
      [0.8, 0.201, 'A2'],
      [0.75, 0.6, 'B3'],
      [0.7, 2, 'B4'],
      [0.4, 30, 'C5'],
      [0.39, 0.1, 'D1'],
      [0.05, 0.1, 'D1'],
      [0.049, 0.1, 'X1'],
      [0, 60, 'X5'],
      [0, 61, undefined],
      [0.5, 0.005, undefined],
      [0.95, 1, undefined],
      [1.1, 1, undefined],
      [1.15, 0.5, 'T1'],
      [1.2, 0.6, 'S2'],
      [1.19, 59, 'T3'],
      [1.5, 61, undefined],
    ] as const) {
      assert.equal(en50160Cell(pu, seconds), cell, `${pu} ${seconds}`);
    }
  });
});
