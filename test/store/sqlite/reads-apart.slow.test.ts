/** Reads with a connection of their own: it cannot write, and a long read holds up no write. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine } from '../../../store/sqlite/engine.js';
import { openSqliteStore } from '../../../store/sqlite/index.js';
import { READS } from '../../../store/sqlite/reads.js';

const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const MINUTE_MS = 60_000;
const MINUTES = 30_000;
const START = 1_795_315_200_000;
const BOX = { box_id: '7', calibration_constant: 1, unplugged: false };

describe('store/sqlite: reads apart', function () {
  this.timeout(300_000);
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-reads-'));
    file = join(folder, 'makai.db');
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('have a connection that refuses what would change the file', () => {
    const writer = openEngine(file, RETENTION, true);
    const reader = openEngine(file, RETENTION, false, true);
    try {
      writer.putBox(BOX);
      assert.deepEqual(reader.boxes(), [BOX]);
      assert.throws(() => reader.putBox({ ...BOX, box_id: '8' }), { code: 'SQLITE_READONLY' });
      assert.throws(() => reader.nextEventIds(1), { code: 'SQLITE_READONLY' });
      assert.deepEqual(writer.boxes(), [BOX]);
      for (const name of READS) assert.ok(name in reader, name);
    } finally {
      reader.close();
      writer.close();
    }
  });

  it('see what was written before, and hold up no write', async () => {
    const store = await openSqliteStore(file, { retention: RETENTION, upgrade: true, readsApart: true });
    try {
      const values = { min: 119, max: 121, average: 120 };
      const trends = Array.from({ length: MINUTES }, (_, i) => ({
        box_id: '7',
        timestamp_ms: START + (i + 1) * MINUTE_MS,
        location: 'lab',
        voltage: values,
      }));
      await store.apply({ kind: 'trends', trends });
      const order: string[] = [];
      const range = { fromMs: START, toMs: START + MINUTES * MINUTE_MS };
      const reading = Promise.all(
        [0, 1, 2, 3].map(async () => {
          assert.equal((await store.trendBands('7', MINUTE_MS, range)).length, MINUTES);
        }),
      ).then(() => order.push('read'));
      await store.putBox(BOX);
      order.push('written');
      await reading;
      assert.deepEqual(order, ['written', 'read']);
      assert.deepEqual(await store.boxes(), [BOX]);
    } finally {
      await store.close();
    }
  });
});
