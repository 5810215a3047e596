/** Which cycles are in the buffer of a box, and their timestamps. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CycleBuffer } from '../../box/buffer.js';
import { ManualClock, systemClock } from '../../box/index.js';
import { START_MS } from './support.js';

describe('the buffer of a box', () => {
  it('gives each cycle the time at which it was read out: its end', () => {
    const buffer = new CycleBuffer(START_MS, 100);
    assert.deepEqual(
      [0, 1, 2, 59].map((n) => buffer.timestampOf(n) - START_MS),
      [16, 33, 50, 1000],
    );
  });

  it('holds the latest `capacity` complete cycles', () => {
    const buffer = new CycleBuffer(START_MS, 100);
    buffer.advance(START_MS + 15);
    assert.deepEqual([buffer.oldest, buffer.end], [0, 0]);
    buffer.advance(START_MS + 16);
    assert.deepEqual([buffer.oldest, buffer.end], [0, 1]);
    buffer.advance(START_MS + 5000);
    assert.deepEqual([buffer.oldest, buffer.end], [200, 300]);
    buffer.advance(START_MS + 4000);
    assert.equal(buffer.end, 300, 'a clock that is set back removes nothing');
    buffer.advance(START_MS + 60_000, 310);
    assert.equal(buffer.end, 310, 'a source that is played once has an end');
  });

  it('continues after a gap with timestamps of the new time, and keeps the old ones', () => {
    const buffer = new CycleBuffer(START_MS, 1000);
    buffer.advance(START_MS + 1000);
    buffer.gap(START_MS + 61_000);
    buffer.advance(START_MS + 62_000);
    assert.equal(buffer.end, 120);
    assert.equal(buffer.timestampOf(59), START_MS + 1000);
    assert.equal(buffer.timestampOf(60), START_MS + 61_016);
    assert.equal(buffer.firstAtOrAfter(START_MS + 30_000), 60);
    for (let i = 0; i < 50; i += 1) {
      buffer.gap(START_MS + 100_000 + 2000 * i);
      buffer.advance(START_MS + 101_000 + 2000 * i);
    }
    assert.equal(buffer.oldest, 120 + 50 * 60 - 1000);
    assert.equal(buffer.timestampOf(buffer.end - 1), START_MS + 199_000);
  });

  it('finds the first timestamp at or after a time, like a linear search', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: -1000, max: 200_000 }),
        (steps, capacity, at) => {
          const buffer = new CycleBuffer(START_MS, capacity);
          let now = START_MS;
          for (const [i, step] of steps.entries()) {
            now += step;
            if (i % 3 === 2) buffer.gap(now);
            else buffer.advance(now);
          }
          let expected = buffer.oldest;
          while (expected < buffer.end && buffer.timestampOf(expected) < START_MS + at) expected += 1;
          assert.equal(buffer.firstAtOrAfter(START_MS + at), expected);
          for (let n = buffer.oldest + 1; n < buffer.end; n += 1) {
            assert.ok(buffer.timestampOf(n) > buffer.timestampOf(n - 1), 'timestamps rise');
          }
        },
      ),
    );
  });
});

describe('clocks of a box', () => {
  it('manual: callbacks run in order of time and see their own time', () => {
    const clock = new ManualClock(1000);
    const seen: [string, number][] = [];
    clock.at(1030, () => seen.push(['b', clock.now()]));
    clock.at(1010, () => {
      seen.push(['a', clock.now()]);
      clock.at(1020, () => seen.push(['from a', clock.now()]));
    });
    clock.at(1025, () => seen.push(['cancelled', clock.now()]))();
    clock.at(5000, () => seen.push(['later', clock.now()]));
    clock.advance(100);
    assert.deepEqual(seen, [
      ['a', 1010],
      ['from a', 1020],
      ['b', 1030],
    ]);
    assert.equal(clock.now(), 1100);
  });

  it('the machine’s clock, and a faster one with another start', async () => {
    assert.ok(Math.abs(systemClock().now() - Date.now()) < 50);
    const fast = systemClock(1000, START_MS);
    assert.ok(fast.now() >= START_MS);
    // many, since a timer is early only where the two clocks' milliseconds change at different moments
    const early = await Promise.all(
      Array.from({ length: 300 }, (_, n) => {
        const timeMs = START_MS + 20_000 + n * 137;
        return new Promise<number>((resolve) => fast.at(timeMs, () => resolve(timeMs - fast.now())));
      }),
    );
    assert.deepEqual(
      early.filter((ms) => ms > 0),
      [],
      'not before its time',
    );
    // later than the longest possible timer
    const cancel = systemClock().at(Date.now() + 1e12, () => assert.fail('fired immediately'));
    await new Promise<void>((resolve) => systemClock().at(Date.now() + 50, resolve));
    cancel();
  });
});
