import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TokenBucket } from '../../common/token-bucket.js';
import { MAX_REQUESTS_PER_CALL, REQUEST_BURST } from '../../plugin-host/limits.js';
import { TRIGGER_TYPES, toEventRequest } from '../../plugin-host/request-shape.js';
import { ResultCollector } from '../../plugin-host/result-collector.js';
import { runs } from '../support/property.js';

const good = {
  startMs: 1_700_000_000_000,
  endMs: 1_700_000_001_000,
  boxIds: [1001, 1002],
  triggerType: 'VOLTAGE_SAG',
  percentMagnitude: 12.5,
  description: 'a sag',
  requestData: true,
};

describe('plugin-host: event requests of plugins', () => {
  it('takes a sound request as it is', () => assert.deepEqual(toEventRequest(good), good));

  it('mends what only describes: text, fractions of a millisecond, boxes named twice', () => {
    const mended = toEventRequest({
      ...good,
      startMs: good.startMs + 0.7,
      endMs: good.endMs - 0.7,
      boxIds: [5, 5, 6],
      description: `a\nb\u2028${'x'.repeat(5000)}\ud800`,
      requestData: undefined,
    });
    assert.ok(typeof mended === 'object');
    assert.deepEqual(
      { ...mended, description: mended.description.slice(0, 5) },
      { ...good, boxIds: [5, 6], description: 'a b x' },
    );
    assert.equal(mended.description.length, 1000);
    const { percentMagnitude: _, ...without } = good;
    const mild = toEventRequest(without);
    assert.equal(typeof mild === 'object' && mild.percentMagnitude, 0);
  });

  const wrong: [string, object | number | null, RegExp][] = [
    ['no object', 7, /not an object/],
    ['null', null, /not an object/],
    ['a start that is NaN', { ...good, startMs: Number.NaN }, /not a time/],
    ['an end that is infinite', { ...good, endMs: Number.POSITIVE_INFINITY }, /not a time/],
    ['an end before the start', { ...good, endMs: good.startMs }, /not before/],
    ['a negative time', { ...good, startMs: -1 }, /not a time/],
    ['times that are text', { ...good, startMs: '1' }, /not a time/],
    ['a magnitude that is NaN', { ...good, percentMagnitude: Number.NaN }, /percentMagnitude/],
    ['a negative magnitude', { ...good, percentMagnitude: -5 }, /percentMagnitude/],
    ['a magnitude that is text', { ...good, percentMagnitude: '5' }, /percentMagnitude/],
    ['no boxes', { ...good, boxIds: [] }, /empty/],
    ['boxes that are no list', { ...good, boxIds: 5 }, /not a list/],
    ['a negative box', { ...good, boxIds: [-1] }, /not a box id/],
    ['a box past int32', { ...good, boxIds: [2 ** 31] }, /not a box id/],
    ['a box that is half', { ...good, boxIds: [1.5] }, /not a box id/],
    ['a million boxes', { ...good, boxIds: new Uint32Array(1e6).fill(1) }, /more than 50000/],
    ['a kind that is none', { ...good, triggerType: 'SAG' }, /triggerType/],
  ];
  for (const [what, value, problem] of wrong) {
    it(`refuses ${what}`, () => assert.match(String(toEventRequest(value)), problem));
  }

  it('gives a request with every field sane, or a reason, for anything', () => {
    const near = fc.record(
      Object.fromEntries(
        Object.entries(good).map(([key, value]) => [key, fc.oneof(fc.constant(value), fc.anything())]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), near), (value) => {
        const request = toEventRequest(value);
        if (typeof request === 'string') return;
        assert.ok(Number.isSafeInteger(request.startMs) && request.startMs < request.endMs);
        assert.ok(request.boxIds.length > 0 && request.boxIds.every((id) => id >= 0 && id < 2 ** 31));
        assert.ok(TRIGGER_TYPES.includes(request.triggerType));
        assert.ok(Number.isFinite(request.percentMagnitude) && request.percentMagnitude >= 0);
        assert.equal(typeof request.requestData, 'boolean');
        assert.equal(request.description, request.description.toString());
      }),
      { numRuns: runs(2000) },
    );
  });

  it('looks at no more requests of one call than the limit, and counts the others', () => {
    const collector = new ResultCollector();
    assert.equal(collector.admit(1_000_000), MAX_REQUESTS_PER_CALL);
    for (let i = 0; i < MAX_REQUESTS_PER_CALL; i++) collector.add(good);
    assert.equal(collector.admit(10), 0);
    collector.add({ ...good, boxIds: 'none' });
    const { requests, surplus, refused, problem } = collector.take();
    assert.equal(requests.length, MAX_REQUESTS_PER_CALL);
    assert.equal(surplus, 1_000_000 - MAX_REQUESTS_PER_CALL + 10);
    assert.deepEqual([refused, problem], [1, 'boxIds is not a list']);
    assert.equal(collector.take().requests.length, 0);
  });

  it('refuses requests that together name too many boxes', () => {
    const collector = new ResultCollector();
    const boxIds = Array.from({ length: 50_000 }, (_, i) => i + 1);
    for (let i = 0; i < 5; i++) collector.add({ ...good, boxIds });
    const { requests, refused } = collector.take();
    assert.deepEqual([requests.length, refused], [4, 1]);
  });

  it('lets a burst through and then so many a second', () => {
    let now = 0;
    const bucket = new TokenBucket(REQUEST_BURST, 200, { monotonic: () => now });
    assert.equal(bucket.take(REQUEST_BURST + 5), REQUEST_BURST);
    assert.equal(bucket.take(1), 0);
    now = 500;
    assert.equal(bucket.take(1000), 100);
    now = 1e9;
    assert.equal(bucket.take(REQUEST_BURST * 2), REQUEST_BURST);
  });
});
