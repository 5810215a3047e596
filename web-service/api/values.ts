/** Values over time: stored documents in pages, and charts (columns, decimated to the number of points that a screen has). */
import { z } from 'zod';
import {
  atMs,
  boxIdText,
  flag,
  METRIC_NAMES,
  minMax,
  minMaxAverage,
  pageOf,
  pageQuery,
  perMetric,
  timeMs,
} from './common.js';

export const measurement = perMetric(z.number()).extend({
  box_id: boxIdText,
  timestamp_ms: atMs,
  reported_timestamp_ms: atMs.optional(),
  invalid: z.array(z.enum(METRIC_NAMES)).optional(),
  extremes: perMetric(minMax).optional(),
  flagged: z.array(flag).optional(),
  expire_at: z.number().meta({ description: 'Unix seconds' }),
});

export const trend = perMetric(minMaxAverage).extend({
  box_id: boxIdText,
  timestamp_ms: atMs.meta({ description: 'End of the minute' }),
  location: z.string(),
  flagged: z.number().optional().meta({ description: 'Share of flagged measurements, above 0 to 1' }),
  unflagged: perMetric(minMax).optional(),
  expire_at: z.number(),
});

export const aggregate = z.object({
  box_id: boxIdText,
  timestamp_ms: atMs.meta({ description: 'End of the window' }),
  window_seconds: z.union([z.literal(600), z.literal(7200)]),
  location: z.string(),
  measurements: z.number(),
  flagged: z.number(),
  coverage: z.number(),
  voltage: z.object({ rms: z.number(), min: z.number(), max: z.number() }).optional(),
  frequency: minMaxAverage.extend({ ten_second: z.array(z.number()).optional() }).optional(),
  thd: z
    .object({
      rms: z.number(),
      min: z.number(),
      max: z.number(),
      three_second: z.object({ step: z.number(), from: z.number(), counts: z.array(z.number()) }).optional(),
    })
    .optional(),
  expire_at: z.number(),
});

export const measurementsQuery = pageQuery(10_000, 1000);
export const measurements = pageOf(measurement);
export const trendsQuery = pageQuery(10_000, 1000);
export const trends = pageOf(trend);
export const aggregatesQuery = pageQuery(5_000, 1000).extend({
  window_seconds: z.union([z.literal(600), z.literal(7200)]).default(600),
});
export const aggregates = pageOf(aggregate);

/** Of which documents a chart is made. */
export const chartSource = z.enum(['measurements', 'trends', 'aggregates']);

/** Longest range of a chart by its source, ms: 26 hours, 400 days, 20 years. */
export const CHART_RANGE_MS = {
  measurements: 26 * 3_600_000,
  trends: 400 * 86_400_000,
  aggregates: 20 * 366 * 86_400_000,
} as const satisfies Record<z.output<typeof chartSource>, number>;

export const MAX_CHART_POINTS = 10_000;

const chartRange = {
  from: timeMs,
  to: timeMs,
  points: z
    .int()
    .min(10)
    .max(MAX_CHART_POINTS)
    .default(1000)
    .meta({ description: 'Points at most; the screen needs about one a pixel' }),
};

export const chartQuery = z.object({
  ...chartRange,
  source: z
    .enum(['auto', ...chartSource.options])
    .default('auto')
    .meta({
      description:
        'auto: measurements up to 2 hours, trends up to 400 days, else aggregates; where these have expired, the next ones that cover clearly more',
    }),
});

/** One entry for each point; null where there is no value. */
const column = z.array(z.number().nullable());
const bandColumns = z.object({ min: column, max: column, average: column });
export type BandColumns = z.output<typeof bandColumns>;

/**
 * Points that have documents, oldest first. Each stands for `step_ms` from its time on, or for a single document where `step_ms` is 0. Between points that are more than
 * `gap_ms` apart nothing is stored: a line must not join them.
 */
const chartHead = {
  box_id: boxIdText,
  from_ms: atMs,
  to_ms: atMs,
  step_ms: z.number(),
  gap_ms: z.number(),
  timestamp_ms: z.array(z.number()),
};

export const chart = z.object({
  ...chartHead,
  source: chartSource,
  voltage: bandColumns.optional().meta({ description: 'V RMS; absent: no value in the whole range' }),
  frequency: bandColumns.optional().meta({ description: 'Hz' }),
  thd: bandColumns.optional().meta({ description: 'A fraction: 0.05 is 5 %' }),
  transient: bandColumns.optional(),
  flagged: z.array(z.number()).meta({ description: 'Share of flagged measurements of each point, 0 to 1' }),
});
export type Chart = z.output<typeof chart>;

const name = z.string().min(1).max(200);

export const seriesName = z.object({ plugin: name, series: name, box_id: boxIdText });
export type SeriesNameJson = z.output<typeof seriesName>;

export const seriesQuery = pageQuery(10_000, 1000).extend({ plugin: name, series: name });
export const seriesValues = pageOf(z.object({ timestamp_ms: atMs, value: z.number() }));

export const seriesChartQuery = z.object({ ...chartRange, plugin: name, series: name });
export const seriesChart = z.object({ ...chartHead, plugin: name, series: name, value: bandColumns });
export type SeriesChart = z.output<typeof seriesChart>;
