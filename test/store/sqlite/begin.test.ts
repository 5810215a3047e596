import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBusy, openDatabase } from '../../../store/sqlite/connection.js';
import { beginImmediate } from '../../../store/sqlite/engine.js';

describe('store/sqlite: beginning a transaction', () => {
  it('fails as busy while another one holds the lock, and takes it once it is free', () => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-begin-'));
    const one = openDatabase(join(folder, 'a.db'));
    const other = openDatabase(join(folder, 'a.db'));
    const timeout = other.pragma('busy_timeout', { simple: true });
    beginImmediate(one);
    assert.throws(() => beginImmediate(other), isBusy);
    assert.equal(other.inTransaction, false);
    one.exec('COMMIT');
    beginImmediate(other);
    assert.ok(other.inTransaction);
    other.exec('COMMIT');
    assert.equal(other.pragma('busy_timeout', { simple: true }), timeout);
    one.close();
    other.close();
    rmSync(folder, { recursive: true });
  });
});
