import assert from 'node:assert/strict';
import fc from 'fast-check';
import { en50160, en50160Values } from '../../reports/en50160.js';
import { ieee519 } from '../../reports/ieee519.js';
import {
  days,
  type JudgedWindow,
  judgedWindows,
  percentile,
  percentWithin,
  pieces,
} from '../../reports/windows.js';
import { runs } from '../support/property.js';
import { START, TEN_MINUTES, WEEK, window } from './given.js';

const REFERENCE = { voltage: 120, frequency: 60 };
const NONE = { voltage: [], frequency: [], thd: [] };
const verdicts = (values: Partial<typeof NONE> | Record<string, number[]>, reference = REFERENCE) =>
  en50160({ ...NONE, ...values }, reference).map(({ quantity, verdict }) => `${quantity}: ${verdict}`);
const repeated = (length: number, value: number): number[] => new Array<number>(length).fill(value);

describe('reports: EN 50160', () => {
  it('says of each rule whether it was kept, and what is not measured', () => {
    const values = {
      voltage: repeated(1008, 121),
      frequency: repeated(60480, 60),
      thd: repeated(1008, 0.03),
    };
    assert.deepEqual(verdicts(values), [
      ...['voltage: kept', 'voltage: kept', 'frequency: kept', 'frequency: kept', 'THD: kept'],
      ...['flicker: not measured', 'unbalance: not measured'],
    ]);
    assert.deepEqual(new Set(verdicts({}).map((text) => text.split(': ')[1])), new Set(['not measured']));
  });

  it('the limits themselves are inside: 132 and 108 V of 120 V, 102 V of all, 8 % THD, 0.6 Hz', () => {
    const [share, all] = verdicts({ voltage: [...repeated(95, 132), ...repeated(5, 102)] });
    assert.deepEqual([share, all], ['voltage: kept', 'voltage: kept']);
    assert.equal(
      verdicts({ voltage: [...repeated(94, 108), ...repeated(6, 107.9)] })[0],
      'voltage: not kept',
    );
    assert.equal(verdicts({ voltage: [...repeated(99, 120), 101.9] })[1], 'voltage: not kept');
    assert.equal(verdicts({ voltage: [...repeated(99, 120), 132.1] })[1], 'voltage: not kept');
    assert.equal(verdicts({ thd: [...repeated(95, 0.08), ...repeated(5, 0.2)] })[4], 'THD: kept');
    assert.equal(verdicts({ thd: [...repeated(94, 0.08), ...repeated(6, 0.081)] })[4], 'THD: not kept');
    const f = (bad: number, value: number) =>
      verdicts({ frequency: [...repeated(1000 - bad, 60.6), ...repeated(bad, value)] }).slice(2, 4);
    assert.deepEqual(f(5, 62.4), ['frequency: kept', 'frequency: kept']);
    assert.deepEqual(f(6, 56.4), ['frequency: not kept', 'frequency: kept']);
    assert.deepEqual(f(1, 62.41), ['frequency: kept', 'frequency: not kept']);
    assert.deepEqual(f(1, 56.39), ['frequency: kept', 'frequency: not kept']);
  });

  it('at 50 Hz a box has no THD', () => {
    const items = en50160({ ...NONE, thd: [0.02] }, { voltage: 230, frequency: 50 });
    assert.equal(items[4]?.verdict, 'not measured');
    assert.match(items[4]?.basis ?? '', /60 Hz/);
  });

  it('one sag takes its ten minutes of voltage and THD along, not their sixty frequencies', () => {
    const windows = [0, 1, 2].map((i) => window('1006', i));
    const sag = { startMs: START + TEN_MINUTES + 5_000, endMs: START + TEN_MINUTES + 5_100 };
    const judged = judgedWindows(
      windows.map((one) => ({ ...one, expire_at: 0 })),
      [sag],
    );
    assert.deepEqual(
      judged.map(({ fate }) => fate),
      ['counts', 'flagged', 'counts'],
    );
    const values = en50160Values(judged);
    assert.deepEqual([values.voltage.length, values.thd.length, values.frequency.length], [2, 2, 180]);
  });
});

