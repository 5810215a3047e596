/** Deliveries on disk: a row from when a notification is taken until its channel took it, and some days longer, so that the same one is not taken twice. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { openDatabase, storeError } from '../../store/sqlite/connection.js';
import { ALONE, type Shared } from '../state/shared.js';
import type { Notification } from './notification.js';

/** Characters of what is read from the file together: each notification may have attachments. */
const MAX_READ = 16 * 2 ** 20;

/** "OPQN" */
const APPLICATION_ID = 0x4f50514e;
/** Files of before the schema had a version have its tables already. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS deliveries (
  key TEXT PRIMARY KEY,        -- notification, recipient, channel
  recipient TEXT NOT NULL,
  channel INTEGER NOT NULL,    -- of the recipient, from 0 on
  notification TEXT NOT NULL,  -- JSON
  created_ms INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,    -- not tried before
  tries INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL,       -- 1: it waited for a digest, quiet hours or the rate limit: sent together with others
  batch TEXT,                  -- rows that go out as one message
  state TEXT NOT NULL DEFAULT 'waiting', -- waiting, sent, failed
  done_ms INTEGER,
  error TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, next_ms);
CREATE INDEX IF NOT EXISTS deliveries_sent ON deliveries (recipient, channel, done_ms);
`;

export interface Delivery {
  key: string;
  recipient: string;
  channel: number;
  notification: Notification;
  created_ms: number;
  next_ms: number;
  tries: number;
  held: boolean;
  batch: string | undefined;
}

export type NewDelivery = Pick<Delivery, 'recipient' | 'channel' | 'next_ms' | 'held'>;

interface Row extends Omit<Delivery, 'notification' | 'held' | 'batch'> {
  notification: string;
  held: number;
  batch: string | null;
}

/** The statements, each prepared once for a file (see store/sqlite/handle.ts). */
function prepare(db: Database) {
  return {
    insert: db.prepare<[string, string, number, string, number, number, number]>(
      'INSERT OR IGNORE INTO deliveries (key, recipient, channel, notification, created_ms, next_ms, held) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    one: db.prepare<[string], Row>('SELECT * FROM deliveries WHERE key = ?'),
    due: db.prepare<[number, string, number], { key: string; length: number }>(
      "SELECT key, octet_length(notification) AS length FROM deliveries WHERE state = 'waiting' AND next_ms <= ? AND recipient || '/' || channel NOT IN (SELECT value FROM json_each(?)) ORDER BY created_ms, key LIMIT +?",
    ),
    ofBatch: db.prepare<[string], Row>(
      "SELECT * FROM deliveries WHERE batch = ? AND state = 'waiting' ORDER BY created_ms, key",
    ),
    nextMs: db
      .prepare<[], number | null>("SELECT min(next_ms) FROM deliveries WHERE state = 'waiting'")
      .pluck(true),
    join: db.prepare<[string, string]>('UPDATE deliveries SET batch = ? WHERE key = ?'),
    hold: db.prepare<[number, string]>('UPDATE deliveries SET next_ms = ?, held = 1 WHERE key = ?'),
    sent: db.prepare<[number, string]>("UPDATE deliveries SET state = 'sent', done_ms = ? WHERE key = ?"),
    failed: db.prepare<[string, number, string, number | null, string]>(
      'UPDATE deliveries SET tries = tries + 1, error = ?, next_ms = ?, state = ?, done_ms = ? WHERE key = ?',
    ),
    sentSince: db
      .prepare<[string, number, number], number>(
        "SELECT max(done_ms) FROM deliveries WHERE recipient = ? AND channel = ? AND done_ms >= ? AND state = 'sent' GROUP BY coalesce(batch, key) ORDER BY 1",
      )
      .pluck(true),
    forget: db.prepare<[number]>('DELETE FROM deliveries WHERE done_ms < ?'),
    failing: db.prepare<[], { failing: number; last_error: string | null }>(
      "SELECT count(*) AS failing, max(error) AS last_error FROM deliveries WHERE state = 'waiting' AND tries > 0",
    ),
    counts: db.prepare<[], { state: Delivered; count: number }>(
      'SELECT state, count(*) AS count FROM deliveries GROUP BY state',
    ),
  };
}

type Delivered = 'waiting' | 'sent' | 'failed';

export class DeliveryQueue {
  readonly #db: Database;
  readonly #file: string;
  readonly #detach: () => void;
  readonly #statements: ReturnType<typeof prepare>;

  /**
   * @param file made where it is missing, in a folder that only the owner and the group may enter
   * @throws MakaiError STORE_UNAVAILABLE, STORE_NOT_WRITABLE, STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW
   */
  constructor(file: string, shared: Shared = ALONE) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    this.#file = file;
    this.#db = openDatabase(file, { applicationId: APPLICATION_ID, steps: [SCHEMA] });
    this.#detach = shared.attach('deliveries', this.#db);
    this.#statements = prepare(this.#db);
  }

  /**
   * Takes a notification for its recipients, in one transaction. One with the same id for the same recipient is taken once.
   * @throws MakaiError STORE_UNAVAILABLE where the disk does not take it: to be tried again, since otherwise nobody is notified
   */
  add(notification: Notification & { id: string }, to: readonly NewDelivery[], nowMs: number): void {
    const { insert } = this.#statements;
    const text = JSON.stringify(notification);
    const all = this.#db.transaction(() => {
      for (const { channel, held, next_ms, recipient } of to) {
        const key = `${notification.id}/${recipient}/${channel}`;
        insert.run(key, recipient, channel, text, nowMs, next_ms, held ? 1 : 0);
      }
    });
    try {
      all();
    } catch (error) {
      throw storeError(error, this.#file);
    }
  }

  /** Those that are due, the oldest first; not all of them where they are many, or long. @param except lanes (recipient/channel) that are busy */
  due(nowMs: number, except: readonly string[] = [], limit = 500): Delivery[] {
    const found: Delivery[] = [];
    let total = 0;
    for (const { key, length } of this.#statements.due.all(nowMs, JSON.stringify(except), limit)) {
      total += length;
      if (found.length > 0 && total > MAX_READ) break;
      const row = this.#statements.one.get(key);
      if (row !== undefined) found.push(deliveryOf(row));
    }
    return found;
  }

  /** All of a batch: it goes out as it was at its first try. */
  ofBatch(batch: string): Delivery[] {
    return this.#statements.ofBatch.all(batch).map(deliveryOf);
  }

  /** When the next one is due, Unix ms. */
  nextMs(): number | undefined {
    return this.#statements.nextMs.get() ?? undefined;
  }

  /** Joins deliveries to one message, for good: each try sends the same under the same key. @returns the key */
  join(deliveries: readonly Delivery[]): string {
    const batch = createHash('sha256')
      .update(deliveries.map(({ key }) => key).join('\n'))
      .digest('hex');
    this.#each(deliveries, ({ key }) => this.#statements.join.run(batch, key));
    return batch;
  }

  hold(deliveries: readonly Delivery[], untilMs: number): void {
    this.#each(deliveries, ({ key }) => this.#statements.hold.run(untilMs, key));
  }

  sent(deliveries: readonly Delivery[], nowMs: number): void {
    this.#each(deliveries, ({ key }) => this.#statements.sent.run(nowMs, key));
  }

  /** @param nextMs undefined: not tried again */
  failed(deliveries: readonly Delivery[], error: string, nextMs: number | undefined, nowMs: number): void {
    const [state, doneMs]: [Delivered, number | null] =
      nextMs === undefined ? ['failed', nowMs] : ['waiting', null];
    this.#each(deliveries, ({ key }) =>
      this.#statements.failed.run(error.slice(0, 500), nextMs ?? nowMs, state, doneMs, key),
    );
  }

  /** Messages (batches count once) that a channel took since, Unix ms of each. */
  sentSince(recipient: string, channel: number, sinceMs: number): number[] {
    return this.#statements.sentSince.all(recipient, channel, sinceMs);
  }

  /** Deletes what was done before. */
  forget(beforeMs: number): void {
    this.#statements.forget.run(beforeMs);
  }

  counts(): Record<Delivered, number> {
    const found = { waiting: 0, sent: 0, failed: 0 };
    for (const { count, state } of this.#statements.counts.all()) found[state] = count;
    return found;
  }

  /** Those that failed and are tried again; why one of them did. */
  failing(): { failing: number; last_error?: string } {
    const { failing = 0, last_error } = this.#statements.failing.get() ?? {};
    return { failing, ...(last_error === null || last_error === undefined ? {} : { last_error }) };
  }

  close(): void {
    this.#detach();
    this.#db.close();
  }

  #each(deliveries: readonly Delivery[], change: (delivery: Delivery) => void): void {
    this.#db.transaction(() => deliveries.forEach(change))();
  }
}

function deliveryOf(row: Row): Delivery {
  return {
    ...row,
    notification: JSON.parse(row.notification) as Notification,
    held: row.held === 1,
    batch: row.batch ?? undefined,
  };
}
