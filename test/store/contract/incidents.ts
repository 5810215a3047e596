import assert from 'node:assert/strict';
import type { IncidentGroup } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import {
  all,
  bareAggregate,
  boxEvent,
  bytesOf,
  columnsOf,
  counts,
  finding,
  givenStore,
  HOUR,
  newEvent,
  wholeAggregate,
} from './given.js';

const YEAR = 365 * 24 * HOUR;

export function incidentsContract(makeStore: MakeStore): void {
  describe('incidents', () => {
    const given = givenStore(makeStore, { trendsSeconds: HOUR, eventsSeconds: HOUR });

    async function stored(eventId: number, boxes: readonly string[]) {
      const { store, clock, another } = given();
      await store.insertEvent(newEvent(eventId, clock.ms));
      for (const box of boxes)
        await store.putBoxEvent(boxEvent(eventId, box, clock.ms), counts(600), clock.ms);
      return { store, clock, another, t: clock.ms };
    }

    it('ids of what is stored come in rising order after an id', async () => {
      const { store, another } = await stored(4, ['1']);
      assert.deepEqual([await store.highestId('event'), await store.highestId('incident')], [4, 0]);
      for (const id of [9, 2, 7]) await store.insertEvent(newEvent(id, 0));
      const other = await another();
      assert.deepEqual(await other.idsAfter('event', 0, 10), [2, 4, 7, 9]);
      assert.deepEqual(await other.idsAfter('event', 2, 2), [4, 7]);
      assert.deepEqual(await other.idsAfter('event', 9, 2), []);
      assert.equal(await other.highestId('event'), 9);
      await store.putAnalysis(4, '1', [finding(4, '1', 5)]);
      assert.deepEqual(await other.idsAfter('incident', 0, 10), [1]);
      assert.equal(await other.highestId('incident'), 1);
    });

    it('every waveform waits until it is analysed, in order of arrival', async () => {
      const { store, another } = await stored(1, ['1002', '1001']);
      await store.insertEvent(newEvent(2, 0));
      await store.putBoxEvent(boxEvent(2, '7', 0), counts(9), 0);
      const waiting = [
        { eventId: 1, boxId: '1002' },
        { eventId: 1, boxId: '1001' },
        { eventId: 2, boxId: '7' },
      ];
      assert.deepEqual(await store.waitingWaveforms(10), waiting);
      const ofSome = async (...boxIds: string[]) =>
        (await store.boxEvents(1, boxIds)).map(({ box_id }) => box_id);
      assert.deepEqual(await ofSome('1001', '9', '1002', '1001'), ['1002', '1001']);
      assert.deepEqual(await ofSome('1001'), ['1001']);
      assert.deepEqual(await ofSome(), []);
      assert.deepEqual(await store.boxEvents(1, ['1001']), (await store.boxEvents(1)).slice(1));
      assert.deepEqual(await store.waitingWaveforms(1), waiting.slice(0, 1));
      assert.deepEqual(await store.waitingWaveforms(5, 1), waiting.slice(1));
      assert.deepEqual(await store.waitingWaveforms(1, 1), waiting.slice(1, 2));
      assert.deepEqual(await store.waitingWaveforms(5, 3), []);
      assert.equal(await store.analysis(1, '1001'), undefined);
      await store.putAnalysis(1, '1001', [], ['the samples are constant (0)']);
      const other = await another();
      assert.deepEqual(await other.waitingWaveforms(10), [waiting[0], waiting[2]]);
      assert.deepEqual([await store.countWaitingWaveforms(10), await store.countWaitingWaveforms(1)], [2, 1]);
      assert.deepEqual((await other.analysis(1, '1001'))?.remarks, ['the samples are constant (0)']);
      // A second reply of the same box is a duplicate, and no new waveform.
      await store.putBoxEvent(boxEvent(1, '1001', 0), counts(600), 0);
      assert.equal(await store.countWaitingWaveforms(10), 2);
    });

    it('come back whole, with an id, a file and a year to live', async () => {
      const { store, clock, another, t } = await stored(3, ['1001']);
      const sag = finding(3, '1001', t + 5);
      const { numbered, ...counted } = await store.putAnalysis(3, '1001', [sag]);
      assert.deepEqual(counted, { inserted: 1, duplicates: 0 });
      // A store need not say; what it says is what is stored.
      if (numbered !== undefined)
        assert.deepEqual(numbered, [{ incidentId: 1, expireAt: clock.ms / 1000 + YEAR }]);
      const expected = {
        ...sag.incident,
        incident_id: 1,
        gridfs_filename: 'incident_1',
        annotations: [],
        expire_at: clock.ms / 1000 + YEAR,
      };
      const other = await another();
      assert.deepEqual(await other.incident(1), expected);
      assert.deepEqual(await all(other.incidents()), [expected]);
      assert.deepEqual(await other.incidentsOfEvent(3), [expected]);
      assert.ok((await other.waveform('incident_1'))?.equals(bytesOf(sag.samples)));
      assert.equal(await other.incident(2), undefined);
      assert.equal(await other.waveform('incident_2'), undefined);
    });

    it('the same analysis twice changes nothing; ids are given once, also across processes', async () => {
      const { store, another, t } = await stored(1, ['1', '2']);
      const other = await another();
      const two = [finding(1, '1', t), finding(1, '1', t, { measurement_type: 'FREQUENCY' })];
      await store.putAnalysis(1, '1', two);
      assert.deepEqual(await other.putAnalysis(1, '1', two), { inserted: 0, duplicates: 2 });
      await other.putAnalysis(1, '2', [finding(1, '2', t)]);
      const incidents = await all(store.incidents());
      assert.deepEqual(incidents.map((one) => one.incident_id).toSorted(), [1, 2, 3]);
    });

    it('another analysis replaces the findings; what is found again keeps its id and remarks', async () => {
      const { store, t } = await stored(1, ['1']);
      const frequency = finding(1, '1', t + 500, { measurement_type: 'FREQUENCY' });
      await store.putAnalysis(1, '1', [finding(1, '1', t), frequency]);
      const ofPlugin = finding(1, '1', t, { source: 'plugin x', metadata: { class: 'HUM' } });
      await store.putIncident(ofPlugin);
      assert.equal(await store.annotateIncident(1, 'a tree'), true);
      assert.equal(await store.annotateIncident(1, 'a tree'), true);
      assert.equal(await store.annotateIncident(9, 'no'), false);
      // The sag begins 4 ms later by a better method; the frequency was none.
      const better = finding(1, '1', t + 4, { deviation_from_nominal: -40 });
      await store.putAnalysis(1, '1', [better, finding(1, '1', t, { measurement_type: 'THD' })]);
      const incidents = await store.incidentsOfEvent(1);
      const shown = incidents.map((one) => [
        one.incident_id,
        one.measurement_type,
        one.deviation_from_nominal,
      ]);
      assert.deepEqual(
        shown.toSorted((a, b) => Number(a[0]) - Number(b[0])),
        [
          [1, 'VOLTAGE', -40],
          [3, 'VOLTAGE', -33.5],
          [4, 'THD', -33.5],
        ],
      );
      assert.deepEqual((await store.incident(1))?.annotations, ['a tree']);
      assert.ok((await store.waveform('incident_1'))?.equals(bytesOf(better.samples)));
      assert.equal(await store.waveform('incident_2'), undefined);
    });

    it('one whose start moved stays one, and leaves its old start to another', async () => {
      const { store, another, t } = await stored(1, ['1']);
      await store.putAnalysis(1, '1', [finding(1, '1', t)]);
      const moved = finding(1, '1', t + 4);
      assert.deepEqual(await store.putAnalysis(1, '1', [moved]), { inserted: 0, duplicates: 1 });
      assert.deepEqual(await store.putAnalysis(1, '1', [moved]), { inserted: 0, duplicates: 1 });
      assert.deepEqual(await store.putIncident(moved), { inserted: 0, duplicates: 1 });
      assert.deepEqual(
        (await store.incidentsOfEvent(1)).map((one) => [one.incident_id, one.start_timestamp_ms]),
        [[1, t + 4]],
      );
      // A copy of it is a duplicate too.
      const [document] = await store.incidentsOfEvent(1);
      assert.ok(document);
      const restored = await (await another()).restore({ incidents: [{ document, bytes: undefined }] });
      assert.deepEqual(restored, { inserted: 0, duplicates: 1 });
      // Now there are two, and the second one begins where the first one did.
      const early = finding(1, '1', t, { end_timestamp_ms: t + 2 });
      assert.deepEqual(await store.putAnalysis(1, '1', [moved, early]), { inserted: 1, duplicates: 1 });
      assert.deepEqual(await store.putAnalysis(1, '1', [moved, early]), { inserted: 0, duplicates: 2 });
      assert.deepEqual(await store.putIncident(early), { inserted: 0, duplicates: 1 });
      assert.deepEqual(
        (await store.incidentsOfEvent(1)).map((one) => [one.incident_id, one.start_timestamp_ms]),
        [
          [2, t],
          [1, t + 4],
        ],
      );
    });

    it('one that goes on is written again, with its id and samples', async () => {
      const { store, clock } = given();
      const outage = finding(-1, '9', clock.ms, { measurement_type: 'HEALTH', classifications: ['OUTAGE'] });
      await store.putIncident({ ...outage, incident: { ...outage.incident, end_timestamp_ms: -1 } });
      assert.equal((await store.incident(1))?.end_timestamp_ms, -1);
      const over = { ...outage.incident, end_timestamp_ms: clock.ms + 70_000 };
      const again = await store.putIncident({ incident: over, samples: new Int16Array() });
      assert.deepEqual(again, { inserted: 0, duplicates: 1 });
      assert.deepEqual(await store.incident(1), {
        ...over,
        incident_id: 1,
        gridfs_filename: 'incident_1',
        annotations: [],
        expire_at: clock.ms / 1000 + YEAR,
      });
      assert.ok((await store.waveform('incident_1'))?.equals(bytesOf(outage.samples)));
    });

    it('an id that was drawn elsewhere is kept, and ours go on past it', async () => {
      const { store, t } = await stored(1, ['1', '2']);
      await store.putAnalysis(1, '1', [finding(1, '1', t, { incident_id: 500 })]);
      await store.putAnalysis(1, '2', [finding(1, '2', t)]);
      assert.deepEqual(
        (await store.incidentsOfEvent(1)).map((one) => one.incident_id).toSorted(),
        [500, 501],
      );
    });

    it('are read by time and box, either way, a few or all', async () => {
      const { store, clock } = given();
      for (let i = 0; i < 12; i += 1) {
        await store.putIncident(finding(i, i % 3 === 0 ? '7' : '8', clock.ms + 1000 * (i >> 1)));
      }
      const starts = async (query: Parameters<typeof store.incidents>[0]) =>
        (await all(store.incidents(query))).map((one) => one.event_id);
      assert.deepEqual(await starts({}), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      assert.deepEqual(await starts({ descending: true, limit: 3 }), [11, 10, 9]);
      assert.deepEqual(await starts({ fromMs: clock.ms + 1000, toMs: clock.ms + 3000 }), [2, 3, 4, 5]);
      assert.deepEqual(await starts({ boxId: '7' }), [0, 3, 6, 9]);
      assert.deepEqual(await starts({ boxId: '7', descending: true, limit: 2 }), [9, 6]);
      const outage = { classifications: ['UNDEFINED', 'OUTAGE'], end_timestamp_ms: -1 };
      await store.putIncident(finding(-1, '8', clock.ms, outage));
      await store.putIncident(finding(-1, '7', clock.ms + 1, { classifications: ['OUTAGE'] }));
      assert.deepEqual(await starts({ eventId: 3 }), [3]);
      assert.deepEqual(await starts({ eventId: 3, boxId: '8' }), []);
      const classification = 'OUTAGE';
      assert.deepEqual(await starts({ classification }), [-1, -1]);
      assert.deepEqual(await starts({ classification: 'OUT' }), []);
      const ids = async (query: Parameters<typeof store.incidents>[0]) =>
        (await all(store.incidents(query))).map((one) => one.incident_id);
      assert.deepEqual(await ids({ classification, goesOn: true, eventId: -1, descending: true }), [13]);
      assert.deepEqual(await ids({ classification, goesOn: false, eventId: -1 }), [14]);
      assert.deepEqual(await ids({ classification, boxId: '7', fromMs: clock.ms + 1, limit: 1 }), [14]);
      const [{ end_timestamp_ms: endsFromMs } = { end_timestamp_ms: 0 }] = await all(
        store.incidents({ classification, goesOn: false }),
      );
      assert.deepEqual(await ids({ classification, endsFromMs }), [14]);
      assert.deepEqual(await ids({ classification, endsFromMs: endsFromMs + 1 }), []);
      assert.deepEqual(await ids({ classification, endsFromMs: -1, goesOn: false }), [14]);
    });

    it('a group is noted in each of its incidents, and stays when one is written again', async () => {
      const { store, t } = await stored(1, ['1', '2']);
      await store.putAnalysis(1, '1', [finding(1, '1', t)]);
      await store.putAnalysis(1, '2', [finding(1, '2', t)]);
      const group: IncidentGroup = {
        region: 'oahu',
        ...{ group_id: 1, scope: 'region', incident_ids: [1, 2, 99], box_ids: ['1', '2'], boxes_heard: 3 },
        ...{ first_box: '1', deepest_box: '2', spread_ms: 4.5, spread_depth: 0.01, from_measurements: ['5'] },
        sentence: 'Voltage sag to 0.72 pu for 0.18 s at 2 of 3 boxes',
      };
      await store.apply({ kind: 'incident_group', group });
      await store.putAnalysis(1, '2', [
        finding(1, '2', t),
        finding(1, '2', t + 9, { measurement_type: 'THD' }),
      ]);
      const ids = async (isGrouped: boolean) =>
        (await all(store.incidents({ isGrouped }))).map((one) => one.incident_id);
      assert.deepEqual([await ids(true), await ids(false)], [[1, 2], [3]]);
      for (const id of [1, 2]) assert.deepEqual((await store.incident(id))?.group, group);
    });

    it('expire with their samples, and never before what they prolong', async () => {
      const { store, clock, t } = await stored(1, ['1']);
      await store.insertMeasurements(columnsOf([50, 90_000].map((ms) => ({ box: 1, at: t + ms }))));
      await store.insertMeasurements(columnsOf([{ box: 2, at: t + 50 }]));
      const metric = { min: 1, max: 1, average: 1 };
      await store.putTrends([{ box_id: '1', timestamp_ms: t + 59_000, location: 'x', voltage: metric }]);
      const ends = [t, t + 600_000, t + 3_600_000];
      await store.putAggregates(ends.map((end) => wholeAggregate('1', end - 1)));
      await store.putAggregates([wholeAggregate('2', t + 1), bareAggregate('1', t + 3_600_000)]);
      await store.putAnalysis(1, '1', [finding(1, '1', t)]);
      const until = clock.ms / 1000 + YEAR;
      const prolonged = async (boxId: string, seconds: 600 | 7200) =>
        (await all(store.aggregates(boxId, seconds))).map(({ expire_at }) => expire_at === until);
      assert.deepEqual(await prolonged('1', 600), [false, true, false]);
      assert.deepEqual([await prolonged('1', 7200), await prolonged('2', 600)], [[true], [false]]);
      assert.equal((await store.event(1))?.expire_at, until);
      const [measurement, later] = await all(store.measurements('1'));
      assert.deepEqual([measurement?.expire_at, (later?.expire_at ?? until) < until], [until, true]);
      assert.ok(((await all(store.measurements('2')))[0]?.expire_at ?? until) < until);
      assert.equal((await all(store.trends('1')))[0]?.expire_at, until);
      const swept = await store.sweep(clock.ms + 1000 * YEAR + 2000);
      assert.deepEqual([swept.incidents, swept.events], [1, 1]);
      assert.equal(await store.incident(1), undefined);
      assert.equal(await store.waveform('incident_1'), undefined);
      assert.equal(await store.countWaitingWaveforms(9), 0);
    });

    it('a long one prolongs ten-minute values and trends in place of measurements', async () => {
      const { store, clock } = given();
      const t = 7_200_000 * Math.floor(clock.ms / 7_200_000);
      await store.insertMeasurements(columnsOf([{ box: 1, at: t + 1000 }]));
      const short = (endMs: number) => ({ ...bareAggregate('1', endMs), window_seconds: 600 as const });
      await store.putAggregates([short(t + 600_000), short(t + 3_600_000)]);
      await store.putIncident(finding(-1, '1', t, { end_timestamp_ms: t + 900_000 }));
      const until = clock.ms / 1000 + YEAR;
      const lives = await all(store.aggregates('1', 600));
      assert.deepEqual(
        lives.map(({ expire_at }) => expire_at === until),
        [true, false],
      );
      assert.ok(((await all(store.measurements('1')))[0]?.expire_at ?? until) < until);
    });

    it('an incident never shortens a life, and one without an event prolongs none', async () => {
      const { store, clock } = given();
      await store.putIncident(finding(-1, '1', clock.ms));
      const before = (await store.incident(1))?.expire_at;
      clock.ms -= 3_600_000;
      await store.putIncident(finding(-1, '1', clock.ms + 3_600_000));
      assert.equal((await store.incident(1))?.expire_at, before);
    });
  });
}
