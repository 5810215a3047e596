/** The documents that MQTT carries: field names of the data model (docs/data-model.md). docs/mqtt.md and the AsyncAPI document are made from these. */
import { z } from 'zod';

const boxId = z.string().meta({ description: 'Id of the box, decimal' });
const atMs = (description: string) => z.number().meta({ description: `Unix ms UTC: ${description}` });

const metrics = {
  voltage: 'RMS voltage, V',
  frequency: 'Frequency, Hz',
  thd: 'Total harmonic distortion, fraction of the fundamental',
  transient: 'Transient metric of Box 3',
} as const;

const each = <T extends z.ZodType>(make: (description: string) => T) => ({
  voltage: make(metrics.voltage),
  frequency: make(metrics.frequency),
  thd: make(metrics.thd),
  transient: make(metrics.transient),
});

export const measurement = z.object({
  box_id: boxId,
  timestamp_ms: atMs('end of the window of the measurement'),
  ...each((description) => z.number().optional().meta({ description })),
});
export type MeasurementMessage = z.output<typeof measurement>;

const band = (description: string) =>
  z.object({ min: z.number(), max: z.number(), average: z.number() }).optional().meta({ description });

export const trend = z.object({
  box_id: boxId,
  timestamp_ms: atMs('end of the minute'),
  location: z.string(),
  ...each(band),
  flagged: z
    .number()
    .optional()
    .meta({ description: 'Share of the measurements that are flagged; absent: none' }),
});

const finding = z.object({
  code: z.string().meta({ description: 'docs/box-health.md' }),
  since_ms: atMs('when it began'),
  info: z.string().meta({ description: 'The numbers of this box' }),
});

export const health = z.object({
  box_id: boxId,
  findings: z.array(finding).meta({ description: 'Worst first; none: all is well' }),
});

export const event = z.object({
  event_id: z.number(),
  type: z.string().optional(),
  description: z.string(),
  boxes_triggered: z.array(z.string()).meta({ description: 'Boxes of the event' }),
  boxes_received: z.array(z.string()).meta({ description: 'Boxes whose waveforms are stored' }),
  latencies_ms: z.array(z.number()).optional(),
  percent_magnitude: z.number().optional(),
  family: z.number().optional().meta({ description: 'First event of the same deviation' }),
  request_data: z.boolean().optional().meta({ description: 'false: no box was asked for its waveform' }),
  boxes_refused: z.array(z.object({ reason: z.string(), boxes: z.array(z.string()) })).optional(),
  target_event_start_timestamp_ms: atMs('begin of the window that was asked for'),
  target_event_end_timestamp_ms: atMs('its end'),
});

export const group = z.object({
  group_id: z.number().meta({ description: 'Lowest incident id of the group' }),
  scope: z.enum(['box', 'location', 'region', 'all']),
  incident_ids: z.array(z.number()),
  box_ids: z.array(z.string()),
  boxes_heard: z.number().meta({ description: 'Boxes that were heard at the time' }),
  first_box: z.string(),
  deepest_box: z.string(),
  spread_ms: z.number(),
  spread_depth: z.number(),
  from_measurements: z.array(z.string()),
  sentence: z.string().meta({ description: 'For people' }),
});

export const incident = z.object({
  incident_id: z.number(),
  event_id: z.number().meta({ description: '-1: of no event' }),
  box_id: boxId,
  start_timestamp_ms: atMs('begin'),
  end_timestamp_ms: z.number().meta({ description: 'Unix ms UTC: end; -1: it goes on' }),
  location: z.string(),
  measurement_type: z.string().meta({ description: 'VOLTAGE, FREQUENCY, THD, TRANSIENT, HEALTH' }),
  deviation_from_nominal: z.number().meta({ description: 'Signed, in the unit of the quantity' }),
  classifications: z.array(z.string()),
  ieee_duration: z.string(),
  annotations: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()).meta({ description: '`same_as`: it repeats that incident' }),
  source: z.string().optional(),
  group: group.optional(),
});

export const daemonStatus = z.object({
  daemon: z.string(),
  running: z.boolean(),
  since_ms: atMs('since when it is so, as far as the gateway knows'),
  reason: z.string().optional().meta({ description: 'Why it does not run' }),
  version: z.string().optional(),
});
