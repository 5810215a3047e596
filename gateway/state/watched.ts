/** What was published and may still change: read again from time to time, and published again where its hash differs. */
import type { Database, Statement } from 'better-sqlite3';

export type WatchedKind = 'event' | 'incident' | 'group';

export interface WatchedOne {
  id: number;
  /** of what was published last */
  hash: string;
  /** Unix ms when it was published first */
  since_ms: number;
}

export class Watched {
  readonly #get: Statement<[string, number], WatchedOne>;
  readonly #due: Statement<[string, number, number], WatchedOne>;
  readonly #put: Statement<[string, number, string, number, number]>;
  readonly #wake: Statement<[number, string, number]>;
  readonly #remove: Statement<[string, number]>;
  readonly #expire: Statement<[string, number]>;

  constructor(db: Database) {
    this.#get = db.prepare<[string, number], WatchedOne>(
      'SELECT id, hash, since_ms FROM watched WHERE kind = ? AND id = ?',
    );
    this.#due = db.prepare<[string, number, number], WatchedOne>(
      'SELECT id, hash, since_ms FROM watched WHERE kind = ? AND due_ms <= ? ORDER BY due_ms LIMIT +?',
    );
    this.#put = db.prepare(
      `INSERT INTO watched (kind, id, hash, since_ms, due_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET hash = excluded.hash, due_ms = excluded.due_ms`,
    );
    this.#wake = db.prepare('UPDATE watched SET due_ms = ? WHERE kind = ? AND id = ?');
    this.#remove = db.prepare('DELETE FROM watched WHERE kind = ? AND id = ?');
    this.#expire = db.prepare('DELETE FROM watched WHERE kind = ? AND since_ms < ?');
  }

  get(kind: WatchedKind, id: number): WatchedOne | undefined {
    return this.#get.get(kind, id);
  }

  /** Those to be read again, the most overdue first. */
  due(kind: WatchedKind, nowMs: number, limit: number): WatchedOne[] {
    return this.#due.all(kind, nowMs, limit);
  }

  /** @param dueMs when to read it again, Unix ms */
  put(kind: WatchedKind, { hash, id, since_ms }: WatchedOne, dueMs: number): void {
    this.#put.run(kind, id, hash, since_ms, dueMs);
  }

  /** Reads it again now, if it is watched. */
  wake(kind: WatchedKind, id: number, nowMs: number): void {
    this.#wake.run(nowMs, kind, id);
  }

  remove(kind: WatchedKind, id: number): void {
    this.#remove.run(kind, id);
  }

  /** Forgets those published first before a time. */
  expire(kind: WatchedKind, beforeMs: number): void {
    this.#expire.run(kind, beforeMs);
  }
}
