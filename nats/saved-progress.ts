/**
 * Up to which batch the store has everything, for each partition, in a key-value bucket on disk. Consumers know this too, but with one replica only in the memory of the NATS server: a file for each consumer, written
 * up to ten times a second, took most of the CPU of NATS. It is needed when that server was restarted and another service takes the partition. It is up to 5 s old, so that some batches are read twice; they are
 * stored once.
 */
import type { KV } from '@nats-io/kv';
import { z } from 'zod';
import { messageOf } from '../common/errors.js';
import type { ThrottledLog } from '../common/throttled-log.js';
import { type BucketOptions, openBucket } from './bucket.js';
import { partitionKey } from './lease-table.js';
import type { NatsConnection } from './link.js';
import type { Mark } from './partition-progress.js';

export const PROGRESS_BUCKET = 'makai_progress';

const Saved = z.object({
  stream: z.string(),
  floor: z.number().int().nonnegative(),
  mark: z.object({ seq: z.number().int().positive(), timeMs: z.number() }).optional(),
});

export interface Kept {
  /** names the very stream */
  stream: string;
  /** up to here the store has everything of the partition */
  floor: number;
  /** a batch that was read, not below the floor: as long as the stream has it under this number, no number below it was given again */
  mark?: Mark | undefined;
}

export class SavedProgress {
  readonly #connection: NatsConnection;
  readonly #options: Pick<BucketOptions, 'replicas' | 'log'>;
  #opening: Promise<KV> | undefined;

  constructor(connection: NatsConnection, options: Pick<BucketOptions, 'replicas' | 'log'>) {
    this.#connection = connection;
    this.#options = options;
  }

  /** @returns undefined: nothing was saved. @throws Error of the client */
  async read(partition: number): Promise<Kept | undefined> {
    const entry = await this.#asked((kv) => kv.get(partitionKey(partition)));
    if (entry?.operation !== 'PUT') return undefined;
    const saved = Saved.safeParse(parsed(entry.string()));
    return saved.success ? saved.data : undefined;
  }

  /** @throws Error of the client */
  async save(partition: number, kept: Kept): Promise<void> {
    await this.#asked((kv) => kv.put(partitionKey(partition), JSON.stringify(kept)));
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

  #kv(): Promise<KV> {
    this.#opening ??= openBucket(this.#connection, PROGRESS_BUCKET, this.#options);
    return this.#opening;
  }
}

/** Has each of them save what it has. Never rejects: it is tried again. */
export async function saveAll(
  readers: readonly { save(): Promise<void> }[],
  log: Pick<ThrottledLog, 'warn'>,
): Promise<void> {
  const results = await Promise.allSettled(readers.map((reader) => reader.save()));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure === undefined) return;
  const problem = messageOf(failure.reason);
  log.warn({ problem }, 'how far partitions are stored could not be saved in NATS');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
