/**
 * Batches that wait on disk for another server (NATS, Kafka): in an SQLite file, in the order in which they were received. A batch is on disk when `add`
 * returns, and leaves when the server has it. Used by one thread of one process.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { openDatabase, type Schema, storeError } from './sqlite/connection.js';

/** Messages that are sent together, packed. */
export interface PackedBatch {
  /** the same for the same batch whenever it is sent: a server that knows it takes the batch once */
  id: string;
  partition: number;
  /** how many messages */
  messages: number;
  body: Uint8Array;
}

export interface SpooledBatch extends PackedBatch {
  seq: number;
}

/** What one row costs besides its body, roughly. */
const ROW_BYTES = 80;

/** Pages of 4 KiB that are given back at a time: some tens of ms. */
const SHRINK_PAGES = 2048;

const SCHEMA: Schema = {
  applicationId: 0x4f505152, // "OPQR"
  steps: [
    `CREATE TABLE batches (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      batch_partition INTEGER NOT NULL,
      messages INTEGER NOT NULL,
      body BLOB NOT NULL
    );`,
  ],
  // Its file shrinks again after an outage.
  pragmas: ['auto_vacuum = INCREMENTAL', 'locking_mode = EXCLUSIVE'],
};

export class BatchSpool {
  readonly #db: Database;
  readonly #file: string;
  readonly #maxBytes: number;
  readonly #statements: ReturnType<typeof prepare>;
  #batches: number;
  #messages: number;
  #bytes: number;

  /**
   * Opens a file, and makes it and its folder where they are missing.
   * @param maxBytes the oldest batches are dropped beyond it
   * @param outlives what a batch on disk outlives: `process` costs no waiting for the disk, and a power failure may cost the last batches
   * @throws MakaiError STORE_UNAVAILABLE, STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW
   */
  constructor(file: string, maxBytes: number, outlives: 'power failure' | 'process' = 'power failure') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#db = openDatabase(file, SCHEMA);
    if (outlives === 'process') this.#db.pragma('synchronous = NORMAL');
    this.#statements = prepare(this.#db);
    const totals = this.#statements.totals.get();
    this.#batches = totals?.batches ?? 0;
    this.#messages = totals?.messages ?? 0;
    this.#bytes = (totals?.bytes ?? 0) + ROW_BYTES * this.#batches;
  }

  get batches(): number {
    return this.#batches;
  }

  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Keeps batches, in one transaction.
   * @returns how many messages were dropped for them: the oldest
   * @throws MakaiError STORE_UNAVAILABLE (the disk is full, say); then nothing was changed
   */
  add(batches: readonly PackedBatch[]): number {
    const { insert } = this.#statements;
    return this.#change(() => {
      for (const { body, id, messages, partition } of batches) {
        insert.run(id, partition, messages, body);
        this.#count(1, messages, body.length);
      }
      let dropped = 0;
      while (this.#bytes > this.#maxBytes && this.#batches > 1) {
        const [oldest] = this.oldest(1);
        if (oldest === undefined) break;
        dropped += oldest.messages;
        this.#removeOne(oldest);
      }
      return dropped;
    });
  }

  /** The oldest batches. They stay until they are removed. */
  oldest(limit: number): SpooledBatch[] {
    return this.#statements.oldest.all(limit);
  }

  /** The server has them. @throws MakaiError STORE_UNAVAILABLE; then they are all still there */
  remove(batches: readonly SpooledBatch[]): void {
    this.#change(() => {
      for (const batch of batches) this.#removeOne(batch);
    });
  }

  /**
   * Gives a part of the file's unused space back to the disk, once it is empty. All of a large file takes seconds, and meanwhile nothing else is done.
   * @returns whether there is more
   * @throws MakaiError STORE_UNAVAILABLE
   */
  shrink(): boolean {
    if (this.#batches > 0 || this.#freePages() === 0) return false;
    try {
      this.#db.pragma(`incremental_vacuum(${SHRINK_PAGES})`);
      const isMore = this.#freePages() > 0;
      // The file itself becomes shorter at a checkpoint.
      if (!isMore) this.#db.pragma('wal_checkpoint(TRUNCATE)');
      return isMore;
    } catch (error) {
      throw storeError(error, this.#file);
    }
  }

  close(): void {
    this.#db.close();
  }

  #freePages(): number {
    return Number(this.#db.pragma('freelist_count', { simple: true }));
  }

  #removeOne({ body, messages, seq }: SpooledBatch): void {
    // It may have been dropped since it was read.
    if (this.#statements.remove.run(seq).changes > 0) this.#count(-1, -messages, -body.length);
  }

  #count(batches: number, messages: number, bytes: number): void {
    this.#batches += batches;
    this.#messages += messages;
    this.#bytes += bytes + batches * ROW_BYTES;
  }

  #change<T>(work: () => T): T {
    const before = [this.#batches, this.#messages, this.#bytes] as const;
    try {
      return this.#db.transaction(work).immediate();
    } catch (error) {
      [this.#batches, this.#messages, this.#bytes] = before;
      throw storeError(error, this.#file);
    }
  }
}

function prepare(db: Database) {
  return {
    totals: db.prepare<[], { batches: number; messages: number; bytes: number }>(
      'SELECT count(*) AS batches, coalesce(sum(messages), 0) AS messages, coalesce(sum(length(body)), 0) AS bytes FROM batches',
    ),
    insert: db.prepare<[string, number, number, Uint8Array]>(
      'INSERT INTO batches (id, batch_partition, messages, body) VALUES (?, ?, ?, ?)',
    ),
    oldest: db.prepare<[number], SpooledBatch>(
      'SELECT seq, id, batch_partition AS "partition", messages, body FROM batches ORDER BY seq LIMIT +?',
    ),
    remove: db.prepare<[number]>('DELETE FROM batches WHERE seq = ?'),
  };
}
