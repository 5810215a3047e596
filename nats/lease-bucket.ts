/** The key-value bucket of leases: what is in it, and what a refusal means. */
import { JetStreamApiCodes, JetStreamApiError, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type Clock, systemClock } from '../common/clock.js';
import { LeaseTable } from './lease-table.js';
import type { NatsConnection } from './link.js';

export const LEASE_BUCKET = 'makai_leases';
/** How long a request may take, ms. */
export const REQUEST_MS = 2000;

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
export async function readLeases(connection: NatsConnection): Promise<LeaseTable> {
  return tableOf(
    await new Kvm(jetstream(connection, { timeout: REQUEST_MS })).open(LEASE_BUCKET),
    systemClock,
  );
}

/** @throws Error of the client, or when it takes too long: the client itself would wait forever */
export async function tableOf(kv: KV, clock: Clock): Promise<LeaseTable> {
  const table = new LeaseTable();
  const entries = await kv.history();
  let isLate = false;
  const cancel = clock.after(REQUEST_MS, () => {
    isLate = true;
    entries.stop();
  });
  try {
    for await (const entry of entries)
      if (entry.operation === 'PUT') table.add(entry.key, entry.string(), entry.revision);
  } finally {
    cancel();
  }
  if (isLate) throw new Error(`the bucket was not read within ${REQUEST_MS} ms`);
  return table;
}
