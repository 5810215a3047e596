/** Groups after a restart of the service, while the store fails, and in a flood of incidents: what takes seconds. */
import assert from 'node:assert/strict';
import type { Groups } from '../../analysis-service/groups/groups.js';
import { MakaiError } from '../../common/errors.js';
import type { IncidentDocument } from '../../store/store.js';
import { all, finding, newEvent } from '../store/contract/given.js';
import { until } from '../support/until.js';
import { givenGroups, START, sag } from './groups-rig.js';

describe('analysis-service: groups after a restart and in a flood', function () {
  this.timeout(120_000);

  it('incidents that a restart left without a group get one', async () => {
    const { groups, settled, store } = await givenGroups([['1', 'a']]);
    const now = Date.now();
    await store.insertEvent(newEvent(1, now, { boxes_triggered: [] }));
    await store.putAnalysis(1, '1', [finding(1, '1', now - 5000)]);
    groups.start();
    await until('it is settled', async () => settled.length === 1);
    await groups.stop();
    assert.ok((await store.incident(1))?.group);
  });

  it('so do those of a backlog, and when the store is not there at the start', async () => {
    const { make, settled, store } = await givenGroups([['1', 'a']]);
    const weekAgo = Date.now() - 7 * 86_400_000;
    await store.insertEvent(newEvent(1, weekAgo, { boxes_triggered: [] }));
    await store.putAnalysis(1, '1', [finding(1, '1', weekAgo)]);
    let failures = 0;
    const groups = make({
      ...store,
      incidents: (query) => {
        failures += 1;
        if (failures < 3) throw new MakaiError('STORE_UNAVAILABLE', 'not now');
        return store.incidents(query);
      },
    });
    groups.start();
    await until('it is settled', async () => settled.length === 1);
    await groups.stop();
    assert.ok((await store.incident(1))?.group);
  });

  it('a backlog that plugins left does not hide ours', async () => {
    const { make, settled, store } = await givenGroups([['1', 'a']]);
    const weekAgo = Date.now() - 7 * 86_400_000;
    await store.insertEvent(newEvent(1, weekAgo, { boxes_triggered: [] }));
    await store.putAnalysis(1, '1', [finding(1, '1', weekAgo)]);
    const [ours] = await all(store.incidents());
    assert.ok(ours);
    const ofPlugin = (ms: number): IncidentDocument[] =>
      Array.from({ length: 10_000 }, (_, i) => ({
        ...ours,
        ...{ incident_id: 100 + i, event_id: -1, source: 'plugin x', start_timestamp_ms: weekAgo + ms },
      }));
    const inOrder = [...ofPlugin(-1000), ours, ...ofPlugin(1000)];
    const groups = make({
      ...store,
      incidents: async function* ({ descending = false, limit = inOrder.length, ...query } = {}) {
        if (query.isGrouped === undefined) return yield* store.incidents(query);
        yield* (descending ? inOrder.toReversed() : inOrder).slice(0, limit);
      },
    });
    groups.start();
    await until('it is settled', async () => settled.length === 1);
    await groups.stop();
    assert.deepEqual(settled[0]?.incident_ids, [1]);
  });

  it('incidents of the last minutes that have one group are left alone, and what comes later joins it', async () => {
    const { found, groups, make, settled, store } = await givenGroups([
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'a'],
    ]);
    const now = Date.now() - START - 5000;
    await store.insertEvent(newEvent(1, START, { boxes_triggered: [] }));
    await found(1, '1', sag('1', now, -30));
    await found(1, '2', sag('2', now, -31));
    groups.start();
    await until('it is settled', async () => settled.length === 1);
    await groups.stop();
    const restarted = make();
    restarted.start();
    await new Promise((resolve) => setTimeout(resolve, 1300));
    assert.equal(settled.length, 1);
    await store.putAnalysis(1, '3', [finding(1, '3', START, sag('3', now + 20, -40))]);
    const third = (await store.incidentsOfEvent(1)).filter((one) => one.box_id === '3');
    restarted.add(1, '3', third);
    await until('it is settled again', async () => settled.length === 2);
    await restarted.stop();
    assert.deepEqual(settled[1]?.incident_ids, [1, 2, 3]);
  });

  it('incidents that are analysed again while the backlog is read, or that have two groups, are settled', async () => {
    const { make, settled, store } = await givenGroups([
      ['1', 'a'],
      ['2', 'a'],
    ]);
    const now = Date.now() - START - 5000;
    await store.insertEvent(newEvent(1, START, { boxes_triggered: [] }));
    for (const box of ['1', '2']) {
      await store.putAnalysis(1, box, [finding(1, box, START, sag(box, now, -30))]);
      const groups = make();
      groups.add(
        1,
        box,
        (await store.incidentsOfEvent(1)).filter((one) => one.box_id === box),
      );
      const before = settled.length;
      groups.start();
      await until('it has a group', async () => settled.length > before);
      await groups.stop();
    }
    settled.length = 0;
    const stored = await store.incidentsOfEvent(1);
    // Both have a group, and yet the follower has written one again.
    let read = 0;
    const groups: Groups = make({
      ...store,
      incidents: async function* (query) {
        read += 1;
        if (read === 1) groups.add(1, '1', stored.slice(0, 1));
        yield* store.incidents(query);
      },
    });
    groups.start();
    await until('it is settled', async () => settled.length === 1);
    await groups.stop();
    assert.deepEqual(settled[0]?.incident_ids, [1, 2]);
  });

  it('an old incident whose neighbours have their group already joins them, with all of another service’s', async () => {
    const { make, settled, store } = await givenGroups([
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'a'],
    ]);
    // Older than what is read at the start whether it has a group or not.
    const ms = -7_200_000;
    await store.insertEvent(newEvent(1, START + ms, { boxes_triggered: ['1', '2', '3'] }));
    const stored = async (box: string): Promise<IncidentDocument[]> => {
      await store.putAnalysis(1, box, [finding(1, box, START, sag(box, ms, -30 - Number(box)))]);
      return (await store.incidentsOfEvent(1)).filter((one) => one.box_id === box);
    };
    const killed = make();
    for (const box of ['1', '2']) killed.add(1, box, await stored(box));
    killed.add(1, '3', []);
    killed.start();
    await until('two have their group', async () => settled.length === 1);
    await killed.stop();
    assert.deepEqual(settled[0]?.incident_ids, [1, 2]);
    const [third] = await stored('3');
    assert.ok(third);
    const next = make();
    next.start();
    next.add(1, '1', []);
    next.add(1, '2', []);
    next.add(1, '3', []);
    await until('all have one', async () => settled.length === 2);
    await next.stop();
    assert.deepEqual(settled[1]?.incident_ids, [1, 2, 3]);
    for (const one of await store.incidentsOfEvent(1)) assert.deepEqual(one.group?.box_ids, ['1', '2', '3']);
    // One shortly before them has its own group, which stays.
    settled.length = 0;
    const near = make();
    await store.putAnalysis(2, '1', [finding(2, '1', START, sag('1', ms - 500, -30))]);
    const [before] = await store.incidentsOfEvent(2);
    assert.ok(before);
    near.add(2, '1', [before]);
    near.start();
    await until('it has its group', async () => settled.length === 1);
    await near.stop();
    settled.length = 0;
    // Of several services, the elected one may know one of them when all are analysed.
    const elected = make();
    const [first] = await store.incidentsOfEvent(1);
    assert.ok(first);
    for (const box of ['1', '2', '3']) elected.add(1, box, []);
    const { group: _, ...ungrouped } = first;
    elected.take(ungrouped);
    elected.start();
    await until('it is settled', async () => settled.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1300));
    await elected.stop();
    assert.deepEqual(
      settled.map((one) => one.incident_ids),
      [[1, 2, 3]],
    );
    assert.equal((await store.incident(before.incident_id))?.group?.group_id, before.incident_id);
  });

  it('a failure of the store that stays does not keep new groups from settling', async () => {
    const { make, settled, store } = await givenGroups([['1', 'a']]);
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1'] }));
    await store.putAnalysis(1, '1', [finding(1, '1', START)]);
    const groups = make({
      ...store,
      incidents: () => {
        throw new MakaiError('STORE_DAMAGED', 'a page is damaged');
      },
    });
    groups.start();
    groups.add(1, '1', await store.incidentsOfEvent(1));
    await until('it is settled', async () => settled.length === 1);
    await groups.stop();
  });

  it('a flood settles the oldest groups early, no others, and no group grows without end', async () => {
    const { found, groups, settled, store } = await givenGroups([['1', 'a']]);
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1', '2', '3'] }));
    await found(1, '1', sag('1', 0, -33.6));
    await found(1, '2', sag('2', 1000, -33.6));
    const [one] = await store.incidentsOfEvent(1);
    assert.ok(one);
    const copies = (count: number, stepMs: number, firstId: number): IncidentDocument[] =>
      Array.from({ length: count }, (_, i) => ({
        ...one,
        incident_id: firstId + i,
        start_timestamp_ms: START + 2000 + stepMs * i,
        end_timestamp_ms: START + 2000 + stepMs * i + 10,
      }));
    groups.add(1, '1', copies(2000, 1000, 1000));
    assert.equal(groups.open, 2002);
    groups.start();
    await until('the oldest are settled', async () => settled.length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await groups.stop();
    assert.deepEqual(
      settled.map(({ incident_ids }) => incident_ids),
      [[1], [2]],
    );
    const { groups: others } = await givenGroups([['1', 'a']]);
    others.add(1, '1', copies(2500, 1, 1000));
    assert.equal(others.open, 3);
  });
});
