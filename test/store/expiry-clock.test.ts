import assert from 'node:assert/strict';
import { systemClock } from '../../common/clock.js';
import { createLogger } from '../../common/log.js';
import { ExpiryClock, HOLD_MS } from '../../store/expiry-clock.js';

const START_MS = 1_795_315_500_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

function given() {
  const state = { steady: 7000, ahead: 0 };
  const logged: string[] = [];
  const log = createLogger('test', 'warn', {
    write: (line) => logged.push((JSON.parse(line) as { msg: string }).msg),
  });
  const now = () => START_MS + state.steady + state.ahead;
  const clock = new ExpiryClock(log, { ...systemClock, now, monotonic: () => state.steady });
  /** how far the answer is ahead of the right time */
  const ahead = (): number => clock.nowMs() - START_MS - state.steady;
  return { ahead, state, logged };
}

describe('store: the time by which things expire', () => {
  it('is the time of day, slewed or set back', () => {
    const { ahead, state, logged } = given();
    for (const offset of [0, 5000, 9000, -3_600_000, -2 * DAY_MS]) {
      state.steady += MINUTE_MS;
      state.ahead = offset;
      assert.equal(ahead(), offset);
    }
    assert.deepEqual(logged, []);
  });

  it('does not follow a clock that was set forward and back again', () => {
    const { ahead, state, logged } = given();
    state.ahead = 2 * DAY_MS;
    for (let i = 0; i < 59; i += 1) {
      state.steady += MINUTE_MS;
      assert.equal(ahead(), 0);
    }
    state.ahead = 0;
    state.steady += 10 * MINUTE_MS;
    assert.equal(ahead(), 0);
    assert.equal(logged.length, 2);
    assert.match(logged[0] ?? '', /set forward/);
    assert.match(logged[1] ?? '', /is back/);
  });

  it('follows one that has stood forward for its time, counted again from a second step', () => {
    const { ahead, state, logged } = given();
    state.ahead = DAY_MS;
    assert.equal(ahead(), 0);
    state.steady += HOLD_MS - 1;
    state.ahead = 2 * DAY_MS;
    assert.equal(ahead(), 0);
    state.steady += HOLD_MS - 1;
    assert.equal(ahead(), 0);
    state.steady += 1;
    assert.equal(ahead(), 2 * DAY_MS);
    state.steady += MINUTE_MS;
    assert.equal(ahead(), 2 * DAY_MS);
    assert.equal(logged.length, 3);
    assert.match(logged[2] ?? '', /believed/);
  });

  it('a clock that is set right after it was set back is held too: what it wrote in between has its time', () => {
    const { ahead, state } = given();
    state.ahead = -2 * DAY_MS;
    assert.equal(ahead(), -2 * DAY_MS);
    state.ahead = 0;
    assert.equal(ahead(), -2 * DAY_MS);
    state.steady += HOLD_MS;
    assert.equal(ahead(), 0);
  });
});
