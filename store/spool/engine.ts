/** Everything a spool does on disk, as synchronous operations over one open file (run on a thread of its own). */
import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { OpenRequest } from '../documents.js';
import { openDatabase } from '../sqlite/connection.js';
import { type IdState, idOperations } from './id-engine.js';
import { queueOperations } from './queue-engine.js';
import type { QueueTotals, SpoolLimits } from './rows.js';
import { SPOOL_SCHEMA } from './schema.js';
import { windowTable } from './window-engine.js';

export type SpoolEngine = ReturnType<typeof openSpoolEngine>;
export type { IdState, QueueTotals, SpoolLimits };

/** @throws MakaiError STORE_UNAVAILABLE (also while another process has the file), STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW */
export function openSpoolEngine(file: string, limits: SpoolLimits) {
  const db = openDatabase(file, SPOOL_SCHEMA);
  const write = <T>(change: () => T): T => db.transaction(change).immediate();
  const { forgetTotals, ...queue } = queueOperations(db, write, limits, windowTable(db, limits));
  return {
    ...queue,
    ...idOperations(db, write, randomUUID),
    ...documentOperations(db, write),
    begin: (): void => {
      db.exec('BEGIN IMMEDIATE');
    },
    commit: (): void => {
      db.exec('COMMIT');
    },
    rollback: (): void => {
      forgetTotals();
      if (db.inTransaction) db.exec('ROLLBACK');
    },
    inTransaction: (): boolean => db.inTransaction,
    close: (): void => {
      db.close();
    },
  };
}

type Write = <T>(change: () => T) => T;

function documentOperations(db: Database, write: Write) {
  const put = db.prepare<[string, string]>(
    `INSERT INTO open_requests VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM open_requests), ?)
     ON CONFLICT (key) DO UPDATE SET body = excluded.body`,
  );
  const remove = db.prepare<[string]>('DELETE FROM open_requests WHERE key = ?');
  const list = db.prepare<[], OpenRequest>('SELECT key, body FROM open_requests ORDER BY position');
  const remember = db.prepare<[string, string]>('INSERT OR REPLACE INTO remembered VALUES (?, ?)');
  const recall = db.prepare<[string], string>('SELECT body FROM remembered WHERE name = ?').pluck(true);
  return {
    putOpenRequest: ({ key, body }: OpenRequest): void => {
      write(() => put.run(key, body));
    },
    removeOpenRequest: (key: string): void => {
      write(() => remove.run(key));
    },
    openRequests: (): OpenRequest[] => list.all(),
    /** Keeps a document as the database has it now. @param body JSON */
    remember: (name: string, body: string): void => {
      write(() => remember.run(name, body));
    },
    recall: (name: string): string | undefined => recall.get(name),
  };
}
