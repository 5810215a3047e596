import assert from 'node:assert/strict';
import {
  age,
  duration,
  fixed,
  grouped,
  hertz,
  metricText,
  NO_VALUE,
  percent,
  perUnit,
  signed,
  tickTexts,
  volts,
} from '../../web/logic/numbers.js';

/** no-break space */
const S = '\u00a0';

describe('numbers of the page', () => {
  it('have the digits that mean something, and their unit', () => {
    assert.equal(volts(121.44), `121.4${S}V`);
    assert.equal(hertz(59.99849), `59.998${S}Hz`);
    assert.equal(percent(0.0213), `2.1${S}%`);
    assert.equal(perUnit(0.7249), `0.72${S}pu`);
    assert.equal(metricText('thd', 0.05), `5.0${S}%`);
  });

  it('have a real minus sign, and no negative zero', () => {
    assert.equal(fixed(-33.61, 1), '−33.6');
    assert.equal(fixed(-0.04, 1), '0.0');
    assert.equal(signed(0.183, 3), '+0.183');
    assert.equal(signed(-0.183, 3), '−0.183');
    assert.equal(signed(0.0001, 3), '0.000');
  });

  it('say when there is none', () => {
    for (const value of [undefined, null, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.equal(volts(value), NO_VALUE);
      assert.equal(duration(value), NO_VALUE);
      assert.equal(metricText('voltage', value), NO_VALUE);
    }
  });

  it('show durations from parts of a cycle to days', () => {
    const cases: [number, string][] = [
      [0.25, `0.25${S}ms`],
      [16.7, `16.7${S}ms`],
      [180, `0.18${S}s`],
      [59_900, `59.9${S}s`],
      [144_000, `2.4${S}min`],
      [5 * 3_600_000, `5.0${S}h`],
      [3 * 86_400_000, `3.0${S}d`],
    ];
    for (const [ms, expected] of cases) assert.equal(duration(ms), expected);
  });

  it('show ages in whole units; what is in the future is now', () => {
    assert.equal(age(-5000), `0${S}s`);
    assert.equal(age(119_999), `119${S}s`);
    assert.equal(age(7_199_999), `119${S}min`);
    assert.equal(age(2 * 86_400_000), `2${S}d`);
  });

  it('have the decimals on an axis that its steps need', () => {
    assert.deepEqual(tickTexts([59.95, 60, 60.05], 'Hz'), [`59.95${S}Hz`, `60.00${S}Hz`, `60.05${S}Hz`]);
    assert.deepEqual(tickTexts([-100, 0, 100], 'V'), [`−100${S}V`, `0${S}V`, `100${S}V`]);
    assert.deepEqual(tickTexts([59.25, 59.5], 'Hz'), [`59.25${S}Hz`, `59.50${S}Hz`]);
    assert.deepEqual(tickTexts([2.5, 5], ''), ['2.5', '5.0']);
    assert.deepEqual(tickTexts([5], ''), ['5']);
    assert.deepEqual(tickTexts([], 'V'), []);
  });

  it('group thousands', () => {
    assert.equal(grouped(1_234_567), '1\u202f234\u202f567');
    assert.equal(grouped(999), '999');
  });
});
