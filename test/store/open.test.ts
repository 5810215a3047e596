import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../store/open.js';

describe('store/open', () => {
  const options = { retention: { mode: 'ttl' as const, measurementsSeconds: 86_400 } };

  it('opens sqlite: with an absolute path, written with one slash or three', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'makai-open-'));
    for (const url of [
      `sqlite:${directory}/a.db`,
      `sqlite://${directory}/b.db`,
      `SQLITE:${directory}/c d.db`,
    ]) {
      await (await openStore(url, options)).close();
    }
    for (const name of ['a.db', 'b.db', 'c d.db']) assert.ok(existsSync(join(directory, name)), name);
    rmSync(directory, { recursive: true });
  });

  it('opens sqlite: with a path from the current directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'makai-open-'));
    const before = process.cwd();
    process.chdir(directory);
    try {
      const store = await openStore('sqlite:here.db', options);
      assert.ok(existsSync(join(directory, 'here.db')));
      await store.close();
    } finally {
      process.chdir(before);
      rmSync(directory, { recursive: true });
    }
  });

  it('opens a store in memory', async () => {
    const store = await openStore('sqlite::memory:', options);
    assert.deepEqual(await store.nextEventIds(2), [1, 2]);
    await store.close();
    assert.ok(!existsSync(':memory:'));
  });

  it('refuses what is no store URL, and says what to write', async () => {
    for (const url of [
      '',
      'makai.db',
      '/var/lib/opq/makai.db',
      'postgres://u:secret@h/db',
      'sqlite:',
      'sqlite://makai.db',
    ]) {
      await assert.rejects(openStore(url, options), (error) => {
        assert.ok(error instanceof Error && 'code' in error && 'hint' in error);
        assert.equal(error.code, 'STORE_URL_INVALID');
        assert.match(String(error.hint), /sqlite:/);
        assert.ok(!error.message.includes('secret'));
        return true;
      });
    }
  });
});
