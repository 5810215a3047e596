/** Files as programs of earlier schema versions left them. */
import { rmSync } from 'node:fs';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { openSqliteStore } from '../../../store/sqlite/index.js';
import { APPLICATION_ID, MIGRATIONS } from '../../../store/sqlite/schema.js';
import { fillStore } from '../content.js';

/** Makes `file` with the content of `fillStore`, as far as schema `version` has a place for it. */
export async function olderFile(file: string, version: number): Promise<void> {
  const newest = `${file}.newest`;
  const store = await openSqliteStore(newest, {
    retention: { mode: 'ttl', measurementsSeconds: 10 * 365 * 86_400 },
    thread: 'inline',
  });
  await fillStore(store);
  await store.close();
  const db = new DatabaseHandle(file);
  db.pragma('journal_mode = WAL');
  for (const step of MIGRATIONS.slice(0, version)) db.exec(step);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${version}`);
  db.prepare('ATTACH ? AS newest').run(newest);
  const tables = db
    .prepare<[], string>(
      "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .pluck(true)
    .all();
  for (const table of tables) {
    const names = (db.pragma(`main.table_info(${table})`) as { name: string }[]).map(({ name }) => name);
    const columns = names.join(', ');
    db.exec(`INSERT OR IGNORE INTO main.${table} (${columns}) SELECT ${columns} FROM newest.${table}`);
  }
  db.close();
  for (const name of [newest, `${newest}-wal`, `${newest}-shm`]) rmSync(name, { force: true });
}

export function versionIn(file: string): number {
  const db = new DatabaseHandle(file, { readonly: true });
  const version = Number(db.pragma('user_version', { simple: true }));
  db.close();
  return version;
}
