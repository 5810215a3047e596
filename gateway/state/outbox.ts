/** Messages that wait for the broker, in order, on disk. */
import type { Database, Statement } from 'better-sqlite3';
import { type Clock, pause } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';

export interface Message {
  topic: string;
  /** JSON text */
  payload: string;
  retain: boolean;
}

export interface WaitingMessage extends Message {
  id: number;
}

export interface OutboxStatus {
  /** that wait */
  messages: number;
  bytes: number;
  max_bytes: number;
  /** Unix ms when the oldest came; undefined: none waits */
  oldest_ms: number | undefined;
}

/** Looked at without being woken: never needed, and cheap. */
const IDLE_MS = 60_000;
/** Row and index entry beside the texts. */
const ROW_BYTES = 50;

interface Row {
  id: number;
  topic: string;
  payload: string;
  retain: number;
  put_ms: number;
}

export class Outbox {
  readonly #maxBytes: number;
  readonly #insert: Statement<[string, string, number, number]>;
  readonly #first: Statement<[], Row>;
  readonly #oldest: Statement<[number], Row>;
  readonly #delete: Statement<[number]>;
  readonly #move: (work: () => number) => number;
  readonly #waiters = new Set<() => void>();
  readonly #total: Statement<[], { messages: number; bytes: number }>;
  #messages = 0;
  #bytes = 0;
  /** the one that is being published, so that it is read once */
  #head: Row | undefined;

  constructor(db: Database, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#insert = db.prepare('INSERT INTO outbox (topic, payload, retain, put_ms) VALUES (?, ?, ?, ?)');
    this.#first = db.prepare<[], Row>('SELECT * FROM outbox ORDER BY id LIMIT 1');
    this.#oldest = db.prepare<[number], Row>('SELECT * FROM outbox ORDER BY id LIMIT +?');
    this.#move = db.transaction((work: () => number) => work());
    this.#delete = db.prepare('DELETE FROM outbox WHERE id = ?');
    this.#total = db.prepare<[], { messages: number; bytes: number }>(
      `SELECT count(*) AS messages, coalesce(sum(length(CAST(topic AS BLOB)) + length(CAST(payload AS BLOB)) + ${ROW_BYTES}), 0) AS bytes FROM outbox`,
    );
    this.recount();
  }

  /** After a transaction that was rolled back. */
  recount(): void {
    const total = this.#total.get();
    this.#messages = total?.messages ?? 0;
    this.#bytes = total?.bytes ?? 0;
    this.#head = undefined;
  }

  /**
   * Adds messages, all or none. Inside `together` of the state they become durable with its other changes; that must not fail after this.
   * @throws MakaiError GATEWAY_OUTBOX_FULL
   */
  put(messages: readonly Message[], nowMs: number): void {
    const bytes = messages.reduce((sum, message) => sum + bytesOf(message), 0);
    if (this.#bytes + bytes > this.#maxBytes)
      throw new MakaiError(
        'GATEWAY_OUTBOX_FULL',
        `${this.#messages} messages (${this.#bytes} bytes) wait on disk, and there is no room for more`,
      );
    for (const { payload, retain, topic } of messages)
      this.#insert.run(topic, payload, Number(retain), nowMs);
    this.#messages += messages.length;
    this.#bytes += bytes;
    for (const wake of this.#waiters) wake();
  }

  /** The one that has waited longest. */
  first(): WaitingMessage | undefined {
    this.#head ??= this.#first.get();
    return this.#head && waitingOf(this.#head);
  }

  /** Those that have waited longest, in order. */
  oldest(limit: number): WaitingMessage[] {
    return this.#oldest.all(limit).map(waitingOf);
  }

  /** It was published. */
  remove(message: WaitingMessage): void {
    this.#delete.run(message.id);
    this.#head = undefined;
    this.#messages -= 1;
    this.#bytes -= bytesOf(message);
  }

  /** It goes behind the others. @returns it, as it waits now */
  toEnd(message: WaitingMessage): WaitingMessage {
    const { payload, retain, topic } = message;
    const put_ms = this.#head?.put_ms ?? 0;
    const id = this.#move(() => {
      const { lastInsertRowid } = this.#insert.run(topic, payload, Number(retain), put_ms);
      this.#delete.run(message.id);
      return Number(lastInsertRowid);
    });
    this.#head = undefined;
    return { ...message, id };
  }

  /** Waits until there are more, for a minute at most. */
  async more(clock: Clock, stopping: AbortSignal): Promise<void> {
    const wake = new AbortController();
    const end = (): void => wake.abort();
    this.#waiters.add(end);
    stopping.addEventListener('abort', end);
    await pause(clock, IDLE_MS, wake.signal);
    this.#waiters.delete(end);
    stopping.removeEventListener('abort', end);
  }

  status(): OutboxStatus {
    if (this.#messages > 0) this.first();
    return {
      ...{ messages: this.#messages, bytes: this.#bytes, max_bytes: this.#maxBytes },
      oldest_ms: this.#head?.put_ms,
    };
  }
}

const waitingOf = ({ id, payload, retain, topic }: Row): WaitingMessage => ({
  ...{ id, topic, payload },
  retain: retain === 1,
});

function bytesOf({ payload, topic }: Message): number {
  return Buffer.byteLength(topic) + Buffer.byteLength(payload) + ROW_BYTES;
}
