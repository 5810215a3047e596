/**
 * The ledger of what JetStream has acknowledged: reads the stream while everything goes on, batch by batch, and compares it with the store at the end. What is in the
 * stream counts as accepted. A number that is missing in it would be a batch that JetStream had and lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { decodeBatch } from '../../../nats/batch.js';
import { STREAM } from '../../../nats/partition.js';
import { decodeStream } from '../../../proto/index.js';
import type { Store } from '../../../store/store.js';
import type { Row } from '../ledger.js';

const AGAIN_MS = 500;
const SETTLE_MS = 600_000;
const LOOK_MS = 2000;

export class StreamLedger {
  readonly #connection: NatsConnection;
  readonly #startMs = Date.now();
  /** by box: ms since the start, of each measurement in the stream */
  readonly #accepted = new Map<number, number[]>();
  readonly #stopping = new AbortController();
  readonly #reading: Promise<void>;
  #lastSeq = 0;
  /** batches that were there and are not any more */
  missingBatches = 0;
  measurements = 0;
  /** that more than one store has: a service was killed, or lost the partition, before it could acknowledge what it had stored */
  inTwoStores = 0;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#reading = this.#read();
  }

  static async open(servers: readonly string[]): Promise<StreamLedger> {
    return new StreamLedger(
      await connect({ servers: [...servers], maxReconnectAttempts: -1, reconnectTimeWait: 100 }),
    );
  }

  /** For those who look at the cluster. */
  get connection(): NatsConnection {
    return this.#connection;
  }

  /** The load has ended: waits until everything in the stream is read here and stored in one of these stores, and counts. */
  async settle(stores: readonly Pick<Store, 'measurements'>[], sent: number): Promise<Row> {
    const endMs = performance.now() + SETTLE_MS;
    while (this.#lastSeq < (await this.#newest()) && performance.now() < endMs) await sleep(LOOK_MS);
    for (;;) {
      const row = await this.#count(stores, sent);
      if (row.lost === 0 || performance.now() > endMs) return row;
      await sleep(LOOK_MS);
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#connection.close();
    await this.#reading;
  }

  async #newest(): Promise<number> {
    try {
      const manager = await jetstreamManager(this.#connection, { checkAPI: false });
      return (await manager.streams.info(STREAM)).state.last_seq;
    } catch {
      return Number.POSITIVE_INFINITY; // it has no leader at the moment
    }
  }

  /** Never rejects: servers are killed meanwhile. */
  async #read(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        const consumer = await jetstream(this.#connection).consumers.get(STREAM, {
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: this.#lastSeq + 1,
        });
        const messages = await consumer.consume({ max_messages: 1000, abort_on_missing_resource: true });
        for await (const { data, seq } of messages) {
          if (seq <= this.#lastSeq) continue;
          this.missingBatches += seq - this.#lastSeq - 1;
          this.#lastSeq = seq;
          this.#take(data);
        }
      } catch {
        // Once more, from where it was.
      }
      await sleep(AGAIN_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  #take(data: Uint8Array): void {
    for (const [, frame] of decodeBatch(data)?.messages ?? []) {
      if (frame === undefined) continue;
      const { message } = decodeStream(frame);
      const [id, time] = 'id' in message ? [message.id, message.time] : [message.boxId, message.timestampMs];
      const times = this.#accepted.get(id) ?? [];
      this.#accepted.set(id, times);
      times.push(time - this.#startMs);
      this.measurements += 1;
    }
  }

  async #count(stores: readonly Pick<Store, 'measurements'>[], sent: number): Promise<Row> {
    const row = { kind: 'measurements', sent, accepted: 0, stored: 0, lost: 0, doubled: 0 };
    const missing: string[] = [];
    const repeated: string[] = [];
    let inTwo = 0;
    for (const [id, times] of this.#accepted) {
      const accepted = new Set(times);
      const stored = new Set<number>();
      for (const store of stores) {
        const here = new Set<number>();
        for await (const { timestamp_ms } of store.measurements(String(id))) {
          const time = timestamp_ms - this.#startMs;
          if (here.has(time)) repeated.push(`${id}:${timestamp_ms}`);
          if (stored.has(time)) inTwo += 1;
          here.add(time);
          stored.add(time);
        }
      }
      row.stored += stored.size;
      row.accepted += accepted.size;
      for (const time of accepted) if (!stored.has(time)) missing.push(`${id}:${time + this.#startMs}`);
    }
    this.inTwoStores = inTwo;
    return {
      ...row,
      lost: missing.length,
      doubled: repeated.length,
      missing: missing.slice(0, 5),
      repeated: repeated.slice(0, 5),
    };
  }
}
