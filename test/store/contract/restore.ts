import assert from 'node:assert/strict';
import type { BoxEventDocument, StoredDocuments } from '../../../store/documents.js';
import type { Store } from '../../../store/store.js';
import type { MakeStore } from '../contract.js';
import type { Writable } from '../writable.js';
import {
  all,
  bareAggregate,
  boxEvent,
  bytesOf,
  columnsOf,
  counts,
  finding,
  givenStore,
  newEvent,
  wholeAggregate,
} from './given.js';

export function restoreContract(makeStore: MakeStore): void {
  describe('documents of another store', () => {
    const source = givenStore(makeStore, { trendsSeconds: 9000, eventsSeconds: 9000 });
    const target = givenStore(makeStore);

    async function fill(store: Writable<Store>, t: number): Promise<void> {
      await store.insertMeasurements(
        columnsOf([
          { box: 1001, at: t + 1500, metrics: { f: 59.98, rms: [101.5, 119.3, 122], thd: 0.02, trans: 1.5 } },
          { box: 1001, at: t, metrics: { rms: 0 }, invalid: ['f', 'thd'] },
          { box: 7, at: t },
          { box: 7, at: t + 1, metrics: { rms: [3, 4, 5] }, flagged: ['interruption'] },
        ]),
      );
      const metric = { min: 59.9, max: 60.1, average: 60.000_000_001 };
      await store.putTrends([
        { box_id: '1001', timestamp_ms: t, location: 'lab', frequency: metric, voltage: metric },
        { box_id: '99', timestamp_ms: t, location: 'unknown', flagged: 1 },
        {
          ...{ box_id: '99', timestamp_ms: t + 60_000, location: 'unknown', voltage: metric },
          ...{ flagged: 0.25, unflagged: { voltage: { min: 59.95, max: 60.05 } } },
        },
      ]);
      await store.putAggregates([wholeAggregate('1001', t), bareAggregate('88', t)]);
      await store.putSeries([{ plugin: 'p', series: 's', box_id: '1001', timestamp_ms: t, value: 0.1 }]);
      await store.insertEvent(newEvent(17, t));
      await store.insertEvent(newEvent(18, t + 1, { boxes_triggered: [], family: 17, request_data: false }));
      const boxes_refused = [{ reason: 'waveform_budget_of_box', boxes: ['1001', '1002'] }];
      await store.insertEvent(newEvent(19, t + 2, { boxes_refused }));
      await store.putBoxEvent(boxEvent(17, '1002', t), counts(601), t + 9);
      await store.putBoxEvent(boxEvent(17, '1001', t, 0), counts(0), t + 5);
      await store.putAnalysis(17, '1002', [finding(17, '1002', t)]);
    }

    /** All that `restore` takes, read from a store. */
    async function documentsOf(store: Store): Promise<Required<StoredDocuments>> {
      const boxEventOf = async (document: BoxEventDocument) => ({
        document,
        bytes: await store.waveform(document.data_fs_filename),
      });
      const ids = (await store.boxIdsWithData()).toSorted();
      const events = await all(store.events());
      const boxEvents = await Promise.all(events.map((event) => store.boxEvents(event.event_id)));
      return {
        measurements: (await Promise.all(ids.map((id) => all(store.measurements(id))))).flat(),
        trends: (await Promise.all(ids.map((id) => all(store.trends(id))))).flat(),
        aggregates: (
          await Promise.all(
            ids.flatMap((id) => [all(store.aggregates(id, 600)), all(store.aggregates(id, 7200))]),
          )
        ).flat(),
        series: (
          await Promise.all((await store.seriesNames()).map((name) => all(store.series(name))))
        ).flat(),
        events,
        boxEvents: await Promise.all(boxEvents.flat().map(boxEventOf)),
        incidents: await Promise.all(
          (await all(store.incidents())).map(async (document) => ({
            document,
            bytes: await store.waveform(document.gridfs_filename),
          })),
        ),
      };
    }

    it('boxes with data are those with measurements or trends, recorded or not', async () => {
      const { store, clock } = source();
      assert.deepEqual(await store.boxIdsWithData(), []);
      await fill(store, clock.ms);
      await store.putBox({ box_id: '5', calibration_constant: 1, unplugged: false });
      assert.deepEqual((await store.boxIdsWithData()).toSorted(), ['1001', '7', '88', '99']);
    });

    it('come out as they went in, expiry and all; the same again changes nothing', async () => {
      const { store, clock } = source();
      await fill(store, clock.ms);
      const documents = await documentsOf(store);
      const to = target().store;
      assert.deepEqual(await to.restore(documents), { inserted: 16, duplicates: 0 });
      assert.deepEqual(await documentsOf(to), documents);
      assert.deepEqual(await to.restore(documents), { inserted: 0, duplicates: 16 });
      assert.deepEqual(await documentsOf(to), documents);
      assert.deepEqual(await to.restore({}), { inserted: 0, duplicates: 0 });
      assert.deepEqual(await to.nextEventIds(1), [20]);
      const newest = (await to.newestByBox()).toSorted((a, b) => Number(a.boxId) - Number(b.boxId));
      assert.deepEqual(newest, [
        { boxId: '7', measurementMs: clock.ms + 1 },
        { boxId: '1001', measurementMs: clock.ms + 1500, trendMs: clock.ms },
      ]);
    });

    it('what is there already stays; an event gains the answers that it lacks', async () => {
      const { store, clock } = source();
      await fill(store, clock.ms);
      const documents = await documentsOf(store);
      const to = target().store;
      await to.insertEvent(newEvent(17, clock.ms, { description: 'ours' }));
      await to.putBoxEvent(boxEvent(17, '1002', clock.ms + 7), counts(5, 5), clock.ms + 70);
      await to.insertMeasurements(columnsOf([{ box: 7, at: clock.ms, metrics: { f: 50 } }]));
      assert.deepEqual(await to.restore(documents), { inserted: 13, duplicates: 3 });
      const event = await to.event(17);
      assert.equal(event?.description, 'ours');
      assert.deepEqual(event?.boxes_received, ['1002', '1001']);
      assert.deepEqual(event?.latencies_ms, [clock.ms + 70, clock.ms + 5]);
      assert.ok((await to.waveform('event_17_1002'))?.equals(bytesOf(counts(5, 5))));
      assert.equal((await all(to.measurements('7')))[0]?.frequency, 50);
    });

    it('what other programs leave out stays out: type, latencies, magnitude, a waveform', async () => {
      const { store, clock } = target();
      const event = {
        event_id: 7,
        description: 'Makai id 42',
        boxes_triggered: ['8'],
        boxes_received: ['8', '7'],
        target_event_start_timestamp_ms: clock.ms,
        target_event_end_timestamp_ms: clock.ms + 1,
        expire_at: 4_000_000_000,
      };
      const document = { ...boxEvent(7, '8', clock.ms), data_fs_filename: 'event_7' };
      await store.restore({ events: [event], boxEvents: [{ document, bytes: undefined }] });
      assert.deepEqual(await store.event(7), event);
      assert.deepEqual(await store.boxEvents(7), [document]);
      assert.equal(await store.waveform('event_7'), undefined);
    });
  });
}
