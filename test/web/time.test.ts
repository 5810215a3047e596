import assert from 'node:assert/strict';
import fc from 'fast-check';
import { monthsOf } from '../../web/logic/calendar.js';
import { timeTicks } from '../../web/logic/ticks.js';
import {
  clock,
  dateTime,
  dayStart,
  fromInput,
  iso,
  nextDay,
  toInput,
  zoneName,
} from '../../web/logic/time.js';

const NOON = Date.UTC(2026, 10, 28, 12, 0, 1, 203);

describe('times of the page', () => {
  it('are as precise as asked, with UTC at hand', () => {
    assert.equal(dateTime(NOON, 'utc', 'millisecond'), '2026-11-28 12:00:01.203');
    assert.equal(dateTime(NOON, 'utc', 'minute'), '2026-11-28 12:00');
    assert.equal(clock(NOON, 'utc'), '12:00:01');
    assert.equal(iso(NOON), '2026-11-28T12:00:01.203Z');
    assert.equal(zoneName(NOON, 'utc'), 'UTC');
    assert.match(zoneName(NOON, 'local'), /^UTC([+−]\d{1,2}(:\d\d)?)?$/);
  });

  it('say when they are none', () => {
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
      assert.equal(dateTime(ms, 'utc'), '–');
      assert.equal(clock(ms, 'local'), '–');
      assert.equal(iso(ms), '–');
    }
  });

  it('come back from an input as they went in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_102_444_800 }),
        fc.constantFrom('utc', 'local'),
        (seconds, zone) => {
          const ms = seconds * 1000;
          const back = fromInput(toInput(ms, zone), zone);
          // an hour of the end of summer time is there twice
          assert.ok(back !== undefined && [0, 3_600_000].includes(Math.abs(back - ms)));
        },
      ),
    );
    assert.equal(fromInput('2026-11-28T12:00:01.203', 'utc'), NOON);
    for (const text of ['', 'yesterday', '2026-13-01T00:00', '2026-01-01T25:00', '2026-01-32T00:00']) {
      assert.equal(fromInput(text, 'utc'), undefined, text);
    }
  });

  it('have days that follow each other', () => {
    for (const zone of ['utc', 'local'] as const) {
      let day = dayStart(NOON, zone);
      for (let i = 0; i < 400; i += 1) {
        const next = nextDay(day, zone);
        assert.ok(next - day >= 82_800_000 && next - day <= 90_000_000, `${iso(day)} ${zone}`);
        assert.equal(dayStart(next, zone), next);
        day = next;
      }
    }
  });
});

describe('a time axis', () => {
  it('has round places in the range, no more than fit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2_000_000_000_000 }),
        fc.double({ min: 0.5, max: 1e12, noNaN: true }),
        fc.integer({ min: 2, max: 20 }),
        (fromMs, span, count) => {
          const ticks = timeTicks(fromMs, fromMs + span, count, 'utc');
          assert.ok(ticks.length <= count + 1, `${ticks.length} of ${count}`);
          for (const { ms } of ticks) assert.ok(ms >= fromMs - 1e-6 && ms <= fromMs + span + 1e-6);
        },
      ),
    );
    assert.deepEqual(timeTicks(5, 5, 5, 'utc'), []);
    // 31 years in two parts: steps of ten years are too many
    assert.ok(timeTicks(0, 1e12, 2, 'utc').length <= 3);
  });

  it('is labelled as finely as it is divided', () => {
    const label = (span: number): string | undefined => timeTicks(NOON, NOON + span, 5, 'utc')[0]?.label;
    assert.match(label(100) ?? '', /^12:00:01\.\d{3}$/);
    assert.match(label(60_000) ?? '', /^12:00:\d\d$/);
    assert.match(label(3_600_000) ?? '', /^12:\d\d$/);
    assert.match(label(30 * 86_400_000) ?? '', /^\d\d-\d\d$/);
  });
});

describe('a calendar', () => {
  it('has every day of the months it touches, on its weekday', () => {
    const months = monthsOf(Date.UTC(2026, 0, 31), Date.UTC(2026, 2, 1), 'utc');
    assert.deepEqual(
      months.map(({ name }) => name),
      ['2026-01', '2026-02'],
    );
    const days = months.map(({ weeks }) => weeks.flat().filter((day) => day !== undefined).length);
    assert.deepEqual(days, [31, 28]);
    // 1 February 2026 is a Sunday
    assert.equal(months[1]?.weeks[0]?.[6], Date.UTC(2026, 1, 1));
  });
});
