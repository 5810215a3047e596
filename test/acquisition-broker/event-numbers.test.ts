import assert from 'node:assert/strict';
import { idService } from '../../acquisition-broker/events/id-service.js';
import { EventNumbers } from '../../acquisition-broker/events/numbers.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { ManualClock } from './manual-clock.js';

describe('acquisition broker: event numbers', () => {
  it('are drawn together while a drawing is under way, in the order of asking', async () => {
    const draws: number[] = [];
    let next = 1;
    const numbers = new EventNumbers({
      nextEventIds: async (count) => {
        draws.push(count);
        await Promise.resolve();
        return Array.from({ length: count }, () => next++);
      },
    });
    const given = await Promise.all([numbers.next(1), numbers.next(2), numbers.next(1)]);
    assert.deepEqual(given, [[1], [2, 3], [4]]);
    assert.deepEqual(draws, [1, 3]);
    assert.equal(numbers.drawn, 4);
  });

  it('fail for those who asked, and go on', async () => {
    let away = true;
    const numbers = new EventNumbers({
      nextEventIds: () => (away ? Promise.reject(new Error('away')) : Promise.resolve([1])),
    });
    await assert.rejects(numbers.next(1), /away/);
    away = false;
    assert.deepEqual(await numbers.next(1), [1]);
  });
});

describe('acquisition broker: event number service', () => {
  it('does not wait for its rate once the broker stops', async () => {
    const clock = new ManualClock();
    const stopping = new AbortController();
    const log = silentLogger();
    let asked = 0;
    const sent: string[] = [];
    const { handle } = idService({
      numbers: new EventNumbers({ nextEventIds: async () => [1] }),
      // The limit of one who would go on asking without rest.
      rate: { allows: () => ++asked > 1000 },
      patience: { clock, log, stopping: stopping.signal },
      rejections: new Rejections(log),
      clock,
    });
    const handled = handle(async (number) => void sent.push(number));
    stopping.abort();
    await handled;
    assert.deepEqual([asked, sent], [2, []]);
  });
});
