import assert from 'node:assert/strict';
import { groupSentence } from '../../analysis-service/groups/sentence.js';
import type { IncidentDocument } from '../../store/store.js';
import { all, columnsOf, finding, newEvent } from '../store/contract/given.js';
import { until } from '../support/until.js';
import { givenGroups, START, sag } from './groups-rig.js';

describe('analysis-service: groups of incidents', function () {
  this.timeout(120_000);

  it('boxes of one disturbance are one group, with first and deepest box and what boxes without a waveform measured', async () => {
    const { found, groups, settled, store } = await givenGroups([
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
      ['4', 'b'],
      ['5', 'c'],
    ]);
    for (const [slug, ...regions] of [
      ['a', 'hawaii', 'oahu'],
      ['b', 'hawaii', 'oahu'],
      ['c', 'hawaii'],
    ] as const)
      await store.putLocation({ slug, regions });
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1', '2', '3'] }));
    // Box 4 shows it in the lowest cycle of its measurement; box 5 shows nothing; box 9 was last heard an hour before.
    await store.insertMeasurements(
      columnsOf([
        { box: 4, at: START + 400, metrics: { rms: [91, 117, 121] } },
        { box: 5, at: START + 400, metrics: { rms: [117, 119, 121] } },
        { box: 9, at: START - 3_600_000, metrics: { rms: [1, 1, 1] } },
      ]),
    );
    await found(1, '1', sag('1', 0, -33.6));
    await found(1, '2', sag('2', 12, -40));
    groups.start();
    await found(1, '3');
    await until('the group is settled', async () => settled.length > 0);
    await groups.stop();
    const [group] = settled;
    assert.deepEqual(group, {
      // The smallest that has them all.
      ...{ group_id: 1, scope: 'region', region: 'oahu', incident_ids: [1, 2], box_ids: ['1', '2', '4'] },
      ...{ boxes_heard: 5, first_box: '1', deepest_box: '2', spread_ms: 12, from_measurements: ['4'] },
      spread_depth: 0.05333,
      sentence:
        'Voltage sag to 0.67 pu for 0.18 s at 3 of 5 boxes, deepest at 2, ITIC: no interruption; SEMI F47: passed',
    });
    for (const incident of await all(store.incidents())) assert.deepEqual(incident.group, group);
  });

  it('another quantity, another direction and another time are other groups; a box alone is one too', async () => {
    const { found, groups, settled, store } = await givenGroups([
      ['1', 'a'],
      ['2', 'a'],
    ]);
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1', '2'] }));
    await found(1, '1', sag('1', 0, -33.6), { ...sag('1', 0, -2), measurement_type: 'FREQUENCY' });
    await found(1, '2', sag('2', 20, 20), sag('2', 5000, -30));
    groups.start();
    await until('all are settled', async () => settled.length >= 4);
    await groups.stop();
    assert.deepEqual(settled.map(({ box_ids, scope }) => `${box_ids.join()} ${scope}`).toSorted(), [
      '1 box',
      '1 box',
      '2 box',
      '2 box',
    ]);
  });

  it('waits for the replies of its events; an incident that comes after it was settled opens it again', async () => {
    const { found, groups, settled, store } = await givenGroups([
      ['1', 'a'],
      ['2', 'a'],
    ]);
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1'] }));
    await store.insertEvent(newEvent(2, START, { boxes_triggered: ['2'] }));
    groups.start();
    await found(1, '1', sag('1', 0, -33.6));
    await until('it is settled', async () => settled.length === 1);
    assert.equal(settled[0]?.scope, 'box');
    await found(2, '2', sag('2', 30, -50));
    await until('it is settled again', async () => settled.length === 2);
    await groups.stop();
    assert.deepEqual(
      [settled[1]?.group_id, settled[1]?.scope, settled[1]?.box_ids],
      [1, 'location', ['1', '2']],
    );
  });

  it('measurements that are stored after the waveform are copied into the incident when it settles', async () => {
    const { found, groups, settled, store } = await givenGroups([['1', 'a']]);
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1'] }));
    await found(1, '1', { ...sag('1', 0, -33.6), measurements: [] });
    await store.insertMeasurements(columnsOf([{ box: 1, at: START + 100, metrics: { rms: 90 } }]));
    groups.start();
    await until('it is settled', async () => settled.length === 1);
    await groups.stop();
    const [incident] = await all(store.incidents());
    assert.deepEqual(incident?.measurements, [{ box_id: '1', timestamp_ms: START + 100, voltage: 90 }]);
    assert.equal(incident?.gridfs_filename, 'incident_1');
    assert.ok(incident?.group);
  });

  it('writes no incident of a box while the follower has its turn', async () => {
    const { found, groups, settled, store, turns } = await givenGroups([['1', 'a']]);
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1'] }));
    await found(1, '1', { ...sag('1', 0, -33.6), measurements: [] });
    await store.insertMeasurements(columnsOf([{ box: 1, at: START + 100, metrics: { rms: 90 } }]));
    await turns.run('1', async () => {
      groups.start();
      await until('the group asks for its turn', async () => turns.asked === 2);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(settled.length, 0);
      assert.deepEqual((await store.incident(1))?.measurements, []);
    });
    await until('it is settled', async () => settled.length === 1);
    await groups.stop();
    assert.equal((await store.incident(1))?.measurements.length, 1);
  });

  it('each quantity has its sentence', () => {
    const incident = (more: Partial<IncidentDocument>): IncidentDocument => ({
      ...{ incident_id: 1, annotations: [], gridfs_filename: '', expire_at: 0 },
      ...finding(1, '6', START).incident,
      ...more,
    });
    const said = (more: Partial<IncidentDocument>, affected = 1, heard = 1) =>
      groupSentence({ incident: incident(more), affected, heard });
    assert.equal(
      said({ measurement_type: 'FREQUENCY', deviation_from_nominal: -0.7, metadata: { worst: 59.3 } }, 2, 3),
      'Underfrequency to 59.30 Hz for 0.18 s at 2 of 3 boxes, largest at 6',
    );
    assert.equal(
      said({ measurement_type: 'THD', deviation_from_nominal: 8, metadata: { worst: 8.04 } }),
      'THD of 8.0 % for 0.18 s at box 6, 1 of 1 box',
    );
    assert.equal(
      said({
        ...{ measurement_type: 'TRANSIENT', classifications: ['OSCILLATORY_TRANSIENT'] },
        metadata: { worst: -85.2 },
      }),
      'Oscillatory transient of 85 V at box 6, 1 of 1 box',
    );
    assert.equal(
      said({
        classifications: ['VOLTAGE_INTERRUPTION'],
        deviation_from_nominal: -120,
        metadata: { nominal_voltage_v: 120 },
      }),
      'Interruption to 0.00 pu for 0.18 s at box 6, 1 of 1 box',
    );
  });
});
