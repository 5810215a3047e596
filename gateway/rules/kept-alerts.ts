/** Alerts of rules on disk: until the store and the notifier have taken them, and which rules are firing. A write is on disk when it returns. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { RuleAlert } from '../../rules/index.js';
import { openDatabase } from '../../store/sqlite/connection.js';
import { ALONE, type Shared } from '../state/shared.js';

/** "OPQR" */
const APPLICATION_ID = 0x4f505152;
const SCHEMA = `
CREATE TABLE waiting (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  alert TEXT NOT NULL -- JSON
);
CREATE TABLE firing (
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (rule, subject)
) WITHOUT ROWID;
`;
/** Beyond it no further alert begins; an end is taken only of an alert whose begin was. */
const MAX_WAITING = 10_000;
/** Characters of the message that are kept: an alert shows no more. */
const MAX_PAYLOAD = 4000;

export interface Firing {
  rule: string;
  /** topic, or empty */
  subject: string;
}

export interface WaitingAlert {
  id: number;
  /** Unix ms when the rule fired, or was over */
  at_ms: number;
  alert: RuleAlert;
}

function prepare(db: Database) {
  return {
    insert: db.prepare<[number, string]>('INSERT INTO waiting (at_ms, alert) VALUES (?, ?)'),
    first: db.prepare<[], { id: number; at_ms: number; alert: string }>(
      'SELECT id, at_ms, alert FROM waiting ORDER BY id LIMIT 1',
    ),
    remove: db.prepare<[number]>('DELETE FROM waiting WHERE id = ?'),
    count: db.prepare<[], number>('SELECT count(*) FROM waiting').pluck(true),
    begin: db.prepare<[string, string]>('INSERT OR IGNORE INTO firing VALUES (?, ?)'),
    end: db.prepare<[string, string]>('DELETE FROM firing WHERE rule = ? AND subject = ?'),
    firing: db.prepare<[], Firing>('SELECT rule, subject FROM firing'),
    isFiring: db.prepare<[string, string], number>('SELECT 1 FROM firing WHERE rule = ? AND subject = ?'),
  };
}

export class KeptAlerts {
  readonly #db: Database;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #maxWaiting: number;
  readonly #detach: () => void;
  #waiting: number;

  /** @throws MakaiError as a store that cannot be opened */
  constructor(folder: string, maxWaiting = MAX_WAITING, shared: Shared = ALONE) {
    this.#maxWaiting = maxWaiting;
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    this.#db = openDatabase(join(folder, 'rules.db'), { applicationId: APPLICATION_ID, steps: [SCHEMA] });
    this.#detach = shared.attach('rules', this.#db);
    this.#statements = prepare(this.#db);
    this.#waiting = this.#statements.count.get() ?? 0;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** @returns false where too many wait. @throws where the disk does not take it */
  put(alert: RuleAlert, atMs: number): boolean {
    const { begin, end, insert } = this.#statements;
    if (this.#waiting >= this.#maxWaiting && (alert.state === 'firing' || !this.isFiring(alert)))
      return false;
    const { payload, topic } = alert.message;
    const text = JSON.stringify({ ...alert, message: { topic, payload: payload.slice(0, MAX_PAYLOAD) } });
    this.#db.transaction(() => {
      insert.run(atMs, text);
      (alert.state === 'firing' ? begin : end).run(alert.rule, alert.subject);
    })();
    this.#waiting += 1;
    return true;
  }

  /** The one that has waited longest. */
  first(): WaitingAlert | undefined {
    const row = this.#statements.first.get();
    return row === undefined ? undefined : { ...row, alert: JSON.parse(row.alert) as RuleAlert };
  }

  remove({ id }: WaitingAlert): void {
    this.#statements.remove.run(id);
    this.#waiting -= 1;
  }

  /** Rules that fired and are not over, by topic. */
  firing(): Firing[] {
    return this.#statements.firing.all();
  }

  isFiring({ rule, subject }: Firing): boolean {
    return this.#statements.isFiring.get(rule, subject) !== undefined;
  }

  /** One that the store knows of: this file is new. */
  adopt({ rule, subject }: Firing): void {
    this.#statements.begin.run(rule, subject);
  }

  close(): void {
    this.#detach();
    this.#db.close();
  }
}
