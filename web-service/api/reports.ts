/** Reports, and files. */
import { z } from 'zod';
import { boxId, slug, timeMs } from './common.js';
import { incidentsQuery } from './incidents.js';

/** Longest span of a report, ms: 400 days. */
export const MAX_REPORT_MS = 400 * 86_400_000;

export const reportQuery = z.object({
  from: timeMs,
  to: timeMs,
  box: boxId.optional(),
  location: slug.optional(),
  format: z
    .enum(['json', 'html', 'pdf'])
    .default('json')
    .meta({ description: 'pdf: where a browser is installed' }),
});

const statement = z.object({
  quantity: z.enum(['voltage', 'frequency', 'THD', 'flicker', 'unbalance']),
  rule: z.string(),
  verdict: z.enum(['kept', 'not kept', 'not measured']),
  basis: z.string(),
  found: z.object({ value: z.number(), unit: z.string(), limit: z.number() }).optional(),
  lowest: z.number().optional(),
  highest: z.number().optional(),
});

const week = z.object({
  start_ms: z.number(),
  end_ms: z.number(),
  is_whole: z.boolean(),
  coverage: z.number(),
  windows: z.object({
    counted: z.number(),
    flagged: z.number(),
    incomplete: z.number(),
    missing: z.number(),
  }),
  items: z.array(statement),
});

const curvePoint = z.object({ percent: z.number(), seconds: z.number() });
const verdict = z.enum(['kept', 'violated']);

const reportIncident = z.object({
  incident_id: z.number(),
  event_id: z.number(),
  box_id: z.string(),
  location: z.string(),
  start_ms: z.number(),
  end_ms: z.number().optional(),
  measurement_type: z.string(),
  classifications: z.array(z.string()),
  ieee_duration: z.string(),
  deviation: z.number(),
  magnitude_pu: z.number().optional(),
  duration_s: z.number().optional(),
  en50160_cell: z.string().optional(),
  itic: curvePoint.extend({ region: z.string() }).optional(),
  semi_f47: curvePoint.extend({ required: verdict, recommended: verdict }).optional(),
  group: z.number().optional(),
});

/** What `makai report --json` prints, less the ten-minute values (`/boxes/{box_id}/aggregates` has them). */
export const report = z.object({
  from_ms: z.number(),
  to_ms: z.number(),
  incidents_from_ms: z.number(),
  incidents_to_ms: z.number(),
  generated_ms: z.number(),
  makai_version: z.string(),
  box_id: z.string().optional(),
  location: z.string().optional(),
  sentence: z.string(),
  boxes: z.array(
    z.object({
      box_id: z.string(),
      name: z.string().optional(),
      location: z.string(),
      nominal_voltage: z.number(),
      nominal_frequency: z.number(),
      availability: z.object({
        measured: z.number(),
        windows: z.number(),
        missing: z.number(),
        outages: z.number(),
        outage_ms: z.number(),
      }),
      en50160: z.array(week),
      ieee519: z.array(z.object({ start_ms: z.number(), end_ms: z.number(), items: z.array(statement) })),
    }),
  ),
  incidents: z.array(reportIncident),
});
export type ReportJson = z.output<typeof report>;

/** Formats of `makai events export`; `original`: the files that an imported event came from. Several files come as one ZIP. */
export const EVENT_FORMATS = [
  'comtrade',
  'pqdif',
  'pqds',
  'csv',
  'parquet',
  'ndjson',
  'wav',
  'original',
] as const;
export const VALUE_FORMATS = ['pqdif', 'pqds', 'csv', 'parquet', 'ndjson'] as const;
export const INCIDENT_FORMATS = ['csv', 'ndjson', 'parquet'] as const;

export const eventExportQuery = z.object({
  format: z.enum(EVENT_FORMATS),
  box: boxId.optional().meta({ description: 'Only the waveform of this box' }),
});

/** Longest range of an export of values, ms. */
export const MAX_EXPORT_MS = 400 * 86_400_000;

export const valuesExportQuery = z.object({
  from: timeMs,
  to: timeMs,
  kind: z.enum(['measurements', 'trends']),
  format: z.enum(VALUE_FORMATS),
});

export const incidentsExportQuery = incidentsQuery
  .omit({ limit: true, cursor: true, order: true })
  .extend({ format: z.enum(INCIDENT_FORMATS) });
