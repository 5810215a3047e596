import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makai } from '../../cli/run-process.js';
import { givenMongo } from '../../support/mongo-server.js';
import { givenDatabase } from './given.js';

describe('makai store, on MongoDB', function () {
  this.timeout(400_000);
  const given = givenDatabase(givenMongo());
  const directory = mkdtempSync(join(tmpdir(), 'makai-store-command-'));
  after(() => rmSync(directory, { recursive: true }));

  /** The URL by way of a daemon's file: it may hold a password. */
  function storeOf(store: string): string {
    const file = join(directory, 'makai.conf');
    writeFileSync(file, JSON.stringify({ store, plugins: [] }), { mode: 0o600 });
    return `config:${file}`;
  }

  it('init makes collections and indexes; check finds nothing to complain of', async () => {
    const { db, url } = given();
    const store = storeOf(url);
    const made = await makai(['store', 'init', '--store', store]);
    assert.equal(made.code, 0, made.stderr);
    assert.ok((await db.collection('measurements').listIndexes().toArray()).length === 3);
    const checked = await makai(['store', 'check', '--store', store, '--json']);
    assert.equal(checked.code, 0, checked.stderr);
    const findings = checked.stdout.trim().split('\n');
    assert.equal(findings.length, 1);
    assert.match(findings[0] ?? '', /"severity":"info".*0 measurements/);
  });

  it('an index with other options is taken as it is: init passes, check says so and what to type; nothing is dropped', async () => {
    const { db, url } = given();
    await db.collection('measurements').createIndex({ expireAt: 1 }, { expireAfterSeconds: 5 });
    const store = storeOf(url);
    const init = await makai(['store', 'init', '--store', store]);
    assert.equal(init.code, 0, init.stderr);
    const check = await makai(['store', 'check', '--store', store]);
    assert.match(
      check.stdout,
      /warning: measurements has the index "expireAt_1"[\s\S]*dropIndex\("expireAt_1"\)/,
    );
    const names = (await db.collection('measurements').listIndexes().toArray()).map(({ name }) => name);
    assert.ok(names.includes('expireAt_1'));
  });

  it('restore --event-ids-only moves event ids on, past those of every spool', async () => {
    const store = await given().open();
    assert.deepEqual(await store.nextEventIds(2), [1, 2]);
    const args = ['store', 'restore', '--event-ids-only', '--store', given().url, '--spool', '/nonexistent'];
    const first = await makai([...args, '--event-id-gap', '50', '--json']);
    assert.deepEqual(JSON.parse(first.stdout), { nextEventId: 53 }, first.stderr);
    assert.deepEqual(await store.nextEventIds(1), [53]);
    assert.match((await makai([...args, '--next-event-id', '9'])).stderr, /EVENT_ID_TOO_LOW/);
    await makai([...args, '--next-event-id', '900']);
    assert.deepEqual(await store.nextEventIds(1), [900]);
  });
});
