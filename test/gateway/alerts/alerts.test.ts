import assert from 'node:assert/strict';
import type { RuleAlert } from '../../../rules/index.js';
import { alertRig, groupOf, incidentOf, START_MS } from './rig.js';

/** Timers fire outside the test's own promises: until the store has taken what they wrote. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('gateway: alerts', () => {
  it('an outage of 100 boxes is one message, and one when it is over', async () => {
    const { clock, start, store, titles } = await alertRig();
    const alerts = await start();
    for (let id = 1; id <= 100; id += 1) await alerts.incident(incidentOf(id));
    await alerts.incident(incidentOf(1));
    assert.deepEqual(titles(), []);
    assert.equal((await store.alerts({ open: true, limit: 10 }))[0]?.state, 'pending');
    clock.advance(5000);
    await settled();
    assert.deepEqual(titles(), ['100 boxes are silent']);
    for (let id = 1; id <= 100; id += 1) {
      await alerts.incident(incidentOf(id, { end_timestamp_ms: START_MS + 60_000 }));
      if (id === 99) assert.deepEqual(titles(), []);
    }
    assert.deepEqual(titles(), ['Over: 100 boxes are silent']);
    const [alert] = await store.alerts({ limit: 10 });
    assert.equal(alert?.state, 'resolved');
    assert.equal(alert?.box_ids.length, 100);
    for (let id = 1; id <= 3; id += 1) await alerts.incident(incidentOf(id, { end_timestamp_ms: START_MS }));
    clock.advance(60_000);
    await settled();
    assert.deepEqual(titles(), [], 'what is over is not said again, also for those that joined the alert');
    await alerts.stop();
    const again = await start();
    await again.incident(incidentOf(50, { end_timestamp_ms: START_MS }));
    clock.advance(60_000);
    await settled();
    assert.deepEqual(titles(), []);
    await again.stop();
  });

  it('a restart between the beginning and the message loses nothing and repeats nothing', async () => {
    const { clock, putOutage, start, titles } = await alertRig();
    assert.equal(await putOutage('1001'), 1);
    const first = await start();
    await first.incident(incidentOf(1));
    await first.stop();
    const second = await start();
    await second.incident(incidentOf(1));
    clock.advance(5000);
    await settled();
    assert.deepEqual(titles(), ['Box 1001 is silent']);
    await second.stop();
    const third = await start();
    await third.incident(incidentOf(1));
    clock.advance(5000);
    await settled();
    assert.deepEqual(titles(), []);
    await third.incident(incidentOf(1, { end_timestamp_ms: START_MS + 5 }));
    assert.deepEqual(titles(), ['Over: Box 1001 is silent']);
    await third.stop();
  });

  it('an outage that ended, or was removed, while the gateway did not run is over at its next start', async () => {
    const { clock, putOutage, start, store, titles } = await alertRig();
    const first = await start();
    const ids = [await putOutage('1001'), await putOutage('1002')];
    for (const id of ids) {
      const incident = await store.incident(id);
      assert.ok(incident);
      await first.incident(incident);
    }
    await first.incident(incidentOf(99));
    clock.advance(5000);
    await settled();
    assert.deepEqual(titles(), ['3 boxes are silent']);
    await first.stop();
    await putOutage('1001', START_MS + 9);
    const second = await start();
    assert.deepEqual(titles(), [], 'one goes on');
    await second.stop();
    await putOutage('1002', START_MS + 9);
    const third = await start();
    assert.deepEqual(titles(), ['Over: 3 boxes are silent']);
    await third.stop();
  });

  it('what the notifier does not take is tried again', async () => {
    const { clock, refuse, start, titles } = await alertRig();
    const alerts = await start();
    refuse(2);
    await alerts.incident(incidentOf(1));
    for (let second = 0; second < 20; second += 1) {
      clock.advance(1000);
      await settled();
    }
    assert.deepEqual(titles(), ['Box 1001 is silent']);
    await alerts.stop();
  });

  it('a group that a shipped rule holds for is said once, with the link and the incident of the picture', async () => {
    const { notified, start, store } = await alertRig();
    const sag = incidentOf(1, {
      ...{ event_id: 7, classifications: ['VOLTAGE_SAG'], measurement_type: 'VOLTAGE' },
      ...{ deviation_from_nominal: -33.6, end_timestamp_ms: START_MS + 180, gridfs_filename: 'incident_1' },
    });
    const { annotations, expire_at, gridfs_filename, ...incident } = sag;
    const samples = new Int16Array(100).fill(5);
    const write = { incident: { ...incident, source: 'makai' }, samples };
    await store.apply({ kind: 'incident', ...write });
    const alerts = await start();
    await alerts.group(groupOf(1));
    await alerts.group(groupOf(1, { sentence: 'the same with more boxes' }));
    assert.equal(notified.length, 1);
    const [one] = notified;
    assert.equal(one?.title, 'Voltage sag to 0.72 pu for 0.18 s');
    assert.equal(one?.link, 'http://makai.example/#/events/7');
    assert.equal(one?.id, 'group-1:firing');
    assert.equal(one?.severity, 'warning');
    assert.equal((await store.alert('group-1'))?.state, 'resolved');
    await alerts.group(groupOf(99));
    assert.equal(notified.length, 1, 'a group without incidents makes no alert');
    await alerts.stop();
  });

  it('findings begin and end; those of one kind are one message', async () => {
    const { clock, start, titles } = await alertRig();
    const alerts = await start();
    const finding = { code: 'CLOCK_OFFSET' as const, since_ms: 5, info: '10 h behind' };
    for (const box_id of ['1001', '1002', '1003']) await alerts.findings({ box_id, findings: [finding] });
    await alerts.findings({ box_id: '1001', findings: [finding] });
    clock.advance(15_000);
    await settled();
    assert.deepEqual(titles(), ['3 boxes: the clock of the box is ahead of or behind ours']);
    for (const box_id of ['1001', '1002', '1003']) await alerts.findings({ box_id, findings: [] });
    assert.equal(titles().length, 1);
    await alerts.findings({ box_id: '1001', findings: [{ code: 'DEFAULT_ID', since_ms: 5, info: '' }] });
    clock.advance(15_000);
    await settled();
    assert.deepEqual(titles(), []);
    await alerts.stop();
  });

  it('a daemon that does not run, immediately; a silenced alert not at all', async () => {
    const { clock, start, store, titles } = await alertRig();
    const alerts = await start();
    const down = { daemon: 'acquisition-broker', running: false, since_ms: 5 };
    await alerts.daemon({ ...down, running: true });
    assert.deepEqual(titles(), []);
    await alerts.daemon(down);
    await alerts.daemon(down);
    assert.deepEqual(titles(), ['acquisition-broker does not run']);
    await alerts.daemon({ ...down, running: true, since_ms: 9 });
    assert.deepEqual(titles(), ['Over: acquisition-broker does not run']);
    const [alert] = await store.alerts({ limit: 1 });
    const until = clock.now() + 3_600_000;
    await store.markAlert(alert?.alert_id ?? '', { silenced_until_ms: until, silenced_by: 'ada' });
    await alerts.daemon({ ...down, since_ms: 20 });
    await alerts.daemon({ ...down, running: true, since_ms: 21 });
    assert.deepEqual(titles(), []);
    assert.equal((await store.alerts({ limit: 1 }))[0]?.silenced_by, 'ada');
    assert.equal(alerts.status().silenced, 1);
    clock.advance(3_600_001);
    await alerts.daemon({ ...down, since_ms: 30 });
    assert.equal(titles().length, 1);
    await alerts.stop();
  });

  it('a rule is said once and once when it is over, also over a restart', async () => {
    const { notified, start, titles } = await alertRig();
    const alert: RuleAlert = {
      ...{ state: 'firing', rule: 'low: $1', subject: 'makai/boxes/1001/measurement', severity: 'critical' },
      ...{ notify: ['ops'], message: { topic: '!low', payload: '{"x":{"voltage":90}}' } },
    };
    const alerts = await start();
    await alerts.rule(alert, START_MS);
    await alerts.rule(alert, START_MS);
    assert.equal(notified.length, 1);
    assert.deepEqual(notified[0]?.tag, ['ops']);
    assert.deepEqual(titles(), ['Rule low: makai/boxes/1001/measurement']);
    await alerts.stop();
    const again = await start();
    assert.deepEqual(await again.firingRules(), [{ rule: alert.rule, subject: alert.subject }]);
    await again.rule({ ...alert, state: 'resolved' }, START_MS + 5);
    assert.deepEqual(titles(), ['Over: Rule low: makai/boxes/1001/measurement']);
    await again.stop();
  });
});