describe('reports: which windows count', () => {
  const stored = (change: object) => ({ ...window('1006', 0, { change }), expire_at: 0 });

  it('flagged before incomplete; half of the time measured is enough', () => {
    const fate = (change: object) => judgedWindows([stored(change)], [])[0]?.fate;
    assert.deepEqual([{}, { coverage: 0.5 }, { coverage: 0.49 }, { coverage: 0.1, flagged: 1 }].map(fate), [
      'counts',
      'counts',
      'incomplete',
      'flagged',
    ]);
  });

  it('as looking at every pair of window and incident', () => {
    const span = fc
      .tuple(fc.integer({ min: -30, max: 130 }), fc.integer({ min: 0, max: 40 }))
      .map(([from, length]) => ({
        startMs: START + from * 60_000,
        endMs: START + (from + length) * 60_000,
      }));
    const windows = Array.from({ length: 10 }, (_, i) => ({ ...window('1', i), expire_at: 0 }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), (spans) => {
        const expected = windows.map(({ timestamp_ms: end }) =>
          spans.some(({ endMs, startMs }) => startMs < end && endMs >= end - TEN_MINUTES),
        );
        const found = judgedWindows(windows, spans).map(({ fate }) => fate === 'flagged');
        assert.deepEqual(found, expected);
      }),
      { numRuns: runs(300) },
    );
  });

  it('percentiles and shares are those of the sorted list', () => {
    assert.equal(percentile([], 0.95), undefined);
    assert.equal(percentWithin([], 0, 1), undefined);
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.integer({ min: 1, max: 100 }),
        (list, percent) => {
          const value = percentile(list, percent / 100) ?? Number.NaN;
          const atMost = list.filter((x) => x <= value).length;
          const below = list.filter((x) => x < value).length;
          assert.ok(100 * atMost >= percent * list.length);
          assert.ok(100 * below < percent * list.length);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it('spans are cut into weeks from their start, and into days of UTC', () => {
    const span = { startMs: START + 3_600_000, endMs: START + WEEK + 7_200_000 };
    assert.deepEqual(
      pieces(span, WEEK).map(({ endMs, startMs }) => endMs - startMs),
      [WEEK, 3_600_000],
    );
    const found = days(span);
    assert.equal(found.length, 8);
    assert.deepEqual([found[0]?.startMs, found[1]?.startMs], [span.startMs, START + 86_400_000]);
    assert.equal(found.at(-1)?.endMs, span.endMs);
  });
});

describe('reports: IEEE 519', () => {
  const week = { startMs: START, endMs: START + WEEK };
  const judged = (of: (i: number) => number): JudgedWindow[] =>
    Array.from({ length: 1008 }, (_, i) => ({
      window: { ...window('1', i, { change: { thd: of(i) } }), expire_at: 0 },
      fate: 'counts' as const,
    }));

  it('judges the 95th percentile of the week and the 99th of the worst day', () => {
    const [weekly, daily] = ieee519(
      judged(() => 0.0795),
      week,
      REFERENCE,
    );
    assert.deepEqual([weekly?.verdict, weekly?.found], ['kept', { value: 7.95, unit: '%', limit: 8 }]);
    // the spread has values up to a step above, and the upper end of a step counts: 81 times 0.1 %
    assert.deepEqual([daily?.verdict, daily?.found?.value.toFixed(6)], ['kept', '8.100000']);
  });

  it('one bad day fails the 3 s values and not the week', () => {
    const [weekly, daily] = ieee519(
      judged((i) => (i >= 288 && i < 300 ? 0.13 : 0.03)),
      week,
      REFERENCE,
    );
    assert.deepEqual([weekly?.verdict, daily?.verdict], ['kept', 'not kept']);
    assert.match(daily?.basis ?? '', /^28800 3 s values of the worst day/);
  });

  it('without values, and at 50 Hz, it is not measured', () => {
    for (const items of [
      ieee519([], week, REFERENCE),
      ieee519(
        judged(() => 0.2),
        week,
        { voltage: 230, frequency: 50 },
      ),
    ]) {
      assert.deepEqual(
        items.map(({ verdict }) => verdict),
        ['not measured', 'not measured'],
      );
    }
  });
});
