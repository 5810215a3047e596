/** Trends put together by spans, in the server: a year of minutes is half a million documents. */
import type { Document } from 'mongodb';
import { METRIC_FIELD, METRICS, type MetricField } from '../../../proto/columns.js';
import type { MinMaxAverage, TrendBand } from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { int64, numberOf } from '../fields/bson.js';

const FIELDS = METRICS.map((metric) => METRIC_FIELD[metric]);

export async function readTrendBands(
  context: Context,
  boxId: string,
  stepMs: number,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<TrendBand[]> {
  // The time of a trend is the end of its window: the millisecond before lies in it.
  const inside = { $subtract: ['$timestamp_ms', int64(1)] };
  const group: Document = {
    _id: { $subtract: [inside, { $mod: [inside, int64(stepMs)] }] },
    trends: { $sum: 1 },
    flagged: { $sum: { $ifNull: ['$flagged', 0] } },
  };
  for (const field of FIELDS) {
    // Infinity stands for "absent": servers differ in what $min makes of a missing field.
    group[`${field}_min`] = { $min: { $ifNull: [`$${field}.min`, Number.POSITIVE_INFINITY] } };
    group[`${field}_max`] = { $max: { $ifNull: [`$${field}.max`, Number.NEGATIVE_INFINITY] } };
    group[`${field}_average`] = { $avg: `$${field}.average` };
  }
  const match = { box_id: boxId, timestamp_ms: { $gt: int64(fromMs), $lte: int64(toMs) } };
  const groups = await mapped('put trends together', () =>
    collection(context, 'trends')
      .aggregate([{ $match: match }, { $group: group }, { $sort: { _id: 1 } }])
      .toArray(),
  );
  return groups.map((found) => {
    const trends = numberOf(found.trends) ?? 1;
    const band: TrendBand = {
      startMs: numberOf(found._id) ?? 0,
      trends,
      flagged: (numberOf(found.flagged) ?? 0) / trends,
    };
    for (const field of FIELDS) {
      const metric = metricOf(found, field);
      if (metric !== undefined) band[field] = metric;
    }
    return band;
  });
}

/** Infinity is no number here. */
function metricOf(found: Document, field: MetricField): MinMaxAverage | undefined {
  const min = numberOf(found[`${field}_min`]);
  const max = numberOf(found[`${field}_max`]);
  const average = numberOf(found[`${field}_average`]);
  return min === undefined || max === undefined || average === undefined ? undefined : { min, max, average };
}
