/** Boxes, their health, and locations. */
import { z } from 'zod';
import { atMs, boxId, boxIdText, flag, perMetric, slug } from './common.js';

export const finding = z.object({
  code: z.string().meta({ description: 'See docs/box-health.md' }),
  since_ms: atMs,
  info: z.string().meta({ description: 'The numbers of this box, for people' }),
  meaning: z.string(),
  todo: z.string(),
});

/** Where a value comes from: the box's record, its override in `makai_config`, the default there, or the settings. */
const referenceSource = z.enum(['box', 'override', 'makai_config', 'settings']);

export const reference = z.object({
  voltage: z.number().meta({ description: 'Nominal voltage, V RMS' }),
  frequency: z.number().meta({ description: 'Nominal frequency, Hz' }),
  voltage_from: referenceSource,
  frequency_from: referenceSource,
});

/** A measurement from the stream, not from the store. */
export const liveMeasurement = perMetric(z.number()).extend({
  box_id: boxIdText,
  timestamp_ms: atMs.meta({ description: "By the box's clock" }),
  received_ms: atMs.meta({ description: 'By the clock of this machine' }),
  flagged: z.array(flag).optional().meta({
    description:
      'By the usual limits (0.9, 1.1 and 0.1 of nominal), whatever the triggering service has as `flags`',
  }),
});
export type LiveMeasurement = z.output<typeof liveMeasurement>;

/** What people may change of a box; null removes a value. */
export const boxFields = z.strictObject({
  name: z.string().trim().min(1).max(100).nullable(),
  description: z.string().trim().min(1).max(1000).nullable(),
  location: slug,
  calibration_constant: z.number().positive().max(1e9).meta({ description: 'Counts per volt' }),
  unplugged: z.boolean().meta({ description: 'true: out of use, its silence is not an outage' }),
  nominal_voltage: z.number().min(10).max(1_000_000).nullable(),
  nominal_frequency: z.number().min(10).max(1000).nullable(),
});
export const boxChange = boxFields.partial();
export type BoxChange = z.output<typeof boxChange>;
export const newBox = boxChange.extend({ box_id: boxId });

export const box = z.object({
  box_id: boxIdText,
  recorded: z
    .boolean()
    .meta({ description: 'false: it has data or is heard, but nobody has made a record of it' }),
  name: z.string().optional(),
  description: z.string().optional(),
  calibration_constant: z.number().meta({ description: 'Counts per volt; 1 where it is not known' }),
  unplugged: z.boolean(),
  location: z.string().optional(),
  location_start_time_ms: z.number().optional(),
  location_archive: z
    .array(z.object({ location: z.string(), location_start_time_ms: z.number() }))
    .optional(),
  calibration_start_time_ms: atMs.optional().meta({
    description: 'Since when the constant and the nominal values hold; absent: from the beginning',
  }),
  calibration_archive: z
    .array(
      z.object({
        calibration_constant: z.number().optional(),
        nominal_voltage: z.number().optional(),
        nominal_frequency: z.number().optional(),
        calibration_start_time_ms: atMs,
      }),
    )
    .optional()
    .meta({ description: 'Those that held before, oldest first: older waveforms keep them' }),
  public_key: z.string().optional(),
  nominal_voltage: z.number().optional().meta({ description: 'As recorded; see `reference`' }),
  nominal_frequency: z.number().optional(),
  kind: z.string().optional().meta({
    description:
      '`import`: a channel of another instrument; `meter`: a meter that the gateway reads over MQTT',
  }),
  reference: reference.meta({ description: 'The nominal values that apply' }),
  live: liveMeasurement
    .optional()
    .meta({ description: 'Last measurement heard; absent: none since this service started' }),
  newest_ms: atMs.optional().meta({ description: 'Time of its newest stored measurement' }),
  findings: z.array(finding).meta({ description: 'Worst first' }),
});
export type Box = z.output<typeof box>;

/** Of one box, as the running daemons see it. What is inside `stream`, `replies` and so on: docs/box-health.md. */
export const boxHealth = z.object({
  box_id: boxIdText,
  findings: z.array(finding),
  stream: z.record(z.string(), z.unknown()).optional().meta({ description: 'From the triggering service' }),
  measurement_connections: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'From the triggering broker' }),
  command_connections: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'From the acquisition broker' }),
  replies: z.record(z.string(), z.unknown()).optional().meta({ description: 'From the acquisition broker' }),
  waveforms: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'From the acquisition broker: bytes today' }),
});

/** A finding that began or ended, as the collection `health` has it for 30 days. */
export const findingEntry = z.object({
  timestamp_ms: atMs,
  code: z
    .string()
    .optional()
    .meta({ description: 'See docs/box-health.md; absent: another program wrote it' }),
  began: z.boolean().meta({ description: 'false: it ended' }),
  info: z.string(),
});
export type FindingEntry = z.output<typeof findingEntry>;

/** A daemon that did not reply, and why. */
export const missing = z.object({ daemon: z.string(), reason: z.string() });

export const boxHealthList = z.object({ items: z.array(boxHealth), missing: z.array(missing) });

/** Degrees, as in the collection `locations` of existing services. */
const coordinates = z.tuple([
  z.number().min(-180).max(180).meta({ description: 'Longitude' }),
  z.number().min(-90).max(90).meta({ description: 'Latitude' }),
]);

const regions = z
  .array(slug)
  .max(100)
  .transform((slugs) => [...new Set(slugs)].sort())
  .meta({ description: 'Slugs of the regions that it belongs to' });

export const location = z.object({
  slug,
  description: z.string().optional(),
  coordinates: coordinates.optional(),
  regions: z.array(slug).optional().meta({ description: 'Slugs of the regions that it belongs to' }),
  box_ids: z.array(boxIdText).meta({ description: 'Boxes that are there now' }),
});
export type Location = z.output<typeof location>;

export const locationChange = z.strictObject({
  description: z.string().trim().max(1000).optional(),
  coordinates: coordinates.optional(),
  regions: regions.optional(),
});
