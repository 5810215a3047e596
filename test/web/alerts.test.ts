import assert from 'node:assert/strict';
import { aboutOf, lastedMs, mostUrgentFirst, unattended } from '../../web/logic/alerts.js';

const alert = (
  alert_id: string,
  state: 'pending' | 'firing' | 'resolved' | 'acknowledged' | 'silenced',
  severity: 'notice' | 'warning' | 'critical',
  started_ms = 0,
) => ({ alert_id, state, severity, started_ms });

describe('web: alerts', () => {
  const alerts = [
    alert('a', 'silenced', 'critical'),
    alert('b', 'firing', 'warning', 1),
    alert('c', 'firing', 'warning', 2),
    alert('d', 'resolved', 'critical', 9),
    alert('e', 'firing', 'critical', 0),
    alert('f', 'acknowledged', 'critical', 3),
    alert('g', 'pending', 'notice', 3),
  ];

  it('those that nobody has seen to come first, the most severe before the newest', () => {
    assert.equal(
      mostUrgentFirst(alerts)
        .map(({ alert_id }) => alert_id)
        .join(''),
      'ecbgfad',
    );
  });

  it('only those that nobody has seen to are counted', () => {
    assert.deepEqual(unattended(alerts), { count: 4, severity: 'critical' });
    assert.deepEqual(unattended(alerts.filter(({ alert_id }) => alert_id !== 'e')), {
      count: 3,
      severity: 'warning',
    });
    assert.deepEqual(unattended([alert('a', 'silenced', 'critical')]), { count: 0, severity: 'neutral' });
  });

  it('what an alert is about is a view, but for the overview and what is no view', () => {
    assert.deepEqual(aboutOf({ page: '/events/12' }), { view: 'events', id: '12' });
    assert.deepEqual(aboutOf({ page: '/boxes/1001' }), { view: 'boxes', id: '1001' });
    assert.deepEqual(aboutOf({ page: '/admin' }), { view: 'admin', id: undefined });
    for (const page of ['/overview', '', '//example.org/boxes', 'javascript:alert(1)'])
      assert.equal(aboutOf({ page }), undefined, page);
  });

  it('an alert lasts until it is resolved; that of an incident was over when it was found', () => {
    assert.equal(lastedMs({ rule: 'outage', started_ms: 5, resolved_ms: 12 }), 7);
    assert.equal(lastedMs({ rule: 'outage', started_ms: 5 }), undefined);
    assert.equal(lastedMs({ rule: 'incident', started_ms: 5, resolved_ms: 12 }), undefined);
  });
});
