/**
 * Server-sent events of `GET /api/v1/live`. Each has `event:` (its name), `data:` (JSON) and, but for measurements and hello, `id:`. A browser that connects again sends the last
 * id as `Last-Event-ID` and gets what it missed; where that is too long ago it gets `reset` and reads what it shows again. A reader that is too slow is disconnected.
 */
import { z } from 'zod';
import { finding, liveMeasurement } from './boxes.js';
import { atMs, boxIdText } from './common.js';
import { event } from './events.js';
import { incident, incidentGroup } from './incidents.js';
import { daemonStatus, storeStatus } from './system.js';

export const TOPICS = ['measurements', 'events', 'incidents', 'findings', 'status'] as const;
export type Topic = (typeof TOPICS)[number];

const list = (pattern: RegExp) => z.string().max(20_000).regex(pattern);

export const liveQuery = z.object({
  topics: list(/^[a-z]+(,[a-z]+)*$/)
    .optional()
    .meta({ description: `Of ${TOPICS.join(', ')}, separated by commas; absent: all` }),
  boxes: list(/^\d{1,10}(,\d{1,10})*$/)
    .optional()
    .meta({ description: 'Measurements of these boxes only, separated by commas' }),
  per_second: z
    .int()
    .min(1)
    .max(4)
    .default(4)
    .meta({ description: 'Measurements of a box per second at most' }),
});

/** By name of the server-sent event. */
export const liveEvents = {
  /** the first of every connection */
  hello: z.object({ version: z.string(), now_ms: atMs }),
  /** newest measurement of each box since the last one of these, at most `per_second` times a second */
  measurements: z.object({ items: z.array(liveMeasurement) }),
  /** an event was stored, or a box replied */
  event,
  /** an incident was stored, or it changed */
  incident,
  /** incidents of several boxes were put together: all of them have this `group` now */
  'incident-group': incidentGroup,
  /** boxes whose findings changed, with all findings that each has now */
  findings: z.object({ items: z.array(z.object({ box_id: boxIdText, findings: z.array(finding) })) }),
  /** whenever a daemon starts or stops replying, or the store is available or not; `details` are left out */
  status: z.object({ store: storeStatus, daemons: z.array(daemonStatus.omit({ details: true })) }),
  /** what was missed is not known any more */
  reset: z.object({}),
} as const;

export type LiveEvents = { [K in keyof typeof liveEvents]: z.output<(typeof liveEvents)[K]> };
