import assert from 'node:assert/strict';
import { quoted } from '../../../formats/export/index.js';

describe('formats/export: a field of CSV', () => {
  it('is quoted where it must be', () => {
    assert.equal(quoted('lab'), 'lab');
    assert.equal(quoted('a,"b"\n'), '"a,""b""\n"');
  });

  it('is never a formula of a spreadsheet, and a number stays a number', () => {
    for (const text of ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', '=HYPERLINK("x")'])
      assert.match(quoted(text), /^"?'/, text);
    for (const text of ['-36.017', '+1', '-1e-7', '1001', 'a=b', '']) assert.equal(quoted(text), text);
  });
});
