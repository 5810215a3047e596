/**
 * Up to which batch each partition is stored, in a key-value bucket on disk. The consumers keep this themselves, but in the memory of the NATS servers: a file for each, written ten times a second, took half of
 * the CPU of NATS. What is saved here counts where all servers were restarted and the partition has another owner: it is some seconds old, so that some batches are read twice, and stored once.
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
    const entry = await (await this.#kv()).get(partitionKey(partition));
    if (entry?.operation !== 'PUT') return 0;
    const saved = Saved.safeParse(parsed(entry.string()));
    return saved.success && saved.data.stream === stream ? saved.data.floor : 0;
  }

  /** @throws Error of the client */
  async save(partition: number, stream: string, floor: number): Promise<void> {
    await (await this.#kv()).put(partitionKey(partition), JSON.stringify({ stream, floor }));
  }

  /** Makes the bucket where it is missing. */
  #kv(): Promise<KV> {
    const client = jetstream(this.#connection, { timeout: REQUEST_MS });
    const options = { history: 1, replicas: this.#replicas, storage: StorageType.File };
    this.#opening ??= new Kvm(client).create(PROGRESS_BUCKET, options).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
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
