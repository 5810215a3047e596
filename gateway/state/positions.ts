/** How far something has been followed, by name, as JSON. */
import type { Database, Statement } from 'better-sqlite3';

export class Positions {
  readonly #get: Statement<[string], string>;
  readonly #put: Statement<[string, string]>;

  constructor(db: Database) {
    this.#get = db.prepare<[string], string>('SELECT value FROM positions WHERE name = ?').pluck(true);
    this.#put = db.prepare(
      'INSERT INTO positions VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
  }

  /** @returns undefined where nothing was followed yet */
  get(name: string): unknown {
    const text = this.#get.get(name);
    return text === undefined ? undefined : JSON.parse(text);
  }

  put(name: string, value: unknown): void {
    this.#put.run(name, JSON.stringify(value));
  }
}
