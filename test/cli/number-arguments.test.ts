import assert from 'node:assert/strict';
import { InvalidArgumentError } from 'commander';
import { boxId, boxIds, positive, whole, whole0, wholeWithin } from '../../cli/number-arguments.js';

describe('cli: numbers on the command line', () => {
  it('ids of boxes: 0 too, and nothing but decimal digits', () => {
    assert.deepEqual(boxIds('0,7, 1001'), [0, 7, 1001]);
    assert.equal(boxId('0'), 0);
    for (const text of ['1e3', '0x10', '', '7,', '1.5', '-1', '+1', '2147483648', '7;8'])
      assert.throws(() => boxIds(text), InvalidArgumentError, text);
    for (const text of ['1e3', '', '7,8', '2147483648'])
      assert.throws(() => boxId(text), InvalidArgumentError);
  });

  it('whole numbers', () => {
    assert.deepEqual([whole('1'), whole0('0'), wholeWithin(1, 10)('10')], [1, 0, 10]);
    for (const text of ['1e3', '0x10', '', ' ', '1.5', '-1', '9'.repeat(20)]) {
      assert.throws(() => whole(text), InvalidArgumentError, text);
      assert.throws(() => whole0(text), InvalidArgumentError, text);
    }
    assert.throws(() => whole('0'), InvalidArgumentError);
    assert.throws(() => wholeWithin(1, 10)('11'), /from 1 to 10/);
    assert.throws(() => wholeWithin(1, 10)('0'), InvalidArgumentError);
  });

  it('numbers above 0', () => {
    assert.deepEqual([positive('0.5'), positive('1e3'), positive('120')], [0.5, 1000, 120]);
    for (const text of ['0', '-1', '', '0x10', 'Infinity', '1e999', '1.2.3', 'nan'])
      assert.throws(() => positive(text), InvalidArgumentError, text);
  });
});
