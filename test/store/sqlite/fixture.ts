import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { openSqliteStore, type SqliteOptions } from '../../../store/sqlite/index.js';
import type { Store } from '../../../store/store.js';
import type { StoreFixture } from '../contract.js';

/** A SQLite store in a folder of its own. */
export async function sqliteFixture(options: SqliteOptions): Promise<StoreFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'makai-store-'));
  const file = join(directory, 'makai.db');
  const stores: Store[] = [];
  const another = async (): Promise<Store> => {
    const store = await openSqliteStore(file, options);
    stores.push(store);
    return store;
  };
  const store = await another();
  const raw = new DatabaseHandle(file);
  return {
    store,
    another,
    writeLahaConfig: async (document) => {
      raw.prepare("INSERT INTO documents VALUES ('laha_config', ?)").run(JSON.stringify(document));
    },
    written: async (collection) => {
      if (collection === 'makai_metrics') {
        const rows = raw
          .prepare<[], Record<string, unknown>>('SELECT * FROM metrics ORDER BY metric_id')
          .all();
        return rows.map((row) =>
          Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
        );
      }
      const rows = raw.prepare<[], Record<string, unknown>>('SELECT * FROM health ORDER BY finding_id').all();
      return rows.map(({ timestamp_ms, service_id, ...row }) => ({
        ...row,
        timestamp: new Date(Number(timestamp_ms)),
        serviceID: service_id,
      }));
    },
    cleanup: async () => {
      raw.close();
      for (const one of stores) await one.close();
      await rm(directory, { recursive: true });
    },
  };
}
