/** Backup and restore of an installation whose daemons run, as docs/operations.md has it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseHandle } from '../../store/sqlite/handle.js';
import { killTree } from '../support/kill-tree.js';
import { until } from '../support/until.js';
import { makai, type Outcome, RunningProgram } from './run-process.js';

interface Backup {
  file: string;
  highestEventId: number;
}

describe('cli: store backup, restore', function () {
  this.timeout(400_000);
  let directory: string;
  let up: RunningProgram | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'makai-backup-'));
  });
  afterEach(async () => {
    if (up !== undefined) await killTree(up.child.pid);
    up = undefined;
    rmSync(directory, { recursive: true });
  });

  const here = (...args: string[]): Promise<Outcome> => makai([...args, '--dir', directory]);
  const ids = async (): Promise<number[]> => {
    const { stdout } = await here('events', 'list', '--limit', '100000', '--json');
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { event_id: number }).event_id);
  };
  const start = (): RunningProgram => {
    up = new RunningProgram('cli/main.js', ['up', '--boxes', '2', '--dir', directory, '--json']);
    return up;
  };

  it('of running daemons, with keys and settings; refused while they run; ids go on', async () => {
    start();
    await until('events', async () => existsSync(join(directory, 'makai.db')) && (await ids()).length > 0);
    const before = await ids();
    const folder = join(directory, 'backups');
    mkdirSync(folder);
    const made = await here('store', 'backup', folder, '--all', '--json');
    assert.equal(made.code, 0, made.stderr);
    const [backup, settings] = made.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Backup);
    assert.ok(backup !== undefined && settings !== undefined);
    assert.ok(backup.highestEventId >= Math.max(...before));
    assert.equal(settings.file, `${backup.file}.settings.tar`);
    assert.deepEqual(readdirSync(folder).length, 2);
    for (const { file } of [backup, settings]) assert.equal(statSync(file).mode & 0o777, 0o600);
    const names = execFileSync('tar', ['-tf', settings.file], { encoding: 'utf8' });
    const inFolder = names.split('\n').map((name) => name.replace(`.${directory}/`, ''));
    for (const name of ['makai.conf', 'triggering_broker.json', 'curve/private_keys/opqserver_secret'])
      assert.ok(inFolder.includes(name), `${name} in ${names}`);
    assert.ok(!/makai\.db|\.lock|\/log\//.test(names), names);

    const refused = await here('store', 'restore', backup.file);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /ALREADY_RUNNING.*|process \d+ uses/);
    const given = Math.max(...(await ids()));
    assert.ok(up !== undefined);
    await killTree(up.child.pid);

    const restored = await here('store', 'restore', backup.file, '--event-id-gap', '500', '--json');
    assert.equal(restored.code, 0, restored.stderr);
    const { nextEventId } = JSON.parse(restored.stdout) as { nextEventId: number };
    assert.ok(nextEventId > given + 500 && nextEventId < given + 1000, `${nextEventId} after ${given}`);
    const back = await ids();
    for (const id of before) assert.ok(back.includes(id), `event ${id}`);
    start();
    await until('an event after the restore', async () => Math.max(...(await ids())) >= nextEventId);
  });

  it('Ctrl+C ends it, says so and leaves nothing', async () => {
    assert.equal((await here('store', 'init')).code, 0);
    const db = new DatabaseHandle(join(directory, 'makai.db'));
    db.exec(
      'CREATE TABLE large AS SELECT zeroblob(1000000) AS x FROM (SELECT 1 FROM sqlite_schema LIMIT 50)',
    );
    db.exec('INSERT INTO large SELECT x FROM large');
    mkdirSync(join(directory, 'backups'));
    const file = join(directory, 'backups', 'b.db');
    let outcome: Outcome | undefined;
    // Where this process stands still the copy may be there before the signal: then with twice as much to copy.
    for (let round = 0; round < 3 && (outcome === undefined || outcome.code === 0); round += 1) {
      rmSync(file, { force: true });
      db.exec('INSERT INTO large SELECT x FROM large');
      const program = new RunningProgram('cli/main.js', ['store', 'backup', file, '--dir', directory]);
      await program.stderrMatches(/copying/);
      program.child.kill('SIGINT');
      outcome = await program.end();
    }
    db.close();
    assert.ok(outcome !== undefined);
    const { code, stderr } = outcome;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /interrupted: nothing is left of it/);
    assert.deepEqual(readdirSync(join(directory, 'backups')), []);
  });

  it('says what is wrong with what it is given', async () => {
    const file = join(directory, 'backup.db');
    assert.equal((await here('store', 'init')).code, 0);
    assert.equal((await here('store', 'backup', file)).code, 0);
    const again = await here('store', 'backup', file);
    assert.deepEqual([again.code, /TARGET_EXISTS/.test(again.stderr)], [1, true], again.stderr);
    assert.equal((await here('store', 'restore')).code, 2);
    assert.equal((await here('store', 'restore', file, '--event-ids-only')).code, 2);
    assert.equal((await here('store', 'restore', join(directory, 'none.db'))).code, 2);
    assert.equal((await here('store', 'backup', join(directory, 'c.db'), '--config', '/etc')).code, 2);
    const ids = await here('store', 'restore', '--event-ids-only', '--next-event-id', '700');
    assert.match(ids.stdout, /next event id 700\n/, ids.stderr);
    const low = await here('store', 'restore', file, '--next-event-id', '5');
    assert.match(low.stderr, /EVENT_ID_TOO_LOW.*|up to 699 were given/);
  });

  it('of MongoDB prints the commands, without the password, and exits with 1', async () => {
    const conf = join(directory, 'makai.conf');
    writeFileSync(conf, JSON.stringify({ store: 'mongodb://makai:geheim@localhost/grid', plugins: [] }), {
      mode: 0o600,
    });
    const store = ['--store', `config:${conf}`];
    const backup = await makai(['store', 'backup', join(directory, 'b'), ...store, '--all']);
    assert.deepEqual([backup.code, /geheim/.test(backup.stdout)], [1, false]);
    assert.match(backup.stdout, /mongodump .*--db=grid[\s\S]*makai_counters/);
    assert.ok(statSync(join(directory, 'b.settings.tar')).size > 0);
    const restore = await makai(['store', 'restore', join(directory, 'b'), ...store]);
    assert.deepEqual([restore.code, /mongorestore[\s\S]*--event-ids-only/.test(restore.stdout)], [1, true]);
  });
});
