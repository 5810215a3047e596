import assert from 'node:assert/strict';
import { FOREVER_SECONDS } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { all, boxEvent, columnsOf, counts, finding, givenStore, newEvent } from './given.js';

const HOUR = 3600;

export function keepContract(makeStore: MakeStore): void {
  for (const mode of ['ttl', 'laha'] as const) {
    describe(`events that are kept, in mode ${mode}`, () => {
      const given = givenStore(makeStore, {
        ...{ mode, measurementsSeconds: HOUR, trendsSeconds: HOUR },
        ...{ eventsSeconds: HOUR, incidentsSeconds: HOUR },
      });

      it('stay with waveform and incidents while others expire; kept no longer, they expire from then on', async () => {
        const { store, clock } = given();
        const start = clock.ms;
        for (const id of [1, 2]) {
          await store.insertEvent(newEvent(id, start));
          await store.putBoxEvent(boxEvent(id, '1001', start), counts(700, id), start);
          await store.putAnalysis(id, '1001', [finding(id, '1001', start)]);
        }
        await store.insertMeasurements(columnsOf([{ box: 1001, at: start, metrics: { rms: 120 } }]));
        assert.equal(await store.keepEvent(2, true), true);
        assert.equal(await store.keepEvent(2, true), true);
        assert.equal(await store.keepEvent(9, true), false);
        const kept = await store.event(2);
        assert.deepEqual([kept?.kept, kept?.expire_at], [true, FOREVER_SECONDS]);
        assert.equal((await store.event(1))?.kept, undefined);
        clock.ms += 1000 * 2 * HOUR;
        await store.sweep(clock.ms);
        assert.deepEqual(
          (await all(store.events())).map(({ event_id: id }) => id),
          [2],
        );
        assert.ok(await store.waveform('event_2_1001'));
        assert.deepEqual(
          (await all(store.incidents())).map(({ event_id: id }) => id),
          [2],
        );
        assert.equal((await all(store.measurements('1001'))).length, mode === 'laha' ? 1 : 0);

        assert.equal(await store.keepEvent(2, false), true);
        assert.equal((await store.event(2))?.kept, undefined);
        clock.ms += 500 * HOUR;
        await store.sweep(clock.ms);
        assert.ok(await store.event(2));
        // No change for one that is not kept.
        assert.equal(await store.keepEvent(2, false), true);
        clock.ms += 1000 * HOUR;
        await store.sweep(clock.ms);
        assert.equal(await store.event(2), undefined);
      });

      it('incidents found later are kept too; kept no longer, incidents expire from then on', async () => {
        const { store, clock } = given();
        const start = clock.ms;
        await store.insertEvent(newEvent(1, start));
        await store.putBoxEvent(boxEvent(1, '1001', start), counts(700, 1), start);
        await store.putAnalysis(1, '1001', [finding(1, '1001', start)]);
        await store.keepEvent(1, true);
        // Analysed again: one that is there already, and one that is new.
        await store.putAnalysis(1, '1001', [finding(1, '1001', start), finding(1, '1001', start + 300)]);
        await store.putIncident(finding(1, '1002', start));
        const expiries = async () => (await all(store.incidents())).map((incident) => incident.expire_at);
        assert.deepEqual(await expiries(), [FOREVER_SECONDS, FOREVER_SECONDS, FOREVER_SECONDS]);
        clock.ms += 1000 * 2 * HOUR;
        await store.sweep(clock.ms);
        assert.equal((await expiries()).length, 3);
        assert.equal(await store.keepEvent(1, false), true);
        const until = Math.ceil(clock.ms / 1000) + HOUR;
        assert.deepEqual(await expiries(), [until, until, until]);
        clock.ms += 500 * HOUR;
        await store.sweep(clock.ms);
        assert.equal((await expiries()).length, 3);
        clock.ms += 1000 * HOUR;
        await store.sweep(clock.ms);
        assert.deepEqual(await expiries(), []);
      });

      if (mode === 'laha')
        it('kept no longer, values around it live as long as it does, unless another event or an incident needs them', async () => {
          const { store, clock } = given();
          const t = Math.floor(clock.ms / 60_000) * 60_000;
          const spanOf = (fromMs: number, toMs: number) => ({
            target_event_start_timestamp_ms: t + fromMs,
            target_event_end_timestamp_ms: t + toMs,
          });
          const times = [900, 1000, 2500, 5000, 9000];
          await store.insertMeasurements(
            columnsOf(times.map((ms) => ({ box: 1001, at: t + ms, metrics: { rms: 120 } }))),
          );
          await store.putTrends([{ box_id: '1001', timestamp_ms: t + 60_000, location: 'lab' }]);
          await store.insertEvent(newEvent(1, t, spanOf(1000, 5000)));
          await store.insertEvent(newEvent(2, t, spanOf(2000, 3000)));
          for (const id of [1, 2]) await store.keepEvent(id, true);
          const lives = async () => (await all(store.measurements('1001'))).map(({ expire_at }) => expire_at);
          const trend = async () => (await all(store.trends('1001')))[0]?.expire_at;
          const accepted = Math.ceil(clock.ms / 1000) + HOUR;
          const ever = FOREVER_SECONDS;
          assert.deepEqual(await lives(), [accepted, ever, ever, ever, accepted]);
          assert.equal(await trend(), ever);
          clock.ms += 100_000;
          await store.keepEvent(1, false);
          const until = Math.ceil(clock.ms / 1000) + HOUR;
          assert.deepEqual(await lives(), [accepted, until, ever, until, accepted]);
          assert.equal(await trend(), ever);
          clock.ms += 100_000;
          await store.putIncident(finding(-1, '1002', t + 2200), { acceptedAtMs: clock.ms + 50_000 });
          await store.keepEvent(2, false);
          const later = Math.ceil(clock.ms / 1000) + HOUR + 50;
          assert.deepEqual(await lives(), [accepted, until, later, until, accepted]);
          assert.equal(await trend(), later);
          clock.ms += 1000 * HOUR + 60_000;
          await store.sweep(clock.ms);
          assert.deepEqual(await lives(), []);
          assert.equal(await trend(), undefined);
        });

      it('are copied as kept', async () => {
        const { store, clock } = given();
        await store.insertEvent(newEvent(1, clock.ms));
        await store.keepEvent(1, true);
        const event = await store.event(1);
        assert.ok(event !== undefined);
        await store.restore({ events: [{ ...event, event_id: 5 }] });
        assert.deepEqual(await store.event(5), { ...event, event_id: 5 });
      });
    });
  }

  describe('the audit log', () => {
    const given = givenStore(makeStore);

    it('gives back what was written, the last entries of a range, oldest first', async () => {
      const { store, another } = given();
      const entry = (i: number) => ({
        ...{ timestamp_ms: 1_780_000_000_000 + i, user: 'ana', command: 'boxes set', subject: `box ${i}` },
        ...(i === 1
          ? {}
          : { before: { calibration_constant: 152.5, location_archive: [{ location: 'a' }] } }),
        ...(i === 2 ? {} : { after: { calibration_constant: i / 4 } }),
      });
      for (const i of [1, 2, 3, 3]) await store.putAudit(entry(i));
      const other = await another();
      assert.deepEqual(await other.audit({ limit: 10 }), [1, 2, 3, 3].map(entry));
      assert.deepEqual(await other.audit({ limit: 2 }), [3, 3].map(entry));
      const range = { fromMs: entry(1).timestamp_ms, toMs: entry(3).timestamp_ms, limit: 1 };
      assert.deepEqual(await other.audit(range), [entry(2)]);
    });
  });
}
