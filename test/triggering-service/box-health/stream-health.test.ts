/** Findings from the stream alone: measurements at simulated times. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Arrival, arrivals, type Device, HealthFeed } from './feed.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const BOX2 = 1000 / 6;
const BOX3 = 1000;
const PERIODS = [
  ['a Box 2', BOX2],
  ['a Box 3', BOX3],
] as const;

/** Everything that began, after so many minutes of these devices under id 7. */
function findings(...devices: Device[]): string[] {
  const feed = new HealthFeed();
  feed.feed(7, ...devices.map(arrivals));
  return feed.began;
}

const jitter = (max: number) => (ms: number) => 150 + (((ms * 7919) % 97) / 97) * max;

for (const [name, periodMs] of PERIODS) {
  describe(`box health: ${name} without a fault has no finding`, () => {
    it('while it sends', () => {
      const feed = new HealthFeed();
      feed.feed(7, arrivals({ periodMs, toMs: 12 * MINUTE, delayMs: jitter(400) }));
      assert.deepEqual(feed.began, []);
      const { stream } = feed.record(7);
      assert.ok(Math.abs((stream.clock_offset_ms ?? 0) + 350) < 200, `${stream.clock_offset_ms}`);
      assert.ok(Math.abs((stream.usual_per_second ?? 0) - 1000 / periodMs) < 0.1);
      assert.ok(Math.abs((stream.received_share ?? 0) - 1) < 0.05);
    });

    it('when it delivers 1,000 queued measurements after an outage, and goes on live', () => {
      const before = arrivals({ periodMs, toMs: 3 * MINUTE });
      // It queued the oldest 1,000 of a long outage; the others are lost.
      const queued = arrivals({
        periodMs,
        fromMs: 3 * MINUTE,
        toMs: 3 * MINUTE + 1000 * periodMs,
        delayMs: 0,
      }).map((one, i): Arrival => ({ ...one, atMs: 40 * MINUTE + i / 4 }));
      const after = arrivals({ periodMs, fromMs: 40 * MINUTE, toMs: 52 * MINUTE, delayMs: 300 });
      const feed = new HealthFeed();
      feed.feed(7, before, queued, after);
      assert.deepEqual(feed.began, []);
    });

    it('when it delivers what it queued in 100 s, all of it', () => {
      const delayMs = (ms: number): number =>
        ms > 3 * MINUTE && ms < 3 * MINUTE + 100_000 ? 3 * MINUTE + 100_000 - ms : 100;
      assert.deepEqual(findings({ periodMs, toMs: 15 * MINUTE, delayMs }), []);
    });

    it('when it changes its address: the last of the old connection come together with the first of the new one', () => {
      const old = arrivals({
        periodMs,
        toMs: 5 * MINUTE,
        delayMs: (ms) => (ms > 5 * MINUTE - 3000 ? 4000 : 100),
      });
      const now = arrivals({ periodMs, fromMs: 5 * MINUTE + periodMs, toMs: 12 * MINUTE, delayMs: 100 });
      const feed = new HealthFeed();
      feed.feed(7, old, now);
      assert.deepEqual(feed.began, []);
    });

    it('when its WiFi delays bundles of measurements by up to 8 s', () => {
      const delayMs = (ms: number): number => 8000 - (ms % 8000);
      assert.deepEqual(
        findings({ periodMs, toMs: 12 * MINUTE, delayMs }).filter((code) => code !== 'CLOCK_OFFSET'),
        [],
      );
    });

    it('when its queue is sent twice: the same values again are the same measurement', () => {
      const once = arrivals({ periodMs, toMs: 10 * MINUTE });
      const feed = new HealthFeed();
      feed.feed(
        7,
        once.flatMap((one) => [one, one]),
      );
      assert.deepEqual(feed.began, []);
      assert.equal(feed.record(7).stream.repeated_measurements, once.length);
      assert.equal(feed.record(7).stream.repeated_times, 0);
    });
  });

  describe(`box health: ${name} twice under one id`, () => {
    const toMs = 5 * MINUTE;

    it('clocks that agree: 43 ms apart', () => {
      const feed = new HealthFeed();
      feed.feed(7, arrivals({ periodMs, toMs }), arrivals({ periodMs, toMs, fromMs: 43, rms: 230 }));
      assert.deepEqual(feed.began, ['ID_IN_USE_TWICE']);
      assert.ok((feed.beganAt('ID_IN_USE_TWICE') ?? 0) >= 30 * SECOND);
      assert.ok((feed.beganAt('ID_IN_USE_TWICE') ?? MINUTE * 9) <= 100 * SECOND);
    });

    for (const offsetMs of [-10 * HOUR, -HOUR, -7300, -900, 900, 45_000]) {
      it(`clocks that differ by ${offsetMs / 1000} s`, () => {
        const feed = new HealthFeed();
        feed.feed(
          7,
          arrivals({ periodMs, toMs }),
          arrivals({ periodMs, toMs, fromMs: 31, offsetMs, rms: 230 }),
        );
        assert.deepEqual(feed.began, ['ID_IN_USE_TWICE']);
      });
    }

    it('arrivals in bundles: order of arrival does not decide', () => {
      const bundles = (ms: number): number => 2000 - (ms % 2000);
      const feed = new HealthFeed();
      feed.feed(
        7,
        arrivals({ periodMs, toMs: 2 * toMs, delayMs: bundles }),
        arrivals({ periodMs, toMs: 2 * toMs, fromMs: 31, delayMs: 100, rms: 230 }),
      );
      assert.ok(feed.began.includes('ID_IN_USE_TWICE'), feed.began.join());
    });

    it('plugins see nothing of it while it lasts; it ends 5 minutes after the last evidence', () => {
      const feed = new HealthFeed();
      const good = arrivals({ periodMs, toMs: 20 * MINUTE });
      feed.feed(7, good, arrivals({ periodMs, toMs: 4 * MINUTE, fromMs: 43, rms: 230 }));
      assert.deepEqual(feed.ended, ['ID_IN_USE_TWICE']);
      const end = feed.changes.find(({ endedMs }) => endedMs !== undefined)?.atMs ?? 0;
      // The last evidence is at most one ring of times younger than the second device.
      assert.ok(end >= 9 * MINUTE && end <= 10.5 * MINUTE, `${end}`);
      assert.ok(feed.hidden > 6 * 60 * (1000 / periodMs));
      assert.equal(feed.record(7).stream.withheld, feed.hidden);
      assert.equal(feed.health.withheldMeasurements, feed.hidden);
      assert.deepEqual(feed.record(7).findings, []);
    });
  });

  describe(`box health: the clock of ${name}`, () => {
    it('behind by ten hours, or ahead by ten: CLOCK_OFFSET, also where its measurements are dropped', () => {
      assert.deepEqual(findings({ periodMs, toMs: 3 * MINUTE, offsetMs: -10 * HOUR }), ['CLOCK_OFFSET']);
      const feed = new HealthFeed();
      const ahead = arrivals({ periodMs, toMs: 3 * MINUTE, offsetMs: 10 * HOUR, drop: 'time_in_the_future' });
      feed.feed(7, ahead);
      assert.deepEqual(feed.began, ['CLOCK_OFFSET']);
      assert.match(feed.changes[0]?.finding.info ?? '', /(35999|36000)\.\d s ahead of ours/);
      assert.equal(feed.record(7).stream.dropped.time_in_the_future, ahead.length);
    });

    for (const stepMs of [-HOUR, -20_000, -5000, 5000, HOUR]) {
      it(`set by ${stepMs / 1000} s: CLOCK_STEPPED, and nothing of two devices`, () => {
        const offsetMs = (ms: number): number => (ms < 4 * MINUTE ? 0 : stepMs);
        const feed = new HealthFeed();
        feed.feed(7, arrivals({ periodMs, toMs: 8 * MINUTE, offsetMs }));
        assert.deepEqual([...feed.began].sort(), ['CLOCK_OFFSET', 'CLOCK_STEPPED']);
        const { last_step_ms: step = 0, clock_steps: steps } = feed.record(7).stream;
        assert.ok(Math.abs(step - stepMs) < 200, `${step}`);
        assert.equal(steps, 1);
      });
    }

    it('set back every minute by an hour: stepped, never two devices', () => {
      const offsetMs = (ms: number): number => -Math.floor(ms / MINUTE) * HOUR;
      assert.ok(!findings({ periodMs, toMs: 12 * MINUTE, offsetMs }).includes('ID_IN_USE_TWICE'));
    });

    it('stands still: CLOCK_STOPPED within 30 s, and it ends when the clock goes on', () => {
      const round = (time: number): number =>
        time > MINUTE && time < 4 * MINUTE ? MINUTE : Math.round(time);
      const feed = new HealthFeed();
      feed.feed(7, arrivals({ periodMs, toMs: 8 * MINUTE, round }));
      assert.deepEqual(feed.began, ['CLOCK_STOPPED']);
      assert.ok((feed.beganAt('CLOCK_STOPPED') ?? HOUR) <= MINUTE + 30 * SECOND);
      assert.deepEqual(feed.ended, ['CLOCK_STOPPED']);
    });

    it('of whole seconds: no finding, repeated times are counted', () => {
      const feed = new HealthFeed();
      feed.feed(
        7,
        arrivals({ periodMs, toMs: 10 * MINUTE, round: (time) => 1000 * Math.floor(time / 1000) }),
      );
      assert.deepEqual(feed.began, []);
      const { repeated_times: repeated } = feed.record(7).stream;
      assert.equal(repeated, periodMs === BOX2 ? 5 * 600 : 0);
    });

    it('that ticks every 10, 100 or 250 ms is not taken for two devices', () => {
      for (const tick of [10, 100, 250])
        assert.deepEqual(
          findings({ periodMs, toMs: 5 * MINUTE, round: (time) => tick * Math.floor(time / tick) }),
          [],
        );
    });
  });
}

