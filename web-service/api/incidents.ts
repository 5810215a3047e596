/** Incidents: findings in waveforms, and outages. */
import { z } from 'zod';
import { atMs, boxId, boxIdText, eventId, pageOf, pageQuery, slug } from './common.js';
import { measurement } from './values.js';

const verdict = z.enum(['kept', 'violated']);
const curvePoint = z.object({
  percent: z.number().meta({ description: 'Of the nominal voltage' }),
  seconds: z.number(),
});

/** What charts and tables need, from the incident and the nominal values of its box. Absent where it has no meaning. */
export const figures = z.object({
  duration_s: z.number().optional(),
  magnitude_pu: z
    .number()
    .optional()
    .meta({ description: 'Residual voltage of a sag, highest voltage of a swell' }),
  en50160_cell: z.string().optional().meta({ description: 'Cell of the table of EN 50160, such as A1' }),
  itic: curvePoint.extend({ region: z.string() }).optional(),
  semi_f47: curvePoint.extend({ required: verdict, recommended: verdict }).optional(),
});
export type Figures = z.output<typeof figures>;

export const incidentGroup = z.object({
  group_id: z.number(),
  scope: z.enum(['box', 'location', 'region', 'all']),
  region: z.string().optional().meta({ description: 'Slug of the region, where the scope is one' }),
  incident_ids: z.array(z.number()),
  box_ids: z.array(boxIdText),
  boxes_heard: z.number(),
  first_box: boxIdText,
  deepest_box: boxIdText,
  spread_ms: z.number(),
  spread_depth: z.number(),
  from_measurements: z.array(boxIdText),
  sentence: z.string().meta({ description: 'For people' }),
});
export type IncidentGroupJson = z.output<typeof incidentGroup>;

/** As stored, without the copies of measurements. */
export const incident = z.object({
  incident_id: z.number(),
  event_id: z.number().meta({ description: '-1: of no event' }),
  box_id: boxIdText,
  start_timestamp_ms: atMs,
  end_timestamp_ms: z.number().meta({ description: '-1: it goes on' }),
  location: z.string().meta({ description: '`UNKNOWN` where the box has none' }),
  measurement_type: z.string().meta({ description: 'VOLTAGE, FREQUENCY, THD, TRANSIENT, HEALTH' }),
  deviation_from_nominal: z.number().meta({ description: 'Signed, in V, Hz or percent' }),
  gridfs_filename: z.string(),
  classifications: z.array(z.string()),
  ieee_duration: z.string(),
  annotations: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()).meta({ description: '`same_as`: it repeats that incident' }),
  expire_at: z.number(),
  source: z.string().optional(),
  group: incidentGroup.optional().meta({ description: 'The same in each incident of a group' }),
  figures,
});
export type Incident = z.output<typeof incident>;

export const incidentDetail = incident.extend({
  measurements: z
    .array(measurement.omit({ expire_at: true }))
    .meta({ description: 'Copies of the measurements of its span, at most 1,000' }),
  remarks: z.array(z.string()).meta({ description: 'What the analysis could not evaluate in the waveform' }),
});
export type IncidentDetail = z.output<typeof incidentDetail>;

const filters = {
  box: boxId.optional(),
  location: slug.optional(),
  class: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/)
    .optional()
    .meta({ description: 'One of its classes, e.g. VOLTAGE_SAG' }),
  measurement_type: z.enum(['VOLTAGE', 'FREQUENCY', 'THD', 'TRANSIENT', 'HEALTH']).optional(),
  event: eventId.optional(),
  goes_on: z.boolean().optional().meta({ description: 'true: only those without an end yet' }),
  repeats: z
    .boolean()
    .default(false)
    .meta({ description: 'true: also those that repeat another one (`metadata.same_as`)' }),
  min_duration_s: z.number().min(0).max(1e9).optional(),
  max_duration_s: z.number().min(0).max(1e9).optional(),
  min_magnitude_pu: z.number().min(0).max(100).optional(),
  max_magnitude_pu: z.number().min(0).max(100).optional(),
};

/** By start. */
export const incidentsQuery = pageQuery(1000, 100).extend(filters);
export type IncidentsQuery = z.output<typeof incidentsQuery>;
export const incidents = pageOf(incident);

export const annotation = z.strictObject({
  remark: z.string().trim().min(1).max(1000),
});
