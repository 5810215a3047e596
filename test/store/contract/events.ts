import assert from 'node:assert/strict';
import fc from 'fast-check';
import { silentBoxes } from '../../../store/boxes.js';
import { FOREVER_SECONDS } from '../../../store/documents.js';
import { runs } from '../../support/property.js';
import type { MakeStore } from '../contract.js';
import { all, boxEvent, counts, givenStore, newEvent } from './given.js';

export function eventsContract(makeStore: MakeStore): void {
  describe('event numbers', () => {
    const given = givenStore(makeStore);

    it('rise from 1 and are remembered', async () => {
      const { store, another } = given();
      assert.deepEqual(await store.nextEventIds(1), [1]);
      assert.deepEqual(await store.nextEventIds(3), [2, 3, 4]);
      assert.deepEqual(await (await another()).nextEventIds(1), [5]);
    });

    it('are past the highest number stored, by whomever', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(41, clock.ms));
      assert.deepEqual(await store.nextEventIds(2), [42, 43]);
      await store.insertEvent(newEvent(9354, clock.ms));
      await store.insertEvent(newEvent(50, clock.ms));
      assert.deepEqual(await store.nextEventIds(1), [9355]);
    });

    it('end with the largest int32', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(2 ** 31 - 3, clock.ms));
      assert.deepEqual(await store.nextEventIds(1), [2 ** 31 - 2]);
      await assert.rejects(store.nextEventIds(2), { code: 'EVENT_IDS_EXHAUSTED' });
      assert.deepEqual(await store.nextEventIds(1), [2 ** 31 - 1]);
      await assert.rejects(store.nextEventIds(1), { code: 'EVENT_IDS_EXHAUSTED' });
    });

    it('asked for by two instances at the same time, none is given twice and each one sees its own rise', async () => {
      const { store, another } = given();
      const other = await another();
      const ask = async (from: typeof store) => {
        const numbers: number[] = [];
        for (let i = 0; i < 40; i += 1) numbers.push(...(await from.nextEventIds(1 + (i % 3))));
        return numbers;
      };
      const series = await Promise.all([ask(store), ask(other), ask(store)]);
      const numbers = series.flat();
      assert.equal(new Set(numbers).size, numbers.length);
      assert.ok(numbers.every((number) => Number.isInteger(number) && number > 0 && number < 2 ** 31));
      for (const one of series)
        assert.deepEqual(
          one,
          one.toSorted((a, b) => a - b),
        );
    });
  });

  describe('events', () => {
    const given = givenStore(makeStore);

    it('are stored with empty answers, and only once', async () => {
      const { store, clock } = given();
      const event = newEvent(7, clock.ms, { description: 'sag: first', boxes_triggered: ['1001', '7'] });
      await store.insertEvent(event);
      await store.insertEvent({ ...event, description: 'another', boxes_triggered: [] });
      const expected = { ...event, boxes_received: [], latencies_ms: [], expire_at: FOREVER_SECONDS };
      assert.deepEqual(await store.event(7), expected);
      assert.deepEqual(await all(store.events()), [expected]);
      assert.equal(await store.event(8), undefined);
    });

    it('say that no box was asked for its waveform, and nothing where boxes were', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(1, clock.ms, { request_data: false }));
      await store.insertEvent(newEvent(2, clock.ms));
      assert.deepEqual(
        [(await store.event(1))?.request_data, await store.event(2)],
        [
          false,
          { ...newEvent(2, clock.ms), boxes_received: [], latencies_ms: [], expire_at: FOREVER_SECONDS },
        ],
      );
    });

    it('say which boxes were refused, and why', async () => {
      const { store, clock } = given();
      const boxes_refused = [
        { reason: 'waveform_budget_of_box', boxes: ['7', '1001'] },
        { reason: 'waveform_budget_of_all', boxes: ['8'] },
      ];
      await store.insertEvent(
        newEvent(1, clock.ms, { boxes_triggered: ['7', '8', '9', '1001'], boxes_refused }),
      );
      const event = await store.event(1);
      assert.deepEqual(event?.boxes_refused, boxes_refused);
      assert.deepEqual(event && silentBoxes(event), ['9']);
    });

    it('boxes asked later are added, none twice; an unknown event stays unknown', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(1, clock.ms, { boxes_triggered: ['1', '2'] }));
      await store.addTriggeredBoxes(1, ['2', '3']);
      await store.addTriggeredBoxes(1, ['3', '1']);
      await store.addTriggeredBoxes(1, []);
      await store.addTriggeredBoxes(2, ['9']);
      assert.deepEqual((await store.event(1))?.boxes_triggered, ['1', '2', '3']);
      assert.equal(await store.event(2), undefined);
    });

    it('boxes added by two instances at the same time are all there', async () => {
      const { store, another, clock } = given();
      const other = await another();
      await store.insertEvent(newEvent(1, clock.ms, { boxes_triggered: [] }));
      const boxes = Array.from({ length: 30 }, (_, i) => String(1000 + i));
      await Promise.all(boxes.map((box, i) => (i % 2 ? store : other).addTriggeredBoxes(1, [box])));
      assert.deepEqual((await store.event(1))?.boxes_triggered.toSorted(), boxes);
    });

    it('are read by target start, in both orders, with range and limit', async () => {
      const { store, clock } = given();
      const t = clock.ms - 100_000;
      // 12 and 13 start together: their numbers decide.
      for (const [id, start] of [
        [10, 0],
        [11, 3000],
        [13, 1000],
        [12, 1000],
        [14, 2000],
      ] as const) {
        await store.insertEvent(newEvent(id, t + start));
      }
      const read = async (range: Parameters<typeof store.events>[0]) =>
        (await all(store.events(range))).map((event) => event.event_id);
      assert.deepEqual(await read({}), [10, 12, 13, 14, 11]);
      assert.deepEqual(await read({ descending: true }), [11, 14, 13, 12, 10]);
      assert.deepEqual(await read({ fromMs: t + 1000, toMs: t + 3000 }), [12, 13, 14]);
      assert.deepEqual(
        await read({ fromMs: t + 1000, toMs: t + 3000, descending: true, limit: 2 }),
        [14, 13],
      );
      assert.deepEqual(await read({ limit: 3 }), [10, 12, 13]);
      assert.deepEqual(await read({ fromMs: t + 9000 }), []);
    });

    it('more than one page is read without gap or double, also of events that start together', async () => {
      const { store, clock } = given();
      const ids = Array.from({ length: 2300 }, (_, i) => i + 1);
      for (let i = 0; i < ids.length; i += 100) {
        const part = ids.slice(i, i + 100);
        await Promise.all(
          part.map((id) => store.insertEvent(newEvent(id, clock.ms + Math.floor(id / 1500)))),
        );
      }
      const read = async (range: Parameters<typeof store.events>[0]) =>
        (await all(store.events(range))).map((event) => event.event_id);
      assert.deepEqual(await read({}), ids);
      assert.deepEqual(await read({ descending: true }), ids.toReversed());
    });

    it('answers are listed in the order in which they came, with their times', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(3, clock.ms, { boxes_triggered: ['2', '1'] }));
      await store.putBoxEvent(boxEvent(3, '2', clock.ms), counts(600), clock.ms + 50);
      await store.putBoxEvent(boxEvent(3, '77', clock.ms), counts(600), clock.ms + 20);
      await store.putBoxEvent(boxEvent(3, '1', clock.ms), counts(600), clock.ms + 90);
      const event = await store.event(3);
      // 77 was not asked: stored, but boxes_triggered keeps who was.
      assert.deepEqual(event?.boxes_triggered, ['2', '1']);
      assert.deepEqual(event?.boxes_received, ['2', '77', '1']);
      assert.deepEqual(
        event?.latencies_ms,
        [50, 20, 90].map((ms) => clock.ms + ms),
      );
    });

    it('any event comes back as it went in', async () => {
      const { store } = given();
      const text = fc.string({ unit: 'grapheme', maxLength: 300 });
      const events = fc.record({
        event_id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        type: text,
        description: text,
        boxes_triggered: fc.uniqueArray(fc.nat().map(String)),
        percent_magnitude: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
        target_event_start_timestamp_ms: fc.integer({ min: 0, max: 4e12 }),
        target_event_end_timestamp_ms: fc.integer({ min: 0, max: 4e12 }),
      });
      const seen = new Set<number>();
      await fc.assert(
        fc.asyncProperty(events, async (event) => {
          fc.pre(!seen.has(event.event_id));
          seen.add(event.event_id);
          await store.insertEvent(event);
          const expected = { ...event, boxes_received: [], latencies_ms: [], expire_at: FOREVER_SECONDS };
          assert.deepEqual(await store.event(event.event_id), expected);
        }),
        { numRuns: runs(25) },
      );
    });
  });
}
