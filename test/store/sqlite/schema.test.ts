import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { FOREVER_SECONDS } from '../../../store/documents.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { migrate } from '../../../store/sqlite/migrate.js';
import { APPLICATION_ID, SCHEMA_VERSION } from '../../../store/sqlite/schema.js';
import { all, bytesOf } from '../contract/given.js';
import { givenFiles } from './files.js';

describe('store/sqlite: schema versions', () => {
  const files = givenFiles();

  function change(file: string, statements: string): void {
    const db = new DatabaseHandle(file);
    db.exec(statements);
    db.close();
  }

  it('a file of version 1 opens with all that is in it', async () => {
    const { file, open } = files();
    change(file, readFileSync(join(PACKAGE_ROOT, 'test/store/sqlite/version-1.sql'), 'utf8'));
    const store = await open({ upgrade: true });
    const measurements = await all(store.measurements('1001'));
    assert.deepEqual(measurements, [
      {
        box_id: '1001',
        timestamp_ms: 1_700_000_000_166,
        frequency: 59.75,
        voltage: 120.5,
        invalid: ['thd'],
        extremes: { voltage: { min: 101.25, max: 121 } },
        expire_at: 4_000_000_000,
      },
    ]);
    assert.deepEqual(await store.newestByBox(), [
      { boxId: '1001', measurementMs: 1_700_000_000_166, trendMs: 1_700_000_040_000 },
    ]);
    assert.deepEqual(await all(store.trends('1001')), [
      {
        box_id: '1001',
        timestamp_ms: 1_700_000_040_000,
        location: 'lab-3',
        voltage: { min: 101.25, max: 121, average: 120.5 },
        expire_at: 253_402_300_799,
      },
    ]);
    assert.deepEqual(await store.event(17), {
      event_id: 17,
      type: 'VOLTAGE_SAG',
      description: 'a sag',
      boxes_triggered: ['1001', '1002'],
      boxes_received: ['1001'],
      latencies_ms: [1_700_000_001_500],
      percent_magnitude: 15.5,
      target_event_start_timestamp_ms: 1_700_000_000_000,
      target_event_end_timestamp_ms: 1_700_000_001_000,
      expire_at: 253_402_300_799,
    });
    const [boxEvent] = await store.boxEvents(17);
    assert.deepEqual(boxEvent?.window_timestamps_ms, [1_700_000_000_000, 1_700_000_000_016]);
    assert.ok((await store.waveform('event_17_1001'))?.equals(bytesOf(Int16Array.of(1, -1, 256))));
    assert.equal((await store.box('1001'))?.calibration_constant, 152.5);
    assert.equal((await store.lahaConfig())?.ttls.measurements, 60);
    assert.deepEqual(await store.openRequests(), [{ key: 'read 17', body: '{}' }]);
    assert.deepEqual(await store.nextEventIds(1), [43]);
  });

  it('measurements of a file of version 1 still expire, each in its time', async () => {
    const { file, open } = files();
    change(file, readFileSync(join(PACKAGE_ROOT, 'test/store/sqlite/version-1.sql'), 'utf8'));
    const row = 'INSERT INTO measurements (second, box, ms, invalid, expire_at) VALUES';
    change(
      file,
      `${row} (10, 1, 0, 0, 500), (10, 2, 0, 0, 700), (11, 1, 0, 0, 600), (12, 1, 0, 0, ${FOREVER_SECONDS})`,
    );
    const store = await open({ upgrade: true });
    const swept = async (seconds: number) => (await store.sweep(1000 * seconds)).measurements;
    assert.deepEqual([await swept(499), await swept(500), await swept(650)], [0, 1, 1]);
    assert.equal((await all(store.measurements('2'))).length, 1);
    assert.deepEqual([await swept(700), await swept(4_000_000_000), await swept(5_000_000_000)], [1, 1, 0]);
    assert.deepEqual(
      (await all(store.measurements('1'))).map((m) => m.timestamp_ms),
      [12_000],
    );
  });

  it('a file of a newer program is refused and left as it is', async () => {
    const { file, open } = files();
    await (await open()).close();
    change(file, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    const before = readFileSync(file);
    await assert.rejects(open(), {
      code: 'STORE_SCHEMA_TOO_NEW',
      message: new RegExp(`version ${SCHEMA_VERSION + 1}.*up to ${SCHEMA_VERSION}`),
    });
    assert.ok(readFileSync(file).equals(before));
  });

  it("another program's database is refused and left as it is", async () => {
    const { file, open } = files();
    change(file, 'CREATE TABLE bookmarks (url TEXT)');
    await assert.rejects(open(), { code: 'STORE_NOT_RECOGNIZED' });
    const db = new DatabaseHandle(file);
    const tables = db.prepare('SELECT name FROM sqlite_schema').pluck(true).all();
    db.close();
    assert.deepEqual(tables, ['bookmarks']);
  });

  it('each version takes the steps it lacks, in order, all or none', () => {
    const db = new DatabaseHandle(':memory:');
    const steps = [
      'CREATE TABLE a (x); INSERT INTO a VALUES (1)',
      'ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1',
    ];
    migrate(db, 'test', { steps: steps.slice(0, 1) });
    assert.equal(db.pragma('user_version', { simple: true }), 1);
    assert.throws(
      () => migrate(db, 'test', { steps: [...steps, 'INSERT INTO missing VALUES (1)'] }),
      /no such table: missing/,
    );
    assert.equal(db.pragma('user_version', { simple: true }), 1);
    assert.deepEqual(db.prepare('SELECT * FROM a').all(), [{ x: 1 }]);
    migrate(db, 'test', { steps });
    migrate(db, 'test', { steps });
    assert.deepEqual(db.prepare('SELECT * FROM a').all(), [{ x: 1, y: 2 }]);
    assert.equal(db.pragma('application_id', { simple: true }), APPLICATION_ID);
  });

  it('an empty file is a new store', async () => {
    const { file, open } = files();
    writeFileSync(file, '');
    assert.deepEqual(await (await open()).nextEventIds(1), [1]);
  });
});
