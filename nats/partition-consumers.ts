/** The durable consumers of a partition: their names, how they are made, which are there; and whether the numbers that they count by are still those of before. */
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { STREAM, subjectOf } from './partition.js';
import type { Mark } from './partition-progress.js';

/** Batches that are not acknowledged, of one partition; no more are delivered. */
const UNACKNOWLEDGED = 1024;
/**
 * A batch that is not acknowledged within this time is delivered again, ms: one that was on its way when a connection broke comes so much later. One that still waits
 * for the store here is not taken twice.
 */
const ACK_WAIT_MS = 30_000;
/** How long the names of consumers may take, ms. */
const NAMES_MS = 5000;

/** Of the lease of the owner whose consumer it is. */
export const revisionIn = (info: ConsumerInfo): number => Number(info.name.split('-')[2]);

/** Of the names of a partition's consumers; the revision of the lease follows. */
export const prefixOf = (partition: number): string => `makai-${partition}-`;

/** The partition that a consumer of the stream reads; undefined where it is none of ours. */
export function partitionReadBy({ name }: ConsumerInfo): number | undefined {
  const found = /^makai-(\d+)-\d+$/.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * On one server the state of a consumer is in memory: saved-progress.ts says why, and what that takes. On several it is on disk as the stream is: a server that was
 * restarted would have nothing to say about a consumer in memory, and with another one down nobody could read.
 */
export function configOf(
  partition: number,
  name: string,
  floor: number,
  isAlone: boolean,
): Partial<ConsumerConfig> {
  return {
    durable_name: name,
    filter_subject: subjectOf(partition),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: UNACKNOWLEDGED,
    mem_storage: isAlone,
    ...(floor === 0
      ? { deliver_policy: DeliverPolicy.All }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: floor + 1 }),
  };
}

/**
 * Whether numbers are given again that were given before: one of the batches that were read is not in the stream any more as it was, and not because it is too old.
 * @param first number of the oldest batch in the stream
 * @throws Error of the client
 */
export async function hasLostEnd(
  manager: JetStreamManager,
  first: number,
  marks: readonly (Mark | undefined)[],
): Promise<boolean> {
  for (const mark of marks) {
    if (mark === undefined || mark.seq < first) continue;
    const message = await manager.streams.getMessage(STREAM, { seq: mark.seq });
    // The client rounds the time of a delivery.
    if (message === null || Math.abs(message.time.getTime() - mark.timeMs) > 1) return true;
  }
  return false;
}

/** What the API of JetStream replies; the client has no call for it. */
interface NamesPage {
  consumers?: string[] | null;
  total: number;
  error?: { description: string };
}

/**
 * The consumers of a partition. By their names, which every cluster knows completely: a list of consumers leaves out those whose server does not answer, and reading would
 * begin with the oldest batch again.
 * @throws Error of the client: also where one of them does not answer, since it knows where to begin
 */
export async function consumersOf(
  connection: NatsConnection,
  manager: JetStreamManager,
  partition: number,
): Promise<ConsumerInfo[]> {
  const names: string[] = [];
  for (let offset = 0, total = 1; offset < total; ) {
    const reply = await connection.request(`$JS.API.CONSUMER.NAMES.${STREAM}`, JSON.stringify({ offset }), {
      timeout: NAMES_MS,
    });
    const page = reply.json<NamesPage>();
    if (page.error !== undefined) throw new Error(page.error.description);
    const found = page.consumers ?? [];
    names.push(...found.filter((name) => name.startsWith(prefixOf(partition))));
    if (found.length === 0) break;
    offset += found.length;
    total = page.total;
  }
  return Promise.all(names.map((name) => manager.consumers.info(STREAM, name)));
}
