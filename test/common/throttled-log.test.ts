import assert from 'node:assert/strict';
import { createLogger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';

describe('common/throttled-log', () => {
  it('lets so many lines of each kind through per minute, and says how many it left out', () => {
    let now = 1000;
    const lines: Record<string, unknown>[] = [];
    const log = createLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
    const throttled = new ThrottledLog(log, { perMinute: 2, clock: { monotonic: () => now } });
    const shown = () => lines.splice(0).map(({ level, msg, n, suppressed }) => [level, msg, n, suppressed]);

    for (let n = 1; n <= 5; n++) throttled.warn({ n }, 'slow');
    throttled.error({ n: 9 }, 'gone');
    assert.deepEqual(shown(), [
      [40, 'slow', 1, undefined],
      [40, 'slow', 2, undefined],
      [50, 'gone', 9, undefined],
    ]);

    now += 59_999;
    throttled.warn({ n: 6 }, 'slow');
    assert.deepEqual(shown(), [], 'still the same minute');

    now += 1;
    throttled.warn({ n: 7 }, 'slow');
    assert.deepEqual(shown(), [[40, 'slow', 7, 4]]);

    now += 60_000;
    throttled.warn({ n: 8 }, 'slow');
    assert.deepEqual(shown(), [[40, 'slow', 8, undefined]], 'nothing was left out');
  });

  it('throttles together what is named as one kind', () => {
    const lines: unknown[] = [];
    const log = createLogger('test', 'info', { write: (line) => void lines.push(line) });
    const throttled = new ThrottledLog(log);
    throttled.warn({}, 'box 1 is slow', 'slow');
    throttled.warn({}, 'box 2 is slow', 'slow');
    assert.equal(lines.length, 1);
  });
});