describe('box health: other findings', () => {
  it('RATE: a third of the measurements lost for minutes, and it ends', () => {
    const all = arrivals({ periodMs: BOX2, toMs: 25 * MINUTE });
    const kept = all.filter(({ timeMs }, i) => timeMs < 5 * MINUTE || timeMs > 13 * MINUTE || i % 3 !== 0);
    const feed = new HealthFeed();
    feed.feed(7, kept);
    assert.deepEqual(feed.began, ['RATE']);
    assert.match(feed.changes[0]?.finding.info ?? '', /67 % of the usual 6\.0\d?/);
    assert.deepEqual(feed.ended, ['RATE']);
  });

  it('RATE: a Box 3 whose window was halved; after an hour that is usual', () => {
    const feed = new HealthFeed();
    feed.feed(
      7,
      arrivals({ periodMs: 1000, toMs: 10 * MINUTE }),
      arrivals({ periodMs: 500, fromMs: 10 * MINUTE, toMs: 90 * MINUTE }),
    );
    assert.deepEqual([feed.began, feed.ended], [['RATE'], ['RATE']]);
    assert.ok(Math.abs((feed.record(7).stream.usual_per_second ?? 0) - 2) < 0.05);
  });

  it('a box that falls silent ends its findings', () => {
    const feed = new HealthFeed();
    feed.feed(7, arrivals({ periodMs: BOX3, toMs: 3 * MINUTE, offsetMs: -HOUR }));
    feed.until(10 * MINUTE);
    assert.deepEqual([feed.began, feed.ended], [['CLOCK_OFFSET'], ['CLOCK_OFFSET']]);
  });

  it('NOISY_INPUT: invalid values; and a frequency that jumps', () => {
    const invalid = arrivals({ periodMs: BOX3, toMs: 8 * MINUTE }).map((one, i) => ({
      ...one,
      invalid: i % 2,
    }));
    const feed = new HealthFeed();
    feed.feed(7, invalid);
    assert.deepEqual(feed.began, ['NOISY_INPUT']);
    assert.match(feed.changes[0]?.finding.info ?? '', /50 % .* invalid/);
    const frequency = (ms: number): number => 60 + 4 * Math.sin(ms);
    assert.deepEqual(findings({ periodMs: BOX3, toMs: 8 * MINUTE, frequency }), ['NOISY_INPUT']);
  });

  it('flagged measurements are a share of the record: a frequency that jumps in them is no noise', () => {
    const all = arrivals({ periodMs: BOX3, toMs: 8 * MINUTE });
    const flagged = all.map((one, i) => (i % 4 === 0 ? { ...one, flags: 4, frequency: 16 } : one));
    const feed = new HealthFeed();
    feed.feed(7, flagged);
    assert.ok(Math.abs(feed.record(7).stream.flagged_share - 0.25) < 0.01);
    assert.equal(feed.record(7).stream.jump_share, 0);
    assert.deepEqual(feed.began, []);
  });

  it('UNPLUGGED_BUT_SENDING as long as the record says so', () => {
    const feed = new HealthFeed();
    feed.unplugged.add(7);
    feed.feed(7, arrivals({ periodMs: BOX3, toMs: 3 * MINUTE }));
    feed.unplugged.clear();
    feed.feed(7, arrivals({ periodMs: BOX3, fromMs: 3 * MINUTE, toMs: 6 * MINUTE }));
    assert.deepEqual([feed.began, feed.ended], [['UNPLUGGED_BUT_SENDING'], ['UNPLUGGED_BUT_SENDING']]);
  });

  it('a meter has no finding here: its record says unplugged, and it sends when it likes', () => {
    const feed = new HealthFeed();
    const meter = 1_000_000_000;
    feed.unplugged.add(meter);
    feed.feed(meter, arrivals({ periodMs: 60_000, toMs: 30 * MINUTE }));
    assert.deepEqual(feed.began, []);
  });

  it('DEFAULT_ID for box 0', () => {
    const feed = new HealthFeed();
    feed.feed(0, arrivals({ periodMs: BOX3, toMs: MINUTE }));
    assert.deepEqual(feed.began, ['DEFAULT_ID']);
  });

  it('our own clock that is set is no fault of the boxes', () => {
    const feed = new HealthFeed();
    const one = (fromMs: number, toMs: number) => arrivals({ periodMs: BOX3, fromMs, toMs });
    feed.clock.stepMs = -HOUR;
    feed.feed(7, one(0, 10 * SECOND));
    feed.clock.stepMs = 0;
    feed.feed(7, one(10 * SECOND, 5 * MINUTE));
    assert.deepEqual(feed.began, []);
  });

  it('a slot that is given to another box keeps nothing', () => {
    const feed = new HealthFeed();
    feed.feed(7, arrivals({ periodMs: BOX3, toMs: 3 * MINUTE, offsetMs: -HOUR }));
    feed.health.forget(0);
    assert.deepEqual([feed.ended, [...feed.health.records()]], [['CLOCK_OFFSET'], []]);
  });

  it('two clocks of any distance and delay are found, one clock never is (property)', () => {
    const factor = Number(process.env.MAKAI_PROPERTY_RUNS ?? 1);
    const delay = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(
        fc.constantFrom(BOX2, BOX3),
        fc.oneof(fc.integer({ min: -40_000, max: 40_000 }), fc.integer({ min: -200, max: 200 })),
        delay,
        (periodMs, offsetMs, max) => {
          const toMs = 4 * MINUTE;
          const one = { periodMs, toMs, delayMs: jitter(max) };
          assert.ok(!findings({ ...one, offsetMs }).includes('ID_IN_USE_TWICE'));
          // Not where the two tick in the same ms, or exactly in the middle: their times are then those of one device.
          const phase = ((((MINUTE + offsetMs) % periodMs) + periodMs) % periodMs) / periodMs;
          if (phase < 0.06 || phase > 0.94 || Math.abs(phase - 0.5) < 0.08) return;
          const found = findings(one, { ...one, fromMs: MINUTE, offsetMs, rms: 230 });
          assert.ok(found.includes('ID_IN_USE_TWICE'), `${periodMs} ${offsetMs} ${max}: ${found.join()}`);
        },
      ),
      { numRuns: Math.ceil(100 * factor) },
    );
  });
});
