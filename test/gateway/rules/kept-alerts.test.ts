import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeptAlerts } from '../../../gateway/rules/kept-alerts.js';
import type { RuleAlert } from '../../../rules/index.js';

const alert = (state: RuleAlert['state'], rule: string): RuleAlert => ({
  ...{ state, rule, subject: '', severity: 'notice', notify: [] },
  message: { topic: '', payload: '' },
});

describe('gateway: alerts of rules on disk', () => {
  it('beyond the limit the end is taken only of an alert that was taken', () => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-kept-'));
    const kept = new KeptAlerts(folder, 2);
    try {
      assert.ok(kept.put(alert('firing', 'a'), 1));
      assert.ok(kept.put(alert('firing', 'b'), 2));
      assert.ok(!kept.put(alert('firing', 'c'), 3));
      assert.ok(!kept.put(alert('resolved', 'c'), 4));
      assert.ok(kept.put(alert('resolved', 'a'), 5));
      assert.ok(!kept.put(alert('resolved', 'a'), 6));
      assert.equal(kept.waiting, 3);
    } finally {
      kept.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
