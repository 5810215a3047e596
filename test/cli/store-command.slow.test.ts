import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CopyReport } from '../../store/copy.js';
import type { StoreFinding } from '../../store/finding.js';
import { DatabaseHandle } from '../../store/sqlite/handle.js';
import { contentOf, fillStore } from '../store/content.js';
import { newEvent } from '../store/contract/given.js';
import { openWritable } from '../store/writable.js';
import { makai, RunningProgram } from './run-process.js';

describe('cli: store init, check, copy', function () {
  // Processes start slowly on a machine that does much else.
  this.timeout(400_000);
  let directory: string;
  const file = (name: string) => join(directory, name);
  const url = (name: string) => `sqlite:${file(name)}`;
  const retention = { mode: 'ttl' as const, measurementsSeconds: 10 * 365 * 86_400 };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'makai-cli-store-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  async function filled(name: string): Promise<void> {
    const store = await openWritable(file(name), { retention });
    await fillStore(store);
    await store.close();
  }

  async function content(name: string): Promise<unknown> {
    const store = await openWritable(file(name), { retention, thread: 'inline' });
    const all = await contentOf(store);
    await store.close();
    return all;
  }

  async function check(
    name: string,
  ): Promise<{ code: number | null; findings: StoreFinding[]; stderr: string }> {
    const { code, stdout, stderr } = await makai(['store', 'check', '--store', url(name), '--json']);
    const lines = stdout.trimEnd().split('\n').filter(Boolean);
    return { code, stderr, findings: lines.map((line) => JSON.parse(line) as StoreFinding) };
  }

  it('init makes a store, and leaves one that is there', async () => {
    const args = ['store', 'init', '--store', url('new.db')];
    assert.deepEqual((await makai(args)).code, 0);
    assert.ok(existsSync(file('new.db')));
    await filled('new.db');
    const before = await content('new.db');
    assert.match((await makai(args)).stdout, /new\.db: ready\n/);
    assert.deepEqual(await content('new.db'), before);
    assert.equal((await makai(['store', 'init', '--store', url('no/such/dir.db')])).code, 1);
  });

  it('takes the store of a daemon from its file; a password as an argument is refused and not repeated', async () => {
    const conf = file('makai.conf');
    writeFileSync(conf, JSON.stringify({ store: url('of-daemon.db'), plugins: [] }));
    const made = await makai(['store', 'init', '--store', `config:${conf}`]);
    assert.match(made.stdout, /of-daemon\.db: ready\n/, made.stderr);
    const secret = 'mongodb://makai:hun/ter2@127.0.0.1:1/opq';
    for (const args of [
      ['store', 'init', '--store', secret],
      ['store', 'copy', '--from', url('of-daemon.db'), '--to', secret],
      ['boxes', 'list', '--store', secret],
    ]) {
      const { code, stderr, stdout } = await makai(args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /process list.*config:/);
      assert.ok(!`${stdout}${stderr}`.includes('ter2'));
    }
    // A file with a password that others can read is refused here as at a daemon's start.
    const escaped = secret.replace('hun/ter2', 'hun%2Fter2');
    writeFileSync(conf, JSON.stringify({ store: escaped, plugins: [] }), { mode: 0o644 });
    const { code, stderr } = await makai(['boxes', 'list', '--store', `config:${conf}`]);
    assert.equal(code, 1);
    assert.match(stderr, /SECRET_EXPOSED/);
    assert.ok(!stderr.includes('ter2'));
  });

  it('check counts what is there and warns of boxes without a record', async () => {
    await filled('a.db');
    const { code, findings } = await check('a.db');
    assert.equal(code, 0);
    const messages = findings.map(({ message }) => message).join('\n');
    assert.match(messages, /the file is intact/);
    assert.match(messages, /5001 measurements, 40 trends, 6 events, 12 box_events, 2 boxes/);
    assert.match(messages, /highest event_id 6, /);
    const warnings = findings.filter(
      ({ severity, message }) => severity === 'warning' && !/free on/.test(message),
    );
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ['no record, so no calibration, for boxes with waveforms: 1009'],
    );
  });

  it('check finds damage, and names what is no store', async () => {
    await filled('a.db');
    const db = new DatabaseHandle(file('a.db'));
    // An index that does not fit its table any more.
    db.unsafeMode(true);
    db.pragma('writable_schema = ON');
    db.exec(
      "UPDATE sqlite_schema SET sql = replace(sql, '(soonest)', '(second)') WHERE name = 'measurement_expiry_soonest'",
    );
    db.close();
    const damaged = await check('a.db');
    assert.equal(damaged.code, 1);
    assert.ok(
      damaged.findings.some(({ severity, hint }) => severity === 'error' && hint?.includes('backup')),
    );
    writeFileSync(file('text.db'), 'not a database at all, whatever its name says. '.repeat(100));
    assert.match((await check('text.db')).stderr, /STORE_UNAVAILABLE.*not an SQLite database/);
    new DatabaseHandle(file('other.db')).exec('CREATE TABLE a (x)').close();
    assert.match((await check('other.db')).stderr, /STORE_NOT_RECOGNIZED/);
    assert.match((await check('missing.db')).stderr, /STORE_UNAVAILABLE.*no store at/);
    assert.equal(existsSync(file('missing.db')), false);
  });

  it('check changes nothing, also in a store that a daemon has open', async () => {
    const store = await openWritable(file('a.db'), { retention });
    await fillStore(store);
    assert.equal((await check('a.db')).code, 0);
    assert.equal((await store.boxes()).length, 2);
    await store.close();
  });

  it('copy copies a store into a new one and says what it did', async () => {
    await filled('a.db');
    const args = ['store', 'copy', '--from', url('a.db'), '--to', url('b.db')];
    const { code, stdout } = await makai(args, { XDG_STATE_HOME: directory });
    assert.equal(code, 0);
    assert.match(stdout, /measurements +5001 copied, 0 there already\n/);
    assert.deepEqual(await content('b.db'), await content('a.db'));
    const again = await makai([...args, '--json'], { XDG_STATE_HOME: directory });
    assert.deepEqual((JSON.parse(again.stdout) as CopyReport).measurements, {
      inserted: 0,
      duplicates: 5001,
    });
    assert.deepEqual(readdirSync(join(directory, 'makai')), []);
  });

  it('copy killed -9 and started again goes on and ends whole', async () => {
    const store = await openWritable(file('a.db'), { retention });
    await fillStore(store);
    // Enough to be killed in the middle of.
    const ids = Array.from({ length: 4000 }, (_, i) => 100 + i);
    await Promise.all(ids.map((id) => store.insertEvent(newEvent(id, 1_790_000_000_000 + id))));
    await store.close();
    const args = ['store', 'copy', '--from', url('a.db'), '--to', url('b.db'), '--json'];
    const env = { XDG_STATE_HOME: directory };
    const saved = () =>
      existsSync(join(directory, 'makai')) && readdirSync(join(directory, 'makai'))[0]?.endsWith('.json');
    for (;;) {
      const first = new RunningProgram('cli/main.js', args, env);
      await first.stderrMatches(/events: /);
      while (!saved() && first.child.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
      first.child.kill('SIGKILL');
      if ((await first.end()).signal === 'SIGKILL' && saved()) break;
      // It was over before it could be killed: once more.
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file('b.db')}${suffix}`, { force: true });
    }
    const second = await makai(args, env);
    assert.equal(second.code, 0);
    assert.match(second.stderr, /continuing an interrupted copy/);
    assert.deepEqual(await content('b.db'), await content('a.db'));
  });

  it('copy refuses the same store twice, and a source that is not there', async () => {
    const same = await makai(['store', 'copy', '--from', url('a.db'), '--to', url('a.db')]);
    assert.equal(same.code, 2);
    const missing = await makai(['store', 'copy', '--from', url('a.db'), '--to', url('b.db')]);
    assert.match(missing.stderr, /STORE_UNAVAILABLE.*no store at .*a\.db/);
    assert.deepEqual(readdirSync(directory), []);
  });
});
