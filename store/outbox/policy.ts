/** How each kind of write is treated on its way to the store: the one table of lanes, retries, deadlines and bounds. */
import { codeOf } from '../../common/errors.js';
import type { Amounts } from '../store.js';
import type { WriteKind } from '../writes.js';

/** Writes of one lane keep their order; lanes do not wait for each other. */
export const LANES = [
  'measurements',
  'trends',
  'events',
  'waveforms',
  'incidents',
  'plugin_states',
  'open_requests',
  'diagnostics',
] as const;
export type Lane = (typeof LANES)[number];

/** Queues of a spool's file, delivered one beside the other, each in order. Waveforms lie behind the events that they belong to. */
export const QUEUES = ['measurements', 'events', 'diagnostics'] as const;
export type Queue = (typeof QUEUES)[number];

export interface Policy {
  lane: Lane;
  /**
   * After a failure: `always`, `while_unavailable` (and a few times after errors of other kinds; not what the store refuses) or `never`: the
   * caller has a better way.
   */
  retry: 'always' | 'while_unavailable' | 'never';
  /** how long a database behind a spool may take before the write goes to disk instead, ms */
  deadlineMs: number;
  /** where it waits on disk; `windows`: as trend windows to be computed again; `own`: it is kept in the spool's file and never goes to the database */
  spooled: Queue | 'windows' | 'own';
}

/** A bulk insert, or trends. */
const BULK_MS = 3_000;
/** An event is announced, and the boxes are asked, once it is durable. */
const EVENT_MS = 150;

export const POLICY: Readonly<Record<WriteKind, Policy>> = {
  measurements: { lane: 'measurements', retry: 'always', deadlineMs: BULK_MS, spooled: 'measurements' },
  trends: { lane: 'trends', retry: 'always', deadlineMs: BULK_MS, spooled: 'windows' },
  trend_windows: { lane: 'trends', retry: 'always', deadlineMs: 30_000, spooled: 'windows' },
  // Computed again from what is stored when they do not arrive.
  series: { lane: 'trends', retry: 'while_unavailable', deadlineMs: BULK_MS, spooled: 'diagnostics' },
  // One after the other: an older state must not replace a newer one.
  plugin_state: {
    lane: 'plugin_states',
    retry: 'while_unavailable',
    deadlineMs: EVENT_MS,
    spooled: 'diagnostics',
  },
  aggregates: { lane: 'trends', retry: 'while_unavailable', deadlineMs: BULK_MS, spooled: 'diagnostics' },
  event: { lane: 'events', retry: 'while_unavailable', deadlineMs: EVENT_MS, spooled: 'events' },
  triggered_boxes: { lane: 'events', retry: 'while_unavailable', deadlineMs: EVENT_MS, spooled: 'events' },
  box_event: { lane: 'waveforms', retry: 'while_unavailable', deadlineMs: 3_000, spooled: 'events' },
  // Behind the waveforms that they were found in.
  incident: { lane: 'incidents', retry: 'while_unavailable', deadlineMs: 3_000, spooled: 'events' },
  analysis: { lane: 'incidents', retry: 'while_unavailable', deadlineMs: 3_000, spooled: 'events' },
  incident_group: { lane: 'incidents', retry: 'while_unavailable', deadlineMs: 3_000, spooled: 'events' },
  // Open requests are a broker's own: in a database that brokers share, another one would take them for its own.
  open_request: { lane: 'open_requests', retry: 'while_unavailable', deadlineMs: 0, spooled: 'own' },
  closed_request: { lane: 'open_requests', retry: 'never', deadlineMs: 0, spooled: 'own' },
  // Traffic that is not written joins the next document; findings are written again soon.
  metrics: { lane: 'diagnostics', retry: 'never', deadlineMs: EVENT_MS, spooled: 'diagnostics' },
  health: { lane: 'diagnostics', retry: 'never', deadlineMs: EVENT_MS, spooled: 'diagnostics' },
};

/** What needs the database besides writes, ms. */
export const DEADLINES = {
  /** event ids: the request waits for them before anything else */
  eventIdsMs: 500,
  /** reads have nowhere else to go */
  readMs: 30_000,
} as const;

/** Every kind once. */
export const WRITE_KINDS = Object.keys(POLICY) as WriteKind[];

/** Kinds that lie in a spool's file as they are, and those whose loss it counts. */
export const SPOOLED_KINDS = WRITE_KINDS.filter((kind) => isQueue(POLICY[kind].spooled));
export const LOSABLE_KINDS = WRITE_KINDS.filter(
  (kind) => kind === 'trend_windows' || SPOOLED_KINDS.includes(kind),
);

export function isQueue(spooled: Policy['spooled']): spooled is Queue {
  return spooled !== 'windows' && spooled !== 'own';
}

export interface LaneLimits {
  /** writes given to the store at one time, each waiting for none of the others; `batches`: as many as the store wants */
  atOnce: number | 'batches';
  /** items and bytes that may wait */
  maxItems: number;
  maxBytes: number;
  /** what happens to what comes past that, or to what is there */
  whenFull: 'drop_oldest' | 'refuse';
}

const MEGABYTE = 1024 * 1024;

/** Events and waveforms are bounded where they come in (`limits.open_requests`, `limits.answers_bytes`); these bounds are for mistakes. */
export const LANE_LIMITS: Readonly<Record<Lane, LaneLimits>> = {
  measurements: { atOnce: 'batches', maxItems: 1_000_000, maxBytes: 256 * MEGABYTE, whenFull: 'drop_oldest' },
  trends: { atOnce: 1, maxItems: 500_000, maxBytes: 256 * MEGABYTE, whenFull: 'drop_oldest' },
  events: { atOnce: 256, maxItems: 100_000, maxBytes: 256 * MEGABYTE, whenFull: 'refuse' },
  waveforms: { atOnce: 8, maxItems: 10_000, maxBytes: 1024 * MEGABYTE, whenFull: 'refuse' },
  incidents: { atOnce: 1, maxItems: 10_000, maxBytes: 256 * MEGABYTE, whenFull: 'refuse' },
  plugin_states: { atOnce: 1, maxItems: 10_000, maxBytes: 16 * MEGABYTE, whenFull: 'drop_oldest' },
  open_requests: { atOnce: 1024, maxItems: 100_000, maxBytes: 256 * MEGABYTE, whenFull: 'refuse' },
  diagnostics: { atOnce: 8, maxItems: 10_000, maxBytes: 16 * MEGABYTE, whenFull: 'refuse' },
};

/** Pauses between tries. */
export const BACK_OFF = { firstMs: 250, maxMs: 10_000 } as const;
/** Errors that are no outage are a mistake somewhere; a few more tries do no harm. */
const TRIES_OF_OTHERS = 5;

/** Whether trying again may help. */
export function helpsToRetry(retry: Policy['retry'], error: unknown, failures: number): boolean {
  if (retry !== 'while_unavailable') return retry === 'always';
  const code = codeOf(error);
  if (code === 'STORE_UNAVAILABLE') return true;
  return code !== 'STORE_REFUSED' && code !== 'EVENT_IDS_EXHAUSTED' && failures < TRIES_OF_OTHERS;
}

/** Adds to an amount. */
export function add(amounts: Amounts, kind: WriteKind, items: number): void {
  amounts[kind] = (amounts[kind] ?? 0) + items;
}
