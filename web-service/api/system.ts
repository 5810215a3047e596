/** The daemons, the store, the keys of boxes. */
import { z } from 'zod';
import { atMs, boxId, boxIdText } from './common.js';

export const daemonStatus = z.object({
  daemon: z.string(),
  running: z.boolean(),
  endpoint: z.string().meta({ description: 'Address of its status server' }),
  reason: z.string().optional().meta({ description: 'Why it does not reply' }),
  version: z.string().optional(),
  pid: z.number().optional(),
  uptime_seconds: z.number().optional(),
  details: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'What `makai status` shows; each daemon has fields of its own' }),
});
export type DaemonStatusJson = z.output<typeof daemonStatus>;

export const storeStatus = z.object({
  kind: z.enum(['sqlite', 'mongodb']),
  available: z.boolean(),
  since_ms: atMs.meta({ description: 'Since when it is available, or unavailable' }),
  reason: z.string().optional(),
});
export type StoreStatus = z.output<typeof storeStatus>;

export const status = z.object({
  now_ms: atMs,
  version: z.string(),
  store: storeStatus,
  daemons: z.array(daemonStatus),
  live: z.object({
    connected: z.boolean().meta({ description: 'To the measurement stream' }),
    boxes: z.number().meta({ description: 'Boxes heard in the last 5 s' }),
    viewers: z.number().meta({ description: 'Open /live connections' }),
  }),
});
export type Status = z.output<typeof status>;

/** For load balancers: 200 while the store is available, else 503. */
export const healthz = z.object({ ok: z.boolean(), store: z.enum(['available', 'unavailable']) });

const z85 = z.string().length(40).meta({ description: 'Public key, Z85, 40 characters' });

export const key = z.object({
  box_id: boxIdText.optional(),
  state: z.enum(['allowed', 'revoked']),
  public_key: z.string(),
  from: z.enum(['certificate', 'store']).meta({ description: 'Where it is kept' }),
});
export const keys = z.object({
  items: z.array(key),
  bad: z.array(z.string()).meta({ description: 'Certificates that cannot be read, and why' }),
});
export type Keys = z.output<typeof keys>;

export const pendingKey = z.object({
  public_key: z.string(),
  address: z.string().meta({ description: 'Of the last attempt' }),
  reason: z.string().meta({ description: '`unknown`, `revoked`, or `unavailable`' }),
  count: z.number(),
  first_ms: atMs,
  last_ms: atMs,
});
export const pendingKeys = z.object({
  items: z.array(pendingKey).meta({ description: 'Newest first' }),
  missing: z.array(z.object({ daemon: z.string(), reason: z.string() })),
});
export type PendingKeys = z.output<typeof pendingKeys>;

export const acceptKey = z.strictObject({
  public_key: z85,
  box_id: boxId,
  replace: z.boolean().default(false).meta({ description: 'Replace the key that the box has' }),
  restore: z.boolean().default(false).meta({ description: 'Accept it even if it was revoked' }),
});
export const revokeKey = z.strictObject({ box_id: boxId });

/** What `makai doctor` finds. */
export const diagnosis = z.object({
  items: z.array(
    z.object({
      area: z.string(),
      subject: z.string().meta({ description: 'What was checked' }),
      verdict: z.enum(['ok', 'note', 'wrong']),
      message: z.string(),
      todo: z.string().optional(),
    }),
  ),
});
