/** The address: views, ranges, zoom and cursors, from whatever somebody pasted. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  inside,
  PRESETS,
  panned,
  parseRange,
  rangeParams,
  resolveRange,
  zoomed,
} from '../../web/logic/range.js';
import { formatRoute, parseRoute, patched, sharedParams, VIEWS } from '../../web/logic/route.js';
import { formatSpan, parseMs, parseSpan } from '../../web/logic/view-state.js';

describe('the address of the page', () => {
  it('comes back as it was', () => {
    const id = fc.option(fc.string({ minLength: 1, unit: 'binary' }), { nil: undefined });
    const params = fc.uniqueArray(
      fc.tuple(fc.stringMatching(/^[a-z_]{1,8}$/), fc.string({ minLength: 1, maxLength: 40 })),
      {
        selector: ([key]) => key,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(fc.constantFrom(...VIEWS), id, params, (view, identity, pairs) => {
        const route = parseRoute(formatRoute(view, identity, pairs));
        assert.equal(route.view, view);
        assert.equal(route.id, identity);
        assert.deepEqual(new Map(route.params), new Map(pairs));
      }),
    );
  });

  it('is the overview whatever it holds, and never throws', () => {
    for (const hash of [
      '',
      '#',
      '#/',
      '#/nothing',
      '#/%E0%A4%A',
      '#/overview/%',
      `#/${'x'.repeat(100_000)}`,
    ]) {
      assert.equal(parseRoute(hash).view, 'overview', hash.slice(0, 20));
    }
    assert.equal(parseRoute('#/boxes/%E0%A4%A').id, '%E0%A4%A');
  });

  it('has one text for one state', () => {
    const a = formatRoute('events', '17', [
      ['zoom', '1~2'],
      ['a', '5'],
      ['box', undefined],
    ]);
    const b = formatRoute('events', '17', [
      ['a', '5'],
      ['zoom', '1~2'],
      ['unit', ''],
    ]);
    assert.equal(a, b);
    assert.equal(patched(parseRoute(a), { zoom: undefined }), '#/events/17?a=5');
  });

  it('keeps the time range from view to view, and nothing else', () => {
    assert.deepEqual(sharedParams(new URLSearchParams('from=1&to=2&box=3')), [
      ['from', '1'],
      ['to', '2'],
    ]);
  });
});

describe('the time range', () => {
  it('is the last 24 h unless the address says something that can be', () => {
    const wrong = [
      '',
      'last=3w',
      'from=5',
      'from=9&to=5',
      'from=x&to=y',
      'from=0&to=1e300',
      'from=Infinity&to=Infinity',
    ];
    for (const text of wrong) {
      assert.deepEqual(parseRange(new URLSearchParams(text)), { kind: 'last', preset: '24h' }, text);
    }
    assert.deepEqual(parseRange(new URLSearchParams('from=5&to=9')), { kind: 'fixed', fromMs: 5, toMs: 9 });
  });

  it('comes back as it was', () => {
    for (const choice of [
      { kind: 'fixed', fromMs: 1000, toMs: 2000 },
      { kind: 'last', preset: '7d' },
      { kind: 'last', preset: '24h' },
    ] as const) {
      const params = new URLSearchParams();
      for (const [key, value] of Object.entries(rangeParams(choice)))
        if (value !== undefined) params.set(key, value);
      assert.deepEqual(parseRange(params), choice);
    }
    assert.deepEqual(resolveRange({ kind: 'last', preset: '1h' }, 5e9), {
      fromMs: 5e9 - PRESETS['1h'],
      toMs: 5e9,
    });
  });

  it('keeps the point under the pointer while it zooms, and stays in its limits', () => {
    const limits = { fromMs: 0, toMs: 1000 };
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 900, noNaN: true }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        (fromMs, length, share, factor) => {
          const range = { fromMs, toMs: fromMs + length };
          const centre = fromMs + share * length;
          const next = zoomed(range, factor, centre, limits, 0.5);
          assert.ok(next.fromMs >= -1e-9 && next.toMs <= 1000 + 1e-9);
          assert.ok(next.toMs - next.fromMs >= 0.5 - 1e-9);
          const isFree = next.fromMs > 1e-6 && next.toMs < 1000 - 1e-6 && next.toMs - next.fromMs > 0.5;
          if (!isFree) return;
          assert.ok(Math.abs((centre - next.fromMs) / (next.toMs - next.fromMs) - share) < 1e-6);
        },
      ),
    );
  });

  it('moves without changing its length', () => {
    assert.deepEqual(panned({ fromMs: 100, toMs: 200 }, 0.5, { fromMs: 0, toMs: 1000 }), {
      fromMs: 150,
      toMs: 250,
    });
    assert.deepEqual(panned({ fromMs: 900, toMs: 1000 }, 0.5, { fromMs: 0, toMs: 1000 }), {
      fromMs: 900,
      toMs: 1000,
    });
    assert.deepEqual(inside({ fromMs: -5, toMs: 2000 }, { fromMs: 0, toMs: 1000 }), {
      fromMs: 0,
      toMs: 1000,
    });
  });
});

describe('zoom and cursors in the address', () => {
  it('come back to a thousandth of a millisecond; what is wrong is not there', () => {
    assert.deepEqual(parseSpan(formatSpan({ fromMs: 1200.5, toMs: 1400.0833333 })), {
      fromMs: 1200.5,
      toMs: 1400.083,
    });
    for (const text of ['', '1', '2~1', '1~1', '1~2~3', 'NaN~2', '1~Infinity', '1e9~2e9', '0x1~0x2']) {
      assert.equal(parseSpan(text), undefined, text);
    }
    assert.equal(parseMs('-12.25'), -12.25);
    assert.equal(parseMs(''), undefined);
  });
});
