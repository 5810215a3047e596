import assert from 'node:assert/strict';
import { idService } from '../../acquisition-broker/events/id-service.js';
import { MakaiError } from '../../common/errors.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { EventIdSource } from '../../store/outbox/event-ids.js';
import { StoreHealth } from '../../store/outbox/store-health.js';
import type { EventIds } from '../../store/store.js';
import { ManualClock } from './manual-clock.js';

function sourceOf(store: EventIds, clock = new ManualClock()): EventIdSource {
  const log = silentLogger();
  const health = new StoreHealth();
  return new EventIdSource({ store, health, clock, log, giveUp: new AbortController().signal });
}

describe('acquisition broker: event ids', () => {
  it('are drawn together while a drawing is under way, in the order of asking', async () => {
    const draws: number[] = [];
    let next = 1;
    const ids = sourceOf({
      nextEventIds: async (count) => {
        draws.push(count);
        await Promise.resolve();
        return Array.from({ length: count }, () => next++);
      },
    });
    const given = await Promise.all([ids.next(1), ids.next(2), ids.next(1)]);
    assert.deepEqual(given, [[1], [2, 3], [4]]);
    assert.deepEqual(draws, [1, 3]);
    assert.equal(ids.drawn, 4);
  });

  it('fail for those who asked, and go on', async () => {
    let refuses = true;
    const refused = new MakaiError('EVENT_IDS_EXHAUSTED', 'none is left');
    const ids = sourceOf({
      nextEventIds: () => (refuses ? Promise.reject(refused) : Promise.resolve([1])),
    });
    await assert.rejects(ids.next(1), /none is left/);
    refuses = false;
    assert.deepEqual(await ids.next(1), [1]);
  });

  it('are waited for while the store is unavailable', async () => {
    const clock = new ManualClock();
    let failures = 3;
    const unavailable = new MakaiError('STORE_UNAVAILABLE', 'nobody replies');
    const draw = async () => {
      failures -= 1;
      if (failures >= 0) throw unavailable;
      return [7];
    };
    const given = sourceOf({ nextEventIds: draw }, clock).next(1);
    while (failures >= 0) {
      await new Promise(setImmediate);
      clock.advance(10_000);
    }
    assert.deepEqual(await given, [7]);
  });
});

describe('acquisition broker: event id service', () => {
  it('does not wait for its rate once the broker stops', async () => {
    const clock = new ManualClock();
    const stopping = new AbortController();
    const log = silentLogger();
    let asked = 0;
    const sent: string[] = [];
    const { handle } = idService({
      eventIds: sourceOf({ nextEventIds: async () => [1] }),
      // The limit of one who would go on asking without rest.
      rate: { allows: () => ++asked > 1000 },
      stopping: stopping.signal,
      rejections: new Rejections(log),
      clock,
    });
    const handled = handle(async (number) => void sent.push(number));
    stopping.abort();
    await handled;
    assert.deepEqual([asked, sent], [2, []]);
  });
});
