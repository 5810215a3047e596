/** The key-value bucket of leases: what is in it, and what a refusal means. */
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { type Clock, systemClock } from '../common/clock.js';
import { REQUEST_MS } from './bucket.js';
import { LeaseTable } from './lease-table.js';
import type { NatsConnection } from './link.js';

/** Bucket of the triggering services. */
export const LEASE_BUCKET = 'makai_leases';
/** Of the analysis services, and of the gateways. */
export const ANALYSIS_BUCKET = 'makai_analysis_leases';
export const GATEWAY_BUCKET = 'makai_gateway_leases';
/** Header of an entry that says that its key was deleted or purged. */
const OPERATION = 'KV-Operation';

/** Whether a condition on a revision was not met. Any other failure says nothing about who has a lease. */
export function isOtherRevision(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

/**
 * The revision of a lease of a member, as a server of the cluster knows it: one that is behind may say an older one.
 * @returns undefined where the lease is another's or nobody's. @throws Error of the client
 */
export async function revisionOf(kv: KV, key: string, member: string): Promise<number | undefined> {
  const entry = await kv.get(key);
  return entry?.operation === 'PUT' && entry.string() === member ? entry.revision : undefined;
}

/** Who has what now; nothing is changed. @throws Error of the client: also where no service was ever started, and nobody made the bucket */
export async function readLeases(
  connection: NatsConnection,
  bucket: string = LEASE_BUCKET,
): Promise<LeaseTable> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_MS });
  await manager.streams.info(`KV_${bucket}`);
  return tableOf(connection, bucket, systemClock);
}

/**
 * Who has what, in one request to one of the servers that keep the bucket. The client's own way (`history`, `watch`) makes a consumer, which the server keeps for five minutes: with a look every
 * two seconds they are hundreds, each message of the bucket goes past all of them, and at a thousand the server makes no more. The server may be behind: changes are conditional on revisions, so
 * that an old table does no harm.
 * @throws Error of the client, or when it takes too long
 */
export async function tableOf(connection: NatsConnection, bucket: string, clock: Clock): Promise<LeaseTable> {
  const { direct } = await jetstreamManager(connection, { checkAPI: false });
  const prefix = `$KV.${bucket}.`;
  const table = new LeaseTable();
  const add = (message: StoredMsg): void => {
    const isThere = message.header.get(OPERATION) === '';
    const key = message.subject.slice(prefix.length);
    if (isThere) table.add(key, message.string(), message.seq, message.time.getTime());
  };
  await new Promise<void>((resolve, reject) => {
    const late = new Error(`the bucket was not read within ${REQUEST_MS} ms`);
    let stop = (): void => undefined;
    const cancel = clock.after(REQUEST_MS, () => {
      reject(late);
      stop();
    });
    // With a callback the client ends its subscription, without one it does not.
    const callback = (ended: { err?: Error } | null, message: StoredMsg): void => {
      if (ended === null) add(message);
      else {
        cancel();
        if (ended.err === undefined) resolve();
        else reject(ended.err);
      }
    };
    direct.getLastMessagesFor(`KV_${bucket}`, { multi_last: [`${prefix}>`], callback }).then(
      (messages) => {
        stop = () => messages.stop();
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
  return table;
}
