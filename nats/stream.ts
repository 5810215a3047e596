/** The stream of measurements in JetStream: made as the settings say, and changed when they change. */
import { DiscardPolicy, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { pause, systemClock } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { ThrottledLog } from '../common/throttled-log.js';
import { ensureFileStream } from './file-stream.js';
import { ALL_PARTITIONS, STREAM } from './partition.js';

/** JetStream takes a batch once within this time, ms: what is sent again later is doubled in the stream, and stored once by the store. */
const DUPLICATES_MS = 120_000;

const AGAIN_MS = 1000;

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
  return await ensureFileStream(manager, { name: STREAM }, configOf(limits));
}

/** On how many servers the stream is. @throws Error of the client: there is no stream */
export async function replicasOf(connection: NatsConnection): Promise<number> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  return (await manager.streams.info(STREAM)).config.num_replicas;
}

/**
 * The same, asked until the stream is there.
 * @param signal the connection is lost
 * @returns undefined: it was lost before
 */
export async function replicasWhenThere(
  connection: NatsConnection,
  signal: AbortSignal,
  log: Pick<ThrottledLog, 'warn'>,
): Promise<number | undefined> {
  while (!signal.aborted) {
    try {
      const replicas = await replicasOf(connection);
      return signal.aborted ? undefined : replicas;
    } catch (error) {
      if (signal.aborted) return undefined;
      log.warn({ problem: messageOf(error) }, 'the stream of measurements cannot be read in NATS yet');
      await pause(systemClock, AGAIN_MS, signal);
    }
  }
  return undefined;
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
