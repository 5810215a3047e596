import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { MakaiError } from '../../../common/errors.js';
import { type RulesOptions, startRules } from '../../../gateway/rules/index.js';
import type { RuleAlert } from '../../../rules/index.js';
import { openStore } from '../../../store/open.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';
import { oneRule } from '../../rules/rig.js';

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('gateway: the rules in force', () => {
  it('come from the store, change together while it runs, and from a copy while the store is unavailable', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-rules-'));
    const log = pino({ level: 'silent' });
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    const store = await openStore('sqlite::memory:', { retention, log });
    const clock = new ManualClock();
    const published: string[] = [];
    const alerts: RuleAlert[] = [];
    let isThere = true;
    let changes = 0;
    const start = () =>
      startRules({
        ...{ folder, clock, log },
        store: () => {
          if (!isThere) throw new Error('unavailable');
          return store;
        },
        publish: async (topic, payload) => void published.push(`${topic} ${String(payload)}`),
        alert: async (alert) => void alerts.push(alert),
        firing: async () => [],
        onTopicsChanged: () => {
          changes += 1;
        },
      });
    try {
      const rules = await start();
      rules.handle({ topic: 'a/1', text: '{"v":1}' });
      await settled();
      assert.deepEqual(published, []);
      const file = oneRule({ condition: '$v < 10' }, { new_payload: 'low' });
      await store.putRules({ file, changed_ms: 5, changed_by: 'ada' });
      clock.advance(2000);
      await settled();
      assert.deepEqual(rules.topics(), ['a/+']);
      rules.handle({ topic: 'a/1', text: '{"v":1}' });
      await settled();
      assert.deepEqual(published.splice(0), ['!out low']);
      await store.putRules({ file: { rules: [{}] }, changed_ms: 6, changed_by: 'an older program' });
      clock.advance(2000);
      await settled();
      assert.deepEqual(rules.topics(), []);
      const notify = oneRule({ condition: '$v < 10' }, { new_payload: 'low', notify: 'ops' });
      await store.putRules({ file: notify, changed_ms: 7, changed_by: 'ada' });
      clock.advance(2000);
      await settled();
      rules.handle({ topic: 'a/1', text: '{"v":1}' });
      await settled();
      assert.equal(alerts[0]?.state, 'firing');
      await rules.stop();
      assert.equal(changes, 4);
      isThere = false;
      const again = await start();
      assert.deepEqual(again.topics(), ['a/+']);
      await again.stop();
    } finally {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('alerts wait on disk while the database is unavailable, also over a restart; each is handed on in order', async () => {
    const rig = await rulesRig();
    const file = oneRule({ condition: '$v < 10' }, { new_payload: 'low', notify: 'ops' });
    await rig.store.putRules({ file, changed_ms: 1, changed_by: 'ada' });
    rig.isAway = true;
    const first = await rig.start();
    assert.equal(first.status().rules, 0, 'the first start without the database has no copy');
    await first.stop();
    rig.isAway = false;
    const second = await rig.start();
    rig.isAway = true;
    for (const v of [5, 20, 6]) second.handle({ topic: 'a/1', text: JSON.stringify({ v }) });
    await settled();
    assert.deepEqual([rig.alerts.length, second.status().waiting, second.status().lost], [0, 3, 0]);
    rig.clock.advance(100_000);
    await settled();
    await second.stop();
    const third = await rig.start();
    rig.clock.advance(100_000);
    await settled();
    assert.deepEqual([rig.alerts.length, third.status().waiting], [0, 3]);
    rig.isAway = false;
    rig.clock.advance(40_000);
    await settled();
    assert.deepEqual(
      rig.alerts.splice(0).map(({ state }) => state),
      ['firing', 'resolved', 'firing'],
    );
    third.handle({ topic: 'a/1', text: '{"v":20}' });
    await settled();
    assert.equal(rig.alerts[0]?.state, 'resolved', 'it knew after the restart that it was firing');
    await third.stop();
    await rig.cleanup();
  });

  it('the alert of a rule that was removed, or reads another topic now, is over; that of one that stays goes on', async () => {
    const rig = await rulesRig();
    const rule = (id: number, topic: string, operations = `$${id}`) => ({
      statements: [{ id, topic, condition: '$v < 10' }],
      logic: [{ operations, new_topic: `out/${id}`, notify: 'ops', new_payload: '' }],
    });
    let changed_ms = 0;
    const put = async (...rules: object[]): Promise<void> => {
      changed_ms += 1;
      await rig.store.putRules({ file: { filters: [], rules }, changed_ms, changed_by: 'ada' });
      rig.clock.advance(2000);
      await settled();
    };
    await put(rule(1, 'a/+'), rule(2, 'b/+'), rule(3, 'c/+'), rule(4, 'd/+'));
    const first = await rig.start();
    for (const topic of ['a/1', 'b/1', 'c/1', 'd/1']) first.handle({ topic, text: '{"v":5}' });
    await settled();
    assert.equal(rig.alerts.splice(0).length, 4);
    await put(rule(1, 'a/+'), rule(3, 'x/+'), rule(4, 'd/+'));
    const over = () =>
      rig.alerts.splice(0).map(({ rule: key, state, subject }) => `${state} ${key} ${subject}`);
    assert.deepEqual(over(), ['resolved out/2: $2 b/1', 'resolved out/3: $3 c/1']);
    await first.stop();
    await put(rule(1, 'a/+'));
    rig.open = [
      { rule: 'out/4: $4', subject: 'd/1' },
      { rule: 'of another gateway', subject: '' },
    ];
    const second = await rig.start();
    await settled();
    assert.deepEqual(over().sort(), ['resolved of another gateway ', 'resolved out/4: $4 d/1']);
    second.handle({ topic: 'a/1', text: '{"v":6}' });
    await settled();
    assert.deepEqual(over(), []);
    second.handle({ topic: 'a/1', text: '{"v":60}' });
    await settled();
    assert.deepEqual(over(), ['resolved out/1: $1 a/1']);
    await second.stop();
    await rig.cleanup();
  });
});

async function rulesRig() {
  const folder = mkdtempSync(join(tmpdir(), 'makai-rules-'));
  const log = pino({ level: 'silent' });
  const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
  const store = await openStore('sqlite::memory:', { retention, log });
  const clock = new ManualClock();
  const alerts: RuleAlert[] = [];
  const rig = {
    ...{ alerts, clock, store },
    /** as the store has them */
    open: [] as Awaited<ReturnType<RulesOptions['firing']>>,
    /** the database */
    isAway: false,
    start: () => {
      const there = <T>(value: T): T => {
        if (rig.isAway) throw new MakaiError('STORE_UNAVAILABLE', 'away');
        return value;
      };
      return startRules({
        ...{ folder, clock, log },
        store: () => there(store),
        publish: async () => undefined,
        alert: async (alert) => void there(alerts).push(alert),
        firing: async () => there(rig.open),
        onTopicsChanged: () => undefined,
      });
    },
    cleanup: async (): Promise<void> => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return rig;
}
