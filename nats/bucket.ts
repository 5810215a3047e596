/** A key-value bucket on disk: made where it is missing, and put on more servers where it is on too few. */
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { messageOf } from '../common/errors.js';
import type { ThrottledLog } from '../common/throttled-log.js';
import type { NatsConnection } from './link.js';

/** How long a request may take, ms. */
export const REQUEST_MS = 2000;

export interface BucketOptions {
  /** on how many servers it is to be. A bucket that is on more stays there: another service may know better */
  replicas: number;
  /** keys end after this time, ms; left out: never */
  ttl?: number;
  log: Pick<ThrottledLog, 'warn'>;
}

/** @throws Error of the client; not where it cannot be put on more servers now, which is tried when it is opened again */
export async function openBucket(
  connection: NatsConnection,
  name: string,
  { log, replicas, ttl }: BucketOptions,
): Promise<KV> {
  const kv = await new Kvm(jetstream(connection, { timeout: REQUEST_MS })).create(name, {
    ...{ history: 1, replicas, storage: StorageType.File },
    ...(ttl === undefined ? {} : { ttl }),
  });
  try {
    await raise(connection, name, replicas);
  } catch (error) {
    log.warn(
      { bucket: name, replicas, problem: messageOf(error) },
      'a bucket in NATS stays on fewer servers',
    );
  }
  return kv;
}

/** `create` leaves a bucket that is there as it is. */
async function raise(connection: NatsConnection, name: string, replicas: number): Promise<void> {
  const { streams } = await jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_MS });
  const stream = `KV_${name}`;
  const { config } = await streams.info(stream);
  if (config.num_replicas < replicas) await streams.update(stream, { num_replicas: replicas });
}
