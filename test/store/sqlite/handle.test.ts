import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';

const HANDLE = new URL('../../../store/sqlite/handle.js', import.meta.url).href;

/** Opens, uses, closes and forgets files, and collects garbage after each, with nothing on the stack. */
const LIFE = `
const { DatabaseHandle } = await import(${JSON.stringify(HANDLE)});
for (let i = 0; i < 20; i++) {
  const db = new DatabaseHandle(':memory:');
  db.exec('CREATE TABLE a (x)');
  db.transaction(() => db.prepare('INSERT INTO a VALUES (?)').run(i))();
  db.pragma('user_version');
  try { db.prepare('SELECT nothing FROM nowhere'); } catch {}
  if (i % 2 === 0) db.close();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
}`;
const THREAD = `
const { Worker } = await import('node:worker_threads');
for (let i = 0; i < 3; i++) {
  const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(LIFE)})));
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
}`;

describe('store/sqlite: handles', () => {
  for (const [where, script] of [
    ['the main thread', LIFE],
    ['threads that end', THREAD],
  ] as const) {
    it(`outlive the collection of garbage and the end of the process, in ${where}`, () => {
      const { status, signal, stderr } = spawnSync(
        process.execPath,
        ['--expose-gc', '--input-type=module', '--eval', script],
        { encoding: 'utf8' },
      );
      assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
    });
  }

  it('no statement has a plan that depends on its parameters: SQLite would prepare it again at each call', () => {
    const root = new URL('../../../../store/', import.meta.url);
    for (const room of ['sqlite', 'spool']) {
      for (const name of readdirSync(new URL(room, root)).filter((one) => one.endsWith('.ts'))) {
        const text = readFileSync(new URL(`${room}/${name}`, root), 'utf8').replaceAll(
          /^\s*(\*|\/\*).*$/gm,
          '',
        );
        assert.doesNotMatch(text, /LIMIT [?:]/, `${room}/${name}: write LIMIT +?`);
        // check.ts asks once.
        if (name !== 'check.ts' && name !== 'measurements.ts')
          assert.doesNotMatch(text, / expire_at < \?/, `${room}/${name}: write +expire_at < ?`);
      }
    }
  });

  it('pragma gives what the library would', () => {
    const db = new DatabaseHandle(':memory:');
    assert.equal(db.pragma('user_version', { simple: true }), 0);
    assert.deepEqual(db.pragma('user_version = 7'), []);
    assert.deepEqual(db.pragma('user_version'), [{ user_version: 7 }]);
    assert.equal(db.pragma('user_version', { simple: true }), 7);
    assert.equal(db.pragma('incremental_vacuum', { simple: true }), undefined);
    assert.throws(() => db.pragma('user_version = ('), { code: 'SQLITE_ERROR' });
    db.close();
  });
});
