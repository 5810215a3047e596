import assert from 'node:assert/strict';
import { FOREVER_SECONDS } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { all, boxEvent, columnsOf, counts, DAY, givenStore, HOUR, newEvent } from './given.js';

export function expiryContract(makeStore: MakeStore): void {
  describe('expiry by TTL, nothing but measurements', () => {
    const given = givenStore(makeStore);

    it('what has no TTL is kept for good and says so; measurements go', async () => {
      const { store, clock } = given();
      await store.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { f: 60 } }]));
      await store.putTrends([{ box_id: '1', timestamp_ms: clock.ms, location: 'unknown' }]);
      await store.insertEvent(newEvent(1, clock.ms));
      await store.putBoxEvent(boxEvent(1, '1', clock.ms), counts(600), clock.ms);
      const after = clock.ms + 50 * 365 * DAY * 1000;
      assert.deepEqual(await store.sweep(after), {
        measurements: 1,
        trends: 0,
        aggregates: 0,
        events: 0,
        incidents: 0,
        orphans: 0,
      });
      assert.equal((await all(store.trends('1')))[0]?.expire_at, FOREVER_SECONDS);
      assert.equal((await store.event(1))?.expire_at, FOREVER_SECONDS);
      assert.equal((await store.waveform('event_1_1'))?.length, 1200);
    });
  });

  describe('expiry by TTL', () => {
    const seconds = { measurementsSeconds: 2 * HOUR, trendsSeconds: 5 * HOUR, eventsSeconds: 9 * HOUR };
    const given = givenStore(makeStore, seconds);

    it('counts from acceptance, not from the time measured', async () => {
      const { store, clock } = given();
      const accepted = clock.ms;
      await store.insertMeasurements(
        columnsOf([{ box: 1, at: accepted - 20 * HOUR * 1000, metrics: { f: 60 } }]),
      );
      clock.ms += HOUR * 1000;
      await store.insertMeasurements(columnsOf([{ box: 1, at: accepted, metrics: { f: 60 } }]));
      const expiries = (await all(store.measurements('1'))).map((m) => m.expire_at - accepted / 1000);
      assert.deepEqual(expiries, [2 * HOUR, 3 * HOUR]);
      assert.equal((await store.sweep(accepted + (2 * HOUR - 1) * 1000)).measurements, 0);
      assert.equal((await store.sweep(accepted + (2 * HOUR + 1) * 1000)).measurements, 1);
      assert.deepEqual(
        (await all(store.measurements('1'))).map((m) => m.timestamp_ms),
        [accepted],
      );
    });

    it('measurements of one second go each in its own time, also one that comes after a sweep', async () => {
      const { store, clock } = given();
      const accepted = clock.ms;
      const insert = (box: number, acceptedAtMs: number) =>
        store.insertMeasurements(columnsOf([{ box, at: accepted + box, metrics: { f: 60 } }]), {
          acceptedAtMs,
        });
      const swept = async (hours: number) =>
        (await store.sweep(accepted + (hours * HOUR + 1) * 1000)).measurements;
      await insert(1, accepted);
      await insert(2, accepted + 2 * HOUR * 1000);
      assert.equal(await swept(2), 1);
      await insert(3, accepted + HOUR * 1000);
      assert.equal(await swept(2.5), 0);
      assert.equal(await swept(3), 1);
      assert.equal((await all(store.measurements('2'))).length, 1);
      assert.equal(await swept(4), 1);
    });

    it('counts from the moment that a write names, and the same write again changes nothing', async () => {
      const { store, clock, written } = given();
      const acceptedAtMs = clock.ms - HOUR * 1000;
      const seconds = acceptedAtMs / 1000;
      const batch = columnsOf([{ box: 1, at: acceptedAtMs, metrics: { f: 60 } }]);
      const trend = { box_id: '1', timestamp_ms: acceptedAtMs, location: 'unknown' };
      const finding = { timestamp: new Date(acceptedAtMs), service: 'BOX', serviceID: '1', info: '' };
      for (const inserted of [1, 0]) {
        const result = await store.insertMeasurements(batch, { acceptedAtMs });
        assert.deepEqual(result, { inserted, duplicates: 1 - inserted });
        await store.putTrends([trend], { acceptedAtMs });
        await store.insertEvent(newEvent(1, acceptedAtMs), { acceptedAtMs });
        await store.insertMetrics({ name: 'triggering broker', bytes: 5 }, { acceptedAtMs });
        await store.insertMetrics({ name: 'acquisition broker', sent: 5, recv: 6 }, { acceptedAtMs });
        await store.insertHealth({ ...finding, status: 'DOWN' }, { acceptedAtMs });
      }
      assert.equal((await all(store.measurements('1')))[0]?.expire_at, seconds + 2 * HOUR);
      assert.equal((await all(store.trends('1')))[0]?.expire_at, seconds + 5 * HOUR);
      assert.equal((await store.event(1))?.expire_at, seconds + 9 * HOUR);
      assert.equal((await written('makai_metrics')).length, 2);
      assert.equal((await written('health')).length, 1);
    });

    it('an event takes its box events and waveforms along, and its number does not come again', async () => {
      const { store, clock } = given();
      const [first = 0] = await store.nextEventIds(1);
      await store.insertEvent(newEvent(first, clock.ms));
      await store.putTrends([{ box_id: '1', timestamp_ms: clock.ms, location: 'unknown' }]);
      for (const box of ['1', '2']) {
        await store.putBoxEvent(boxEvent(first, box, clock.ms), counts(600), clock.ms);
      }
      const accepted = clock.ms;
      clock.ms += HOUR * 1000;
      await store.insertEvent(newEvent(first + 10, clock.ms));
      await store.putBoxEvent(boxEvent(first + 10, '1', clock.ms), counts(600), clock.ms);
      assert.equal((await store.event(first))?.expire_at, accepted / 1000 + 9 * HOUR);
      assert.equal((await all(store.trends('1')))[0]?.expire_at, accepted / 1000 + 5 * HOUR);
      const swept = await store.sweep(accepted + (9 * HOUR + 1) * 1000);
      assert.deepEqual(swept, {
        measurements: 0,
        trends: 1,
        aggregates: 0,
        events: 1,
        incidents: 0,
        orphans: 0,
      });
      assert.equal(await store.event(first), undefined);
      assert.deepEqual(await store.boxEvents(first), []);
      assert.equal(await store.waveform(`event_${first}_2`), undefined);
      assert.equal((await store.boxEvents(first + 10)).length, 1);
      assert.equal((await store.waveform(`event_${first + 10}_1`))?.length, 1200);
      await store.sweep(accepted + 20 * HOUR * 1000);
      assert.deepEqual(await all(store.events()), []);
      assert.deepEqual(await store.nextEventIds(1), [first + 11]);
    });

    it('more than one slice goes in one sweep, while others write', async () => {
      const { store, clock, another } = given();
      const other = await another();
      const samples = Array.from({ length: 9000 }, (_, i) => ({
        box: i % 50,
        at: clock.ms - i,
        metrics: { f: 60 },
      }));
      await store.insertMeasurements(columnsOf(samples));
      for (let id = 1; id <= 45; id += 1) {
        await store.insertEvent(newEvent(id, clock.ms));
        await store.putBoxEvent(boxEvent(id, '1', clock.ms), counts(60), clock.ms);
      }
      const late = clock.ms + 30 * HOUR * 1000;
      clock.ms = late;
      const writes = [];
      const sweeping = store.sweep(late);
      for (let i = 0; i < 20; i += 1) {
        writes.push(other.insertMeasurements(columnsOf([{ box: 3, at: late + i, metrics: { f: 60 } }])));
      }
      assert.deepEqual(await sweeping, {
        measurements: 9000,
        trends: 0,
        aggregates: 0,
        events: 45,
        incidents: 0,
        orphans: 0,
      });
      assert.equal((await Promise.all(writes)).length, 20);
      assert.equal((await all(store.measurements('3'))).length, 20);
      assert.deepEqual(await store.boxEvents(45), []);
    });

    it('box events and waveforms without an event are swept as orphans; those with one stay', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(1, clock.ms));
      await store.putBoxEvent(boxEvent(1, '1', clock.ms), counts(600), clock.ms);
      await store.putBoxEvent(boxEvent(2, '1', clock.ms), counts(600), clock.ms);
      await store.putBoxEvent(boxEvent(2, '3', clock.ms), counts(600), clock.ms);
      // Two hours later: past any time of grace, and before the event expires.
      const swept = await store.sweep(clock.ms + 2 * HOUR * 1000 - 1000);
      assert.ok(swept.orphans >= 2, `${swept.orphans} orphans`);
      assert.deepEqual(await store.boxEvents(2), []);
      assert.equal(await store.waveform('event_2_3'), undefined);
      assert.equal((await store.boxEvents(1)).length, 1);
      assert.equal((await store.waveform('event_1_1'))?.length, 1200);
    });
  });
}
