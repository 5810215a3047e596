import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { backupSqlite } from '../../../store/sqlite/backup.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { replaceSqlite } from '../../../store/sqlite/replace.js';
import { SCHEMA_VERSION } from '../../../store/sqlite/schema.js';
import { contentOf } from '../content.js';
import { boxEvent, columnsOf, counts, newEvent } from '../contract/given.js';
import type { Writes } from '../writable.js';
import { backupRounds } from './backup-rounds.js';
import { givenFiles } from './files.js';
import { olderFile, versionIn } from './older-files.js';

const START = 1_780_000_000_000;

/** 6 events, one with a waveform, and a second of measurements. */
async function fill(store: Writes): Promise<void> {
  for (let id = 1; id <= 6; id += 1) await store.insertEvent(newEvent(id, START + id));
  await store.putBoxEvent(boxEvent(6, '1001', START), counts(700, 6), START);
  const measured = Array.from({ length: 6 }, (_, i) => ({
    box: 1001,
    at: START + 166 * i,
    metrics: { rms: 120 + i },
  }));
  await store.insertMeasurements(columnsOf(measured));
}

describe('store/sqlite: backup and restore', () => {
  const files = givenFiles();

  it('under load: nothing accepted before the backup is missing, no event id is given twice', () =>
    backupRounds(files(), 2));

  it('a backup is whole, readable by its owner only, and overwrites nothing', async () => {
    const { directory, file, open } = files();
    const store = await open({ retention: { mode: 'ttl', measurementsSeconds: 10 * 365 * 86_400 } });
    await fill(store);
    const folder = join(directory, 'backups');
    mkdirSync(folder);
    const stages = new Set<string>();
    const now = () => new Date(START);
    const report = await backupSqlite(file, folder, { now, onProgress: ({ stage }) => stages.add(stage) });
    assert.equal(report.file, join(folder, 'makai-20260528T202640Z.db'));
    assert.deepEqual([report.version, report.highestEventId], [SCHEMA_VERSION, 6]);
    assert.deepEqual([...stages], ['copying', 'checking']);
    assert.equal(statSync(report.file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['makai-20260528T202640Z.db']);
    await assert.rejects(backupSqlite(file, folder, { now }), { code: 'TARGET_EXISTS' });
    await assert.rejects(backupSqlite(file, file), { code: 'TARGET_EXISTS' });
    assert.deepEqual(await contentOf(await open({ file: report.file })), await contentOf(store));
  });

  it('what is no store, and one that is damaged, leave no backup', async () => {
    const { directory, file, open } = files();
    writeFileSync(file, 'a text');
    const target = join(directory, 'b.db');
    await assert.rejects(backupSqlite(file, target), { code: 'STORE_UNAVAILABLE', message: /not an SQLite/ });
    rmSync(file);
    const db = new DatabaseHandle(file);
    db.exec('CREATE TABLE bookmarks (url TEXT)');
    db.close();
    await assert.rejects(backupSqlite(file, target), { code: 'STORE_NOT_RECOGNIZED' });
    rmSync(file);
    await fill(await open());
    await (await open()).close();
    const stopped = new AbortController();
    stopped.abort();
    await assert.rejects(backupSqlite(file, target, { signal: stopped.signal }), /interrupted/);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('b.db')),
      [],
    );
  });

  it('a signal ends one in progress, and nothing is left of it', async () => {
    const { directory, file, open } = files();
    await (await open()).close();
    const db = new DatabaseHandle(file);
    db.exec(
      'CREATE TABLE large AS SELECT zeroblob(1000000) AS x FROM (SELECT 1 FROM sqlite_schema LIMIT 50)',
    );
    const target = join(directory, 'b.db');
    const rest = (): string[] => readdirSync(directory).filter((name) => name.startsWith('b.db'));
    const copying = new AbortController();
    const options = { signal: copying.signal, onProgress: () => copying.abort() };
    await assert.rejects(backupSqlite(file, target, options), /interrupted/);
    assert.deepEqual(rest(), []);
    // SQLite waits 10 s for this lock, and takes no signal meanwhile.
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
    // Time in which this process runs: it stands still while the machine does.
    let tenths = 0;
    const passing = setInterval(() => {
      tenths += 1;
    }, 100);
    try {
      await assert.rejects(backupSqlite(file, target, { signal: AbortSignal.timeout(1000) }), /interrupted/);
    } finally {
      clearInterval(passing);
    }
    // None would mean that the copy held this thread.
    assert.ok(tenths > 0 && tenths < 80, `${tenths / 10} s`);
    assert.deepEqual(rest(), []);
    db.close();
  });

  /** A store with 6 events, its backup, and 3 more ids given since. */
  async function backedUp(): Promise<{ backup: string; content: unknown }> {
    const { directory, file, open } = files();
    const store = await open();
    await fill(store);
    const backup = join(directory, 'backup.db');
    await backupSqlite(file, backup);
    const content = await contentOf(store);
    assert.deepEqual(await store.nextEventIds(3), [7, 8, 9]);
    await store.insertEvent(newEvent(9, START));
    return { backup, content };
  }

  it('a file that another process has open is not replaced', async () => {
    const { file } = files();
    const { backup } = await backedUp();
    const before = readFileSync(file);
    assert.throws(() => replaceSqlite(file, backup, { eventIdGap: 1 }), { code: 'ALREADY_RUNNING' });
    assert.ok(readFileSync(file).equals(before));
    assert.ok(!existsSync(`${file}.restoring`) && !existsSync(`${file}.replaced`));
  });

  it('a restored store has what the backup had; mode, ids and the replaced file', async () => {
    const { directory, file, open } = files();
    const { backup, content } = await backedUp();
    const db = new DatabaseHandle(file);
    // Killed: what was written last is in the log only.
    const killed = join(directory, 'killed.db');
    for (const suffix of ['', '-wal', '-shm'])
      writeFileSync(`${killed}${suffix}`, readFileSync(`${file}${suffix}`));
    db.close();
    chmodSync(killed, 0o640);
    const report = replaceSqlite(killed, backup, { eventIdGap: 100, highestElsewhere: 8 });
    assert.deepEqual(report, {
      file: killed,
      version: SCHEMA_VERSION,
      nextEventId: 110,
      replaced: `${killed}.replaced`,
      unreadable: undefined,
    });
    assert.equal(statSync(killed).mode & 0o777, 0o640);
    assert.ok(!existsSync(`${killed}-wal`));
    const store = await open({ file: killed });
    assert.deepEqual(await contentOf(store), content);
    assert.deepEqual(await store.nextEventIds(1), [110]);
    assert.ok(await (await open({ file: `${killed}.replaced` })).event(9));
  });

  it('a second restore keeps the file that the first one replaced', async () => {
    const { directory, open } = files();
    const { backup } = await backedUp();
    const file = join(directory, 'other.db');
    for (const id of [31, 32, 33]) {
      const store = await open({ file });
      await store.insertEvent(newEvent(id, START));
      await store.close();
      const { replaced = '' } = replaceSqlite(file, backup, { eventIdGap: 10 });
      assert.match(replaced, id === 31 ? /other\.db\.replaced$/ : /other\.db\.replaced-\d{8}T\d{6}Z(-2)?$/);
      assert.ok(await (await open({ file: replaced })).event(id));
    }
    const kept = readdirSync(directory).filter((name) => /^other\.db\.replaced[^.]*$/.test(name));
    assert.equal(kept.filter((name) => !/-(wal|shm)$/.test(name)).length, 3);
  });

  it('a store that is a symbolic link: the file that it leads to is replaced, with its log', async () => {
    const { directory, open } = files();
    const { backup, content } = await backedUp();
    mkdirSync(join(directory, 'disk'));
    const real = join(directory, 'disk', 'real.db');
    await (await open({ file: real })).close();
    writeFileSync(`${real}-wal`, 'frames of it');
    const link = join(directory, 'link.db');
    symlinkSync(real, link);
    const report = replaceSqlite(link, backup, { eventIdGap: 10 });
    assert.deepEqual([report.file, report.replaced], [real, `${real}.replaced`]);
    assert.equal(readlinkSync(link), real);
    assert.ok(!existsSync(`${real}-wal`));
    assert.deepEqual(await contentOf(await open({ file: link })), content);
  });

  it('ids go on past those of a spool, and as --next-event-id says', async () => {
    const { directory } = files();
    const { backup } = await backedUp();
    const file = join(directory, 'other.db');
    assert.equal(replaceSqlite(file, backup, { eventIdGap: 10, highestElsewhere: 5000 }).nextEventId, 5011);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    rmSync(file);
    assert.equal(replaceSqlite(file, backup, { eventIdGap: 10, nextEventId: 7 }).nextEventId, 7);
    const low = { eventIdGap: 0, nextEventId: 6 };
    assert.throws(() => replaceSqlite(file, backup, low), { code: 'EVENT_ID_TOO_LOW' });
    assert.throws(() => replaceSqlite(file, backup, { eventIdGap: 0x7fffffff }), {
      code: 'EVENT_IDS_EXHAUSTED',
    });
    assert.ok(!existsSync(`${file}.restoring`));
  });

  it('a damaged file and a log without its file are moved out of the way', async () => {
    const { directory, open } = files();
    const { backup, content } = await backedUp();
    const file = join(directory, 'other.db');
    writeFileSync(file, 'damaged');
    writeFileSync(`${file}-wal`, 'frames of it');
    const report = replaceSqlite(file, backup, { eventIdGap: 10 });
    assert.match(report.unreadable ?? '', /not a database/);
    assert.equal(readFileSync(`${file}.replaced`, 'utf8'), 'damaged');
    assert.equal(report.nextEventId, 17);
    assert.ok(!existsSync(`${file}-wal`) && !existsSync(`${file}-shm`));
    assert.deepEqual(await contentOf(await open({ file })), content);
    const gone = join(directory, 'gone.db');
    writeFileSync(`${gone}-wal`, 'frames of a file that is gone');
    replaceSqlite(gone, backup, { eventIdGap: 10 });
    assert.ok(!existsSync(`${gone}-wal`));
  });

  it('a backup that is damaged, of another program, or of a newer one replaces nothing', async () => {
    const { directory, open } = files();
    const { backup } = await backedUp();
    const file = join(directory, 'other.db');
    await (await open({ file })).close();
    const before = readFileSync(file);
    const newer = join(directory, 'newer.db');
    writeFileSync(newer, readFileSync(backup));
    const db = new DatabaseHandle(newer);
    db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    assert.throws(() => replaceSqlite(file, newer, { eventIdGap: 1 }), { code: 'STORE_SCHEMA_TOO_NEW' });
    truncateSync(backup, statSync(backup).size - 8192);
    assert.throws(() => replaceSqlite(file, backup, { eventIdGap: 1 }), /damaged|malformed/);
    assert.ok(readFileSync(file).equals(before));
  });

  it('the copy from before an upgrade is the way back: it keeps its schema', async () => {
    const { file, open } = files();
    await olderFile(file, 9);
    const store = await open({ upgrade: true });
    await store.nextEventIds(4);
    await store.close();
    const { nextEventId, version } = replaceSqlite(file, `${file}.schema-9`, { eventIdGap: 100 });
    assert.deepEqual([version, versionIn(file), nextEventId], [9, 9, 111]);
    renameSync(`${file}.replaced`, `${file}.newer`);
    assert.equal(versionIn(`${file}.newer`), SCHEMA_VERSION);
  });
});
