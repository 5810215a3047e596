/** The stream of measurements in JetStream: made as the settings say, and changed when they change. */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { ALL_PARTITIONS, STREAM } from './partition.js';

/** JetStream takes a batch once within this time, ms: what is sent again later is doubled in the stream, and stored once by the store. */
const DUPLICATES_MS = 120_000;

/** Longest message that the stream takes, with its headers: about twice the longest batch. It bounds the memory of those who read. */
const MESSAGE_BYTES_MAX = 2 ** 17;

export interface StreamLimits {
  readonly replicas: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/**
 * Makes sure that the stream is there with these limits. With several brokers the last one that was started decides.
 * @returns what was done
 * @throws Error of the client: no JetStream, no space, no permission
 */
export async function ensureStream(
  connection: NatsConnection,
  limits: StreamLimits,
): Promise<'made' | 'changed' | 'unchanged'> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const wanted = configOf(limits);
  const present = await find(manager);
  if (present === undefined) {
    await manager.streams.add({
      name: STREAM,
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      ...wanted,
    });
    return 'made';
  }
  const same = (Object.keys(wanted) as (keyof typeof wanted)[]).every(
    (name) => JSON.stringify(present[name]) === JSON.stringify(wanted[name]),
  );
  if (same) return 'unchanged';
  await manager.streams.update(STREAM, wanted);
  return 'changed';
}

/** On how many servers the stream is. @throws Error of the client: there is no stream */
export async function replicasOf(connection: NatsConnection): Promise<number> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  return (await manager.streams.info(STREAM)).config.num_replicas;
}

async function find(manager: JetStreamManager) {
  try {
    return (await manager.streams.info(STREAM)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  }
}

function configOf({ maxAgeMs, maxBytes, replicas }: StreamLimits) {
  return {
    subjects: [ALL_PARTITIONS],
    description: 'Measurements of boxes, batches by partition of the box id (makai)',
    discard: DiscardPolicy.Old,
    max_age: nanos(maxAgeMs),
    max_bytes: maxBytes,
    max_msg_size: MESSAGE_BYTES_MAX,
    duplicate_window: nanos(Math.min(DUPLICATES_MS, maxAgeMs)),
    num_replicas: replicas,
  };
}
