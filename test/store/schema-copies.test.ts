import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { startSchemaCopies } from '../../store/schema-copies.js';

const DAY_S = 86_400;

describe('store: copies from before an upgrade', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-copies-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (storeUrl: string) =>
    startSchemaCopies({ storeUrl, storeSchemaCopyDays: 30 }, { clock: systemClock, log: silentLogger() });

  it('those that are old enough are deleted; the store, younger copies and other files stay', async () => {
    const age = (name: string, days: number): string => {
      const path = join(folder, name);
      writeFileSync(path, '');
      const seconds = Date.now() / 1000 - days * DAY_S;
      utimesSync(path, seconds, seconds);
      return path;
    };
    const old = age('makai.db.schema-9', 31);
    const kept = [
      age('makai.db', 400),
      age('makai.db.schema-10', 29),
      age('other.db.schema-9', 400),
      age('makai.db.schema-9.part', 400),
    ];
    const url = `sqlite:${join(folder, 'makai.db')}`;
    await startSchemaCopies(
      { storeUrl: url, storeSchemaCopyDays: undefined },
      { clock: systemClock, log: silentLogger() },
    ).stop();
    assert.equal(existsSync(old), true, 'without the setting it stays');
    const running = start(url);
    assert.equal(existsSync(old), false);
    for (const path of kept) assert.equal(existsSync(path), true, path);
    await running.stop();
  });

  it('a database server and a store in memory have none', async () => {
    for (const url of ['mongodb://localhost/opq', 'sqlite::memory:']) await start(url).stop();
  });
});
