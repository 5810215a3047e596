/**
 * Up to which batch the store has everything, for each partition, in a key-value bucket on disk. Consumers know this too, but with one replica only in the memory of the NATS server: a file for each consumer, written
 * up to ten times a second, took most of the CPU of NATS. It is needed when that server was restarted and another service takes the partition. It is up to 5 s old, so that some batches are read twice; they are
 * stored once.
 */
import { jetstream, StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { z } from 'zod';
import { REQUEST_MS } from './lease-bucket.js';
import { partitionKey } from './lease-table.js';
import type { NatsConnection } from './link.js';

export const PROGRESS_BUCKET = 'makai_progress';

const Saved = z.object({ stream: z.string(), floor: z.number().int().nonnegative() });

export class SavedProgress {
  readonly #connection: NatsConnection;
  readonly #replicas: number;
  #opening: Promise<KV> | undefined;

  /** @param replicas on how many servers it is kept */
  constructor(connection: NatsConnection, replicas: number) {
    this.#connection = connection;
    this.#replicas = replicas;
  }

  /** @param stream names the very stream @returns up to here the store has everything of the partition; 0: nothing is known. @throws Error of the client */
  async floorOf(partition: number, stream: string): Promise<number> {
    const entry = await this.#asked((kv) => kv.get(partitionKey(partition)));
    if (entry?.operation !== 'PUT') return 0;
    const saved = Saved.safeParse(parsed(entry.string()));
    return saved.success && saved.data.stream === stream ? saved.data.floor : 0;
  }

  /** @throws Error of the client */
  async save(partition: number, stream: string, floor: number): Promise<void> {
    await this.#asked((kv) => kv.put(partitionKey(partition), JSON.stringify({ stream, floor })));
  }

  /** After an error the bucket is opened again: somebody may have deleted it. */
  async #asked<T>(ask: (kv: KV) => Promise<T>): Promise<T> {
    try {
      return await ask(await this.#kv());
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** Makes the bucket where it is missing. */
  #kv(): Promise<KV> {
    const client = jetstream(this.#connection, { timeout: REQUEST_MS });
    const options = { history: 1, replicas: this.#replicas, storage: StorageType.File };
    this.#opening ??= new Kvm(client).create(PROGRESS_BUCKET, options);
    return this.#opening;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
