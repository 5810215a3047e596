import assert from 'node:assert/strict';
import { FOREVER_SECONDS } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { all, boxEvent, counts, givenStore, HOUR, newEvent } from './given.js';

export function pluginsContract(makeStore: MakeStore): void {
  describe('series and states of plugins', () => {
    const given = givenStore(makeStore);
    const expiring = givenStore(makeStore, { trendsSeconds: HOUR });
    const name = { plugin: 'unbalance', series: 'lvur', box_id: '1001' };

    it('values come back by plugin, series and box, in order of time and by ranges', async () => {
      const { store, another, clock } = given();
      const at = (i: number) => clock.ms + 1000 * i;
      const value = (i: number, more = {}) => ({ ...name, timestamp_ms: at(i), value: i / 7, ...more });
      await store.putSeries([]);
      await store.putSeries([
        value(2),
        value(0),
        value(1),
        value(0, { box_id: '77' }),
        value(0, { series: 'other' }),
        value(0, { plugin: 'threshold' }),
      ]);
      const other = await another();
      const kept = { expire_at: FOREVER_SECONDS };
      assert.deepEqual(
        await all(other.series(name)),
        [0, 1, 2].map((i) => ({ ...value(i), ...kept })),
      );
      assert.deepEqual(await all(other.series(name, { fromMs: at(1), toMs: at(2) })), [
        { ...value(1), ...kept },
      ]);
      assert.deepEqual(
        (await all(other.series(name, { descending: true, limit: 2 }))).map(({ value: v }) => v),
        [2 / 7, 1 / 7],
      );
      assert.deepEqual(await other.seriesNames(), [
        { ...name, plugin: 'threshold' },
        { ...name, box_id: '77' },
        name,
        { ...name, series: 'other' },
      ]);
      assert.deepEqual(await all(other.series({ ...name, box_id: '9' })), []);
    });

    it('a value of the same box and time is replaced', async () => {
      const { store, clock } = given();
      await store.putSeries([{ ...name, timestamp_ms: clock.ms, value: 1 }]);
      await store.putSeries([{ ...name, timestamp_ms: clock.ms, value: 2 }]);
      assert.deepEqual(
        (await all(store.series(name))).map(({ value }) => value),
        [2],
      );
    });

    it('values expire as trends do', async () => {
      const { store, clock } = expiring();
      await store.putSeries([{ ...name, timestamp_ms: clock.ms, value: 1 }]);
      const [stored] = await all(store.series(name));
      assert.equal(stored?.expire_at, Math.ceil(clock.ms / 1000) + HOUR);
      assert.equal((await store.sweep(clock.ms + (HOUR + 2) * 1000)).trends, 1);
      assert.deepEqual(await all(store.series(name)), []);
    });

    it('the state of a plugin is what it kept last', async () => {
      const { store, another } = given();
      assert.equal(await store.pluginState('rocof'), undefined);
      await store.putPluginState({ plugin: 'rocof', format: 'json', body: '{"Ω":[1,"\\u0000"]}' });
      await store.putPluginState({ plugin: 'cusum', format: 'bytes', body: 'AAEC' });
      await store.putPluginState({ plugin: 'rocof', format: 'json', body: '7' });
      const other = await another();
      assert.deepEqual(await other.pluginState('rocof'), { plugin: 'rocof', format: 'json', body: '7' });
      assert.deepEqual(await other.pluginState('cusum'), { plugin: 'cusum', format: 'bytes', body: 'AAEC' });
    });
  });

  describe('events that an administrator deletes', () => {
    const given = givenStore(makeStore);

    it('take their box events and waveforms along, and their ids do not come again', async () => {
      const { store, clock } = given();
      for (const id of await store.nextEventIds(3)) {
        await store.insertEvent(newEvent(id, clock.ms));
        await store.putBoxEvent(boxEvent(id, '1001', clock.ms), counts(600), clock.ms);
      }
      assert.equal(await store.deleteEvents([]), 0);
      assert.equal(await store.deleteEvents([1, 3, 99]), 2);
      assert.deepEqual(
        (await all(store.events())).map(({ event_id }) => event_id),
        [2],
      );
      assert.deepEqual(await store.boxEvents(1), []);
      assert.equal(await store.waveform('event_1_1001'), undefined);
      assert.equal((await store.boxEvents(2)).length, 1);
      assert.ok((await store.waveform('event_2_1001')) !== undefined);
      assert.deepEqual(await store.nextEventIds(1), [4]);
    });
  });
}
