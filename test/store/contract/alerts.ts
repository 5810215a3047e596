import assert from 'node:assert/strict';
import type { AlertFields, RulesDocument } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { givenStore } from './given.js';

const DAY = 86_400_000;

export function alertsContract(makeStore: MakeStore): void {
  describe('alerts and rules', () => {
    const given = givenStore(makeStore);
    const alert = (alert_id: string, more: Partial<AlertFields> = {}): AlertFields => ({
      ...{ alert_id, key: 'outage/1001', rule: 'outage', severity: 'critical', state: 'firing' },
      ...{ title: 'Box 1001 is silent', body: '', box_ids: ['1001'], notify: ['ops'] },
      ...{ members: ['incident 7', 'incident 8'], open_members: ['incident 8'] },
      ...{ started_ms: 1_795_315_200_000, fired_ms: 1_795_315_200_500, page: '/boxes/1001' },
      ...more,
    });
    const ids = (alerts: readonly { alert_id: string }[]): string[] => alerts.map((one) => one.alert_id);

    it('an alert comes back as it went in, and the gateway replaces only what is its own', async () => {
      const { store, another } = given();
      const first = alert('a', { incident_id: 7, event_id: -1, subject: 'x/$y', body: 'two\nlines' });
      await store.putAlert(first);
      const other = await another();
      assert.deepEqual(await other.alert('a'), first);
      assert.equal(await other.alert('b'), undefined);
      const marks = { acknowledged_ms: 5 * DAY, acknowledged_by: 'ada' };
      assert.equal(await other.markAlert('a', marks), true);
      const resolved = alert('a', { state: 'resolved', resolved_ms: 1_795_315_300_000 });
      await store.putAlert(resolved);
      assert.deepEqual(await other.alert('a'), { ...resolved, ...marks });
      assert.equal(await store.markAlert('a', { silenced_until_ms: 0, silenced_by: 'ben' }), true);
      assert.deepEqual(await store.alert('a'), {
        ...resolved,
        ...marks,
        ...{ silenced_until_ms: 0, silenced_by: 'ben' },
      });
      assert.equal(await store.markAlert('none', marks), false);
      assert.equal(await store.markAlert('none', {}), false);
      assert.equal(await store.markAlert('a', {}), true);
    });

    it('the same alert twice is one', async () => {
      const { store, another } = given();
      const other = await another();
      await Promise.all([store.putAlert(alert('a')), other.putAlert(alert('a'))]).catch(() =>
        store.putAlert(alert('a')),
      );
      assert.deepEqual(ids(await store.alerts({ limit: 10 })), ['a']);
    });

    it('they are listed the newest first: all, the open ones, those of one key, page by page', async () => {
      const { store } = given();
      for (const [index, id] of ['a', 'b', 'c', 'd'].entries())
        await store.putAlert(alert(id, { started_ms: 1000 + index, key: id < 'c' ? 'k' : 'l' }));
      await store.putAlert(alert('b', { started_ms: 1001, key: 'k', state: 'resolved', resolved_ms: 2000 }));
      assert.deepEqual(ids(await store.alerts({ limit: 10 })), ['d', 'c', 'b', 'a']);
      assert.deepEqual(ids(await store.alerts({ limit: 2 })), ['d', 'c']);
      assert.deepEqual(ids(await store.alerts({ limit: 2, beforeMs: 1002 })), ['b', 'a']);
      // What began before a time, and was not over then, belongs to the time after it.
      assert.deepEqual(ids(await store.alerts({ limit: 9, fromMs: 1500, beforeMs: 1002 })), ['b', 'a']);
      assert.deepEqual(ids(await store.alerts({ limit: 9, fromMs: 2000 })), ['d', 'c', 'b', 'a']);
      assert.deepEqual(ids(await store.alerts({ limit: 9, fromMs: 2001 })), ['d', 'c', 'a']);
      assert.deepEqual(ids(await store.alerts({ limit: 9, fromMs: 2001, open: true })), ['d', 'c', 'a']);
      assert.deepEqual(ids(await store.alerts({ limit: 9, fromMs: 2001, key: 'k' })), ['a']);
      assert.deepEqual(ids(await store.alerts({ open: true, limit: 10 })), ['d', 'c', 'a']);
      assert.deepEqual(ids(await store.alerts({ key: 'k', limit: 10 })), ['b', 'a']);
      assert.deepEqual(ids(await store.alerts({ key: 'k', open: true, limit: 10 })), ['a']);
      await store.putAlert(alert('b', { started_ms: 1001, key: 'k' }));
      assert.deepEqual(ids(await store.alerts({ open: true, limit: 10 })), ['d', 'c', 'b', 'a']);
    });

    it('those that were resolved long ago are removed; open ones stay', async () => {
      const { store } = given();
      await store.putAlert(alert('old', { started_ms: 1, resolved_ms: 100, state: 'resolved' }));
      await store.putAlert(alert('newer', { started_ms: 1, resolved_ms: 200, state: 'resolved' }));
      await store.putAlert(alert('open', { started_ms: 1 }));
      assert.equal(await store.removeAlerts(200), 1);
      assert.deepEqual(ids(await store.alerts({ limit: 10 })).toSorted(), ['newer', 'open']);
    });

    it('rules are one document, replaced as a whole', async () => {
      const { store, another } = given();
      assert.equal(await store.rules(), undefined);
      const rules: RulesDocument = {
        file: { filters: [], rules: [{ 'a.b': { $c: 1, d: [1.5, null, 'é'] } }] },
        ...{ changed_ms: 1_795_315_200_000, changed_by: 'ada' },
      };
      await store.putRules(rules);
      const other = await another();
      assert.deepEqual(await other.rules(), rules);
      await other.putRules({ ...rules, file: {}, changed_by: 'ben' });
      assert.deepEqual(await store.rules(), { ...rules, file: {}, changed_by: 'ben' });
    });
  });
}
