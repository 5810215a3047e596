/** Alerts of the gateway, and the filters and rules that it follows. */
import { z } from 'zod';
import { atMs, boxIdText, timeMs } from './common.js';

export const alertId = z.string().min(1).max(200).meta({ description: 'Id of an alert' });

export const alert = z.object({
  alert_id: z.string(),
  key: z.string().meta({ description: 'The same for each alert of one cause' }),
  rule: z.string().meta({ description: 'incident, outage, finding, daemon, disk, rule' }),
  severity: z.enum(['notice', 'warning', 'critical']),
  state: z
    .enum(['pending', 'firing', 'resolved', 'acknowledged', 'silenced'])
    .meta({ description: 'Of an open one that is silenced or acknowledged: that' }),
  title: z.string(),
  body: z.string(),
  box_ids: z.array(boxIdText),
  notify: z.array(z.string()).meta({ description: 'Tags of the recipients' }),
  started_ms: atMs,
  fired_ms: atMs.optional(),
  resolved_ms: atMs.optional(),
  page: z.string().meta({ description: 'View of the page about it' }),
  event_id: z.number().optional(),
  incident_id: z.number().optional(),
  acknowledged_ms: atMs.optional(),
  acknowledged_by: z.string().optional(),
  silenced_until_ms: atMs.optional(),
  silenced_by: z.string().optional(),
});
export type AlertJson = z.output<typeof alert>;

export const alertQuery = z.strictObject({
  open: z.boolean().default(false).meta({ description: 'true: only those that are not resolved' }),
  from: timeMs.optional().meta({
    description:
      'Those that were not over before this time, Unix ms: they go on, or were resolved then or later',
  }),
  before: timeMs.optional().meta({ description: 'Those that started before this time, Unix ms' }),
  limit: z.int().min(1).max(500).default(100),
});

const MAX_SILENCE_S = 366 * 86_400;
export const alertChange = z
  .strictObject({
    acknowledged: z.literal(true),
    silence_s: z.int().min(0).max(MAX_SILENCE_S).meta({
      description:
        'Nobody is notified of it, nor of the next one of the same cause, for so many s; 0: no longer',
    }),
  })
  .partial();

/** Checked as a whole by the handler, which names every mistake; the language is in docs/alerts.md. */
export const rules = z.object({
  filters: z.array(z.unknown()),
  rules: z.array(z.unknown()),
  changed_ms: atMs.optional(),
  changed_by: z.string().optional(),
});
const parts = { filters: z.array(z.unknown()), rules: z.array(z.unknown()) };
export const newRules = z.strictObject(parts);
export const rulesChange = z
  .strictObject(parts)
  .partial()
  .meta({ description: 'JSON Merge Patch: a list that is named replaces the one in force' });
