/** Which triggering brokers a follower hears, in the value of its key in the bucket of leases: for `makai status --cluster`. Those who share the work do not read it. */
import { z } from 'zod';
import { MAX_TRIGGERING_BROKERS } from '../config/backend-fields.js';
import type { HeardBrokers } from '../stream/brokers.js';

const count = z.int().nonnegative();
const value = z.object({
  hears: z
    .object({
      ...{ brokers: count, connected: count },
      missing: z.array(z.string().max(500)).max(MAX_TRIGGERING_BROKERS),
    })
    .refine(({ brokers, connected, missing }) => connected + missing.length === brokers),
});

/** @param hears undefined: it needs no broker, or has no socket yet */
export function memberValue(member: string, hears: HeardBrokers | undefined): string {
  return hears === undefined ? member : JSON.stringify({ hears });
}

/** @returns undefined for a member that says nothing of brokers */
export function hearsIn(text: string): HeardBrokers | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return value.safeParse(JSON.parse(text)).data?.hears;
  } catch {
    return undefined;
  }
}
