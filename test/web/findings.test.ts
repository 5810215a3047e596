import assert from 'node:assert/strict';
import { spansOf } from '../../web/logic/findings.js';

const entry = (timestamp_ms: number, began: boolean, code: string | undefined, info: string) => ({
  ...{ timestamp_ms, began, info },
  ...(code === undefined ? {} : { code }),
});
const short = (entries: Parameters<typeof spansOf>[0], now: string[] = []) =>
  spansOf(entries, now).map(({ code, fromMs, goesOn, info, toMs }) => [code, fromMs, toMs, goesOn, info]);

describe('web: findings of a box over time', () => {
  it('a beginning and its end are one span, with what the beginning said; others stand between them', () => {
    const entries = [
      entry(9, false, 'RATE', 'RATE ended; it began at x'),
      entry(7, true, 'NOISY_INPUT', 'NOISY_INPUT: 3 V'),
      entry(5, true, 'RATE', 'RATE: 3 a second'),
    ];
    assert.deepEqual(short(entries, ['NOISY_INPUT']), [
      ['RATE', 5, 9, false, '3 a second'],
      ['NOISY_INPUT', 7, undefined, true, '3 V'],
    ]);
  });

  it('an end without a beginning began before; a beginning without an end goes on only if the box has it now, once', () => {
    assert.deepEqual(short([entry(9, false, 'RATE', 'RATE ended')]), [
      ['RATE', undefined, 9, false, 'RATE ended'],
    ]);
    const twice = [entry(9, true, 'RATE', 'RATE: 2'), entry(5, true, 'RATE', 'RATE: 1')];
    assert.deepEqual(
      short(twice, ['RATE']).map(([, , , goesOn]) => goesOn),
      [true, false],
    );
    assert.deepEqual(
      short(twice).map(([, , , goesOn]) => goesOn),
      [false, false],
    );
    assert.deepEqual(
      short([entry(9, false, 'RATE', 'RATE ended'), ...twice.slice(1)], ['RATE']).map(
        ([, , , goesOn]) => goesOn,
      ),
      [false],
    );
  });

  it('what another program wrote stands by itself', () => {
    assert.deepEqual(short([entry(2, false, undefined, 'back'), entry(1, true, undefined, 'no power')]), [
      [undefined, undefined, 2, false, 'back'],
      [undefined, 1, undefined, false, 'no power'],
    ]);
  });
});
