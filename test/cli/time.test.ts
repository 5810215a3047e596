import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseTime } from '../../cli/range.js';
import { readTime } from '../../cli/time.js';
import { runs } from '../support/property.js';

describe('cli/time', () => {
  const at = (text: string): number => {
    const read = readTime(text);
    return 'ms' in read ? read.ms : Number.NaN;
  };

  it('reads ISO 8601, UTC unless it has a time zone, and Unix ms', () => {
    const day = Date.UTC(2026, 10, 1);
    for (const [text, ms] of [
      ['2026-11', day],
      ['2026-11-01', day],
      ['2026-11-01T10:00', day + 36_000_000],
      ['2026-11-01 10:00:00', day + 36_000_000],
      ['2026-11-01T10:00:00.25z', day + 36_000_250],
      ['2026-11-01T10:00:00+05:30', day + 36_000_000 - 19_800_000],
      ['2026-11-01T10:00:00-1000', day + 72_000_000],
      ['2026-11-01T24:00', day + 86_400_000],
      ['2028-02-29', Date.UTC(2028, 1, 29)],
      [String(day), day],
    ] as const)
      assert.equal(at(text), ms, text);
  });

  for (const [text, problem] of [
    ['2026-02-30', /there is no 2026-02-30/],
    ['2026-02-29T10:00:00Z', /there is no 2026-02-29/],
    ['2026-04-31', /no 2026-04-31/],
    ['2026-13-01', /no 2026-13-01/],
    ['2026-00-01', /no 2026-00-01/],
    ['2026-11-00', /no 2026-11-00/],
    ['2016-12-31T23:59:60Z', /leap second/],
    ['2026-11-01T24:00:01', /no 24:00:01/],
    ['2026-11-01T10:60', /no 10:60/],
    ['2026-11-01T10:00:00+25:00', /no time zone/],
    ['1795315500', /write 1795315500000/],
    ['1795315500000000', /micro/],
    ['1795315500000000000', /nano/],
    ['0', /milliseconds/],
    ['yesterday', /such as/],
    ['', /such as/],
    ['11/01/2026', /such as/],
  ] as const)
    it(`refuses ${JSON.stringify(text)}`, () => {
      const read = readTime(text);
      assert.match('problem' in read ? read.problem : String(read.ms), problem);
      assert.throws(() => parseTime('--from', text), /--from: /);
    });

  it('gives back every time that it is given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e11, max: 25_340_230_079_999 }), (ms) => {
        assert.equal(at(new Date(ms).toISOString()), ms);
        assert.equal(at(String(ms)), ms);
      }),
      { numRuns: runs(1000) },
    );
  });
});
