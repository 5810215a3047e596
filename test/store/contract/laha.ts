import assert from 'node:assert/strict';
import type { MakeStore } from '../contract.js';
import { all, boxEvent, columnsOf, counts, DAY, givenStore, HOUR, newEvent } from './given.js';

export function lahaContract(makeStore: MakeStore): void {
  describe('expiry as the analysis service has it (laha)', () => {
    const retention = {
      mode: 'laha' as const,
      measurementsSeconds: HOUR,
      trendsSeconds: 2 * HOUR,
      eventsSeconds: DAY,
    };
    const given = givenStore(makeStore, retention);

    it('times come from laha_config where it has them, else from our configuration', async () => {
      const { store, clock, another, writeLahaConfig } = given();
      await store.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { f: 60 } }]));
      assert.equal((await all(store.measurements('1')))[0]?.expire_at, clock.ms / 1000 + HOUR);
      await writeLahaConfig({ ttls: { measurements: 5 * HOUR, events: 3 * DAY } });
      // A new instance, so that no cache of the first one is in the way.
      const other = await another();
      await other.insertMeasurements(columnsOf([{ box: 2, at: clock.ms, metrics: { f: 60 } }]));
      await other.putTrends([{ box_id: '2', timestamp_ms: clock.ms, location: 'unknown' }]);
      await other.insertEvent(newEvent(1, clock.ms - 9_000_000));
      assert.equal((await all(store.measurements('2')))[0]?.expire_at, clock.ms / 1000 + 5 * HOUR);
      assert.equal((await all(store.trends('2')))[0]?.expire_at, clock.ms / 1000 + 2 * HOUR);
      assert.equal((await store.event(1))?.expire_at, clock.ms / 1000 + 3 * DAY);
    });

    it('an event prolongs the measurements and trends of its window, stored before it or after', async () => {
      const { store, clock } = given();
      const t = Math.floor(clock.ms / 60_000) * 60_000 - 600_000;
      const event = {
        target_event_start_timestamp_ms: t + 10_000,
        target_event_end_timestamp_ms: t + 12_000,
      };
      const at = (ms: number, box = 1) => ({ box, at: t + ms, metrics: { f: 60 } });
      const trend = (ms: number) => ({ box_id: '1', timestamp_ms: t + ms, location: 'unknown' });
      await store.insertMeasurements(
        columnsOf([at(9_999), at(10_000), at(11_000, 2), at(12_000), at(12_001)]),
      );
      await store.putTrends([trend(0), trend(60_000), trend(120_000)]);
      await store.insertEvent(newEvent(1, t, event));
      // Still on their way when the event was stored.
      await store.insertMeasurements(columnsOf([at(9_500), at(10_500), at(12_500)]));
      const until = clock.ms / 1000 + DAY;
      const prolonged = async (box: string) =>
        (await all(store.measurements(box)))
          .filter((m) => m.expire_at === until)
          .map((m) => m.timestamp_ms - t);
      assert.deepEqual(await prolonged('1'), [10_000, 10_500, 12_000]);
      assert.deepEqual(await prolonged('2'), [11_000]);
      // The trend of the minute in which the event lies; also when it is computed again.
      const trends = async () => (await all(store.trends('1'))).map((found) => found.expire_at === until);
      assert.deepEqual(await trends(), [false, true, false]);
      await store.putTrends([trend(60_000), trend(120_000)]);
      assert.deepEqual(await trends(), [false, true, false]);
      const swept = await store.sweep(clock.ms + 3 * HOUR * 1000);
      assert.deepEqual(swept, {
        measurements: 4,
        trends: 2,
        aggregates: 0,
        events: 0,
        incidents: 0,
        orphans: 0,
      });
      assert.equal((await all(store.measurements('1'))).length, 3);
    });

    it('an event never shortens what lives longer, and goes with all that is its own', async () => {
      const { store, clock, another, writeLahaConfig } = given();
      await writeLahaConfig({ ttls: { measurements: 4 * DAY, trends: 4 * DAY, events: DAY } });
      const other = await another();
      await other.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { f: 60 } }]));
      await other.insertEvent(newEvent(1, clock.ms - 1000));
      await other.putBoxEvent(boxEvent(1, '1', clock.ms), counts(600), clock.ms);
      assert.equal((await all(store.measurements('1')))[0]?.expire_at, clock.ms / 1000 + 4 * DAY);
      const swept = await store.sweep(clock.ms + 2 * DAY * 1000);
      assert.deepEqual(swept, {
        measurements: 0,
        trends: 0,
        aggregates: 0,
        events: 1,
        incidents: 0,
        orphans: 0,
      });
      assert.equal(await store.waveform('event_1_1'), undefined);
    });
  });
}
