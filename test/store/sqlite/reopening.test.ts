import assert from 'node:assert/strict';
import { existsSync, readdirSync, realpathSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Engine, openEngine } from '../../../store/sqlite/engine.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { Reopening } from '../../../store/sqlite/reopening.js';
import { lookAtFile } from '../../../store/sqlite/writable-file.js';
import { newEvent } from '../contract/given.js';
import { givenFiles } from './files.js';

const START = 1_780_000_000_000;
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;

describe('store/sqlite: a file opened again', () => {
  const files = givenFiles();
  let opened: Reopening<Engine>[] = [];
  let clockMs = 0;
  let opens = 0;
  let left: string[] = [];

  const reopening = (file: string): Reopening<Engine> => {
    const engines = new Reopening<Engine>({
      file,
      open: () => {
        opens += 1;
        return openEngine(file, RETENTION, true);
      },
      look: () => lookAtFile(file, true),
      leftLog: (kept) => left.push(kept),
      now: () => clockMs,
    });
    opened.push(engines);
    return engines;
  };
  const put = (engine: Engine, id: number): void =>
    void engine.write({ kind: 'event', event: newEvent(id, START) }, START);
  /** A second store, with event 100. */
  const other = (path: string): string => {
    const engine = openEngine(path, RETENTION, true);
    put(engine, 100);
    engine.close();
    return path;
  };
  /** A reader that holds back a checkpoint: what is written from now on stays in the log. */
  const reader = (path: string): DatabaseHandle => {
    const db = new DatabaseHandle(path);
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM events').get();
    return db;
  };
  const ids = (path: string): number[] => {
    const db = new DatabaseHandle(path);
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
    const found = db.prepare<[], number>('SELECT event_id FROM events ORDER BY event_id').pluck(true).all();
    db.close();
    return found;
  };

  beforeEach(() => {
    [clockMs, opens, left] = [0, 0, []];
  });
  afterEach(() => {
    for (const engines of opened) engines.close();
    opened = [];
  });

  it('a path that cannot be looked at: only the next operation fails, and the engine is the same afterwards', () => {
    const { directory, file } = files();
    const engines = reopening(file);
    const engine = engines.current();
    const away = `${directory}.away`;
    renameSync(directory, away);
    symlinkSync(directory, directory);
    try {
      engines.look();
      assert.throws(() => engines.current(), {
        code: 'STORE_UNAVAILABLE',
        message: /cannot be looked for: ELOOP/,
      });
      engines.look();
    } finally {
      unlinkSync(directory);
      renameSync(away, directory);
    }
    assert.equal(engines.current(), engine);
    renameSync(directory, away);
    symlinkSync(directory, directory);
    try {
      engines.failed({ code: 'SQLITE_IOERR_WRITE' });
      engines.look();
      assert.throws(() => engines.current(), { code: 'STORE_UNAVAILABLE' });
    } finally {
      unlinkSync(directory);
      renameSync(away, directory);
    }
    clockMs += 5000;
    put(engines.current(), 1);
    assert.ok(engines.current().event(1));
  });

  it('the log of a replaced file goes once all of it is in the file', () => {
    const { directory, file } = files();
    const engines = reopening(file);
    put(engines.current(), 1);
    const fresh = other(`${file}.other`);
    renameSync(file, `${file}.old`);
    renameSync(fresh, file);
    engines.look();
    assert.deepEqual(left, []);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.includes('-wal')),
      [],
    );
    assert.deepEqual([ids(`${file}.old`), ids(file)], [[1], [100]]);
    assert.ok(engines.current().event(100));
  });

  it('the log of a replaced file that a reader held back is kept, and completes that file', () => {
    const { file } = files();
    const engines = reopening(file);
    const reads = reader(file);
    put(engines.current(), 1);
    const fresh = other(`${file}.other`);
    renameSync(file, `${file}.old`);
    renameSync(fresh, file);
    engines.look();
    reads.close();
    const [kept = ''] = left;
    assert.match(basename(kept), /^makai\.db-wal\.left-\d{8}T\d{6}Z$/);
    assert.ok(engines.current().event(100));
    engines.close();
    assert.deepEqual(ids(file), [100]);
    // SQLite folds a page only in its newest state: without its log the old file is damaged.
    renameSync(kept, `${file}.old-wal`);
    assert.deepEqual(ids(`${file}.old`), [1]);
  });

  it('a file that failed and is then replaced: its log is not played into the new one', () => {
    const { file } = files();
    const engines = reopening(file);
    const reads = reader(file);
    put(engines.current(), 1);
    engines.failed({ code: 'SQLITE_IOERR_WRITE' });
    assert.ok(existsSync(`${file}-wal`));
    const fresh = other(`${file}.other`);
    renameSync(file, `${file}.old`);
    renameSync(fresh, file);
    clockMs += 1000;
    const engine = engines.current();
    reads.close();
    assert.equal(left.length, 1);
    assert.deepEqual([engine.event(100)?.event_id, engine.event(1)], [100, undefined]);
    engines.close();
    assert.deepEqual(ids(file), [100]);
  });

  it('a file that is gone keeps its log: both may come back', () => {
    const { file } = files();
    const engines = reopening(file);
    const reads = reader(file);
    put(engines.current(), 1);
    renameSync(file, `${file}.away`);
    engines.failed({ code: 'SQLITE_IOERR_WRITE' });
    assert.throws(() => engines.current(), { code: 'STORE_UNAVAILABLE', message: /moved or deleted/ });
    assert.ok(existsSync(`${file}-wal`));
    renameSync(`${file}.away`, file);
    clockMs += 5000;
    assert.ok(engines.current().event(1));
    reads.close();
  });

  it('after a failure the same file is opened again after 5 s, not for every operation', () => {
    const { file } = files();
    const engines = reopening(file);
    const refused = { code: 'SQLITE_IOERR_WRITE' };
    engines.failed(refused);
    for (clockMs = 0; clockMs < 5000; clockMs += 100)
      assert.throws(
        () => engines.current(),
        (error) => error === refused,
      );
    assert.equal(opens, 1);
    engines.current();
    assert.equal(opens, 2);
  });

  it('a symbolic link: the log is that of the file it leads to', () => {
    const { directory, file } = files();
    const real = `${directory}/real.db`;
    other(real);
    symlinkSync(real, file);
    const engines = reopening(file);
    const reads = reader(file);
    put(engines.current(), 1);
    assert.ok(existsSync(`${real}-wal`) && !existsSync(`${file}-wal`));
    const fresh = other(`${real}.other`);
    renameSync(real, `${real}.old`);
    renameSync(fresh, real);
    assert.deepEqual([engines.current().event(1), engines.current().event(100)?.event_id], [undefined, 100]);
    reads.close();
    const [kept = ''] = left;
    assert.equal(dirname(kept), realpathSync(directory));
    assert.match(basename(kept), /^real\.db-wal\.left-/);
  });

  it('a symbolic link that leads elsewhere: the file it led to is left as it is', () => {
    const { directory, file } = files();
    symlinkSync(other(`${directory}/a.db`), file);
    const engines = reopening(file);
    const reads = reader(file);
    put(engines.current(), 1);
    unlinkSync(file);
    symlinkSync(other(`${directory}/b.db`), file);
    assert.equal(engines.current().event(1), undefined);
    assert.deepEqual(left, []);
    reads.close();
    assert.deepEqual(ids(`${directory}/a.db`), [1, 100]);
  });
});
