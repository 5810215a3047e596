/** Charts: stored values of a range as so many points as a screen has. */
import { METRIC_FIELD, METRICS } from '../../proto/columns.js';
import type { AggregateDocument, MeasurementDocument, SeriesName, Store } from '../../store/store.js';
import { METRIC_NAMES, type MetricName } from '../api/common.js';
import { CHART_RANGE_MS, type Chart, type SeriesChart } from '../api/values.js';
import { RequestError } from '../http/problems.js';
import { definedOnly } from './boxes.js';
import { Bands, stepOf } from './columns.js';

export type Source = keyof typeof CHART_RANGE_MS;
export interface ChartRange {
  from: number;
  to: number;
  points: number;
}

const HOUR_MS = 3_600_000;
/** Documents of one source are so far apart; measurements of a Box 3 are a second. */
const APART_MS = { measurements: 1000, trends: 60_000, aggregates: 600_000 } as const;

/** Which documents a range is drawn from. @throws RequestError for a range that is too long */
export function sourceOf(wanted: 'auto' | Source, { from, to }: Pick<ChartRange, 'from' | 'to'>): Source {
  const ms = to - from;
  if (ms <= 0)
    throw new RequestError('from: expected a time before `to`', [
      { path: 'from', message: 'expected a time before `to`' },
    ]);
  const source =
    wanted !== 'auto'
      ? wanted
      : ms <= 2 * HOUR_MS
        ? 'measurements'
        : ms <= CHART_RANGE_MS.trends
          ? 'trends'
          : 'aggregates';
  if (ms <= CHART_RANGE_MS[source]) return source;
  const message = `expected at most ${CHART_RANGE_MS[source] / HOUR_MS} hours after \`from\` with ${source}`;
  throw new RequestError(`to: ${message}`, [{ path: 'to', message }]);
}

/**
 * A chart of what `auto` takes. Measurements expire after a day, trends after weeks: where what is longer kept covers clearly more of the range, that is taken.
 * @throws RequestError for a range that is too long
 */
export async function readAutoChart(store: Store, boxId: string, range: ChartRange): Promise<Chart> {
  const sources = Object.keys(APART_MS) as Source[];
  const usual = sourceOf('auto', range);
  let chart = await readChart(store, boxId, usual, range);
  for (const source of sources.slice(sources.indexOf(usual) + 1)) {
    const clearly = 2 * APART_MS[source];
    if (coveredMs(chart) >= range.to - range.from - clearly && chart.timestamp_ms.length > 0) break;
    const longer = await readChart(store, boxId, source, range);
    const isMore =
      chart.timestamp_ms.length === 0
        ? longer.timestamp_ms.length > 0
        : coveredMs(longer) > coveredMs(chart) + clearly;
    if (isMore) chart = longer;
  }
  return chart;
}

/** How much of its range a chart has values for: what its lines join. */
function coveredMs({ gap_ms, source, step_ms, timestamp_ms }: Chart): number {
  const alone = Math.max(step_ms, APART_MS[source]);
  return timestamp_ms.reduce((sum, ms, i) => {
    const apart = (timestamp_ms[i + 1] ?? Number.POSITIVE_INFINITY) - ms;
    return sum + (apart <= gap_ms ? apart : alone);
  }, 0);
}

type Reading = Partial<Record<MetricName, { min: number; max: number; average: number }>>;

/** What was flagged, of how much. */
interface Row {
  /** end or time of the document */
  ms: number;
  values: Reading;
  flagged: number;
}

export async function readChart(
  store: Store,
  boxId: string,
  source: Source,
  range: ChartRange,
): Promise<Chart> {
  const { from, points, to } = range;
  const step = stepOf(from, to, points, source === 'measurements' ? 200 : APART_MS[source]);
  const start = Math.floor(from / step) * step;
  const size = Math.ceil((to - start) / step);
  const bands = new Map(METRIC_NAMES.map((name) => [name, new Bands(start, step, size)]));
  const counts = new Uint32Array(size);
  const flagged = new Float64Array(size);
  for await (const row of rowsOf(store, boxId, source, range, step)) {
    const point = Math.min(size - 1, Math.max(0, Math.floor((row.ms - start) / step)));
    counts[point] = (counts[point] ?? 0) + 1;
    flagged[point] = (flagged[point] ?? 0) + row.flagged;
    for (const name of METRIC_NAMES) {
      const value = row.values[name];
      if (value !== undefined) bands.get(name)?.add(point, value.min, value.max, value.average);
    }
  }
  const used = [...counts.keys()].filter((point) => (counts[point] ?? 0) > 0);
  const columns = Object.fromEntries([...bands].map(([name, band]) => [name, band.columns(used)])) as Partial<
    Record<MetricName, Chart['voltage']>
  >;
  return definedOnly({
    box_id: boxId,
    source,
    from_ms: from,
    to_ms: to,
    step_ms: step,
    gap_ms: Math.max(2.5 * step, 3 * APART_MS[source]),
    timestamp_ms: used.map((point) => start + point * step),
    ...columns,
    flagged: used.map((point) => (flagged[point] ?? 0) / (counts[point] ?? 1)),
  }) as Chart;
}

async function* rowsOf(
  store: Store,
  boxId: string,
  source: Source,
  { from, to }: ChartRange,
  step: number,
): AsyncGenerator<Row> {
  if (source === 'measurements') {
    for await (const one of store.measurements(boxId, { fromMs: from, toMs: to }))
      yield { ms: one.timestamp_ms, values: ofMeasurement(one), flagged: one.flagged === undefined ? 0 : 1 };
    return;
  }
  if (source === 'trends') {
    for (const { flagged, startMs, ...values } of await store.trendBands(boxId, step, {
      fromMs: from,
      toMs: to,
    }))
      yield { ms: startMs, values, flagged };
    return;
  }
  // Their time is the end of their window: the one that ends at `from` lies before it.
  const window = { fromMs: from + 1, toMs: to + 1 };
  for await (const one of store.aggregates(boxId, 600, window))
    yield {
      ms: one.timestamp_ms - 1,
      values: ofAggregate(one),
      flagged: one.flagged / Math.max(1, one.measurements),
    };
}

function ofMeasurement(one: MeasurementDocument): Reading {
  const reading: Reading = {};
  for (const metric of METRICS) {
    const name = METRIC_FIELD[metric];
    const value = one[name];
    if (value === undefined) continue;
    const { max = value, min = value } = one.extremes?.[name] ?? {};
    reading[name] = { min, max, average: value };
  }
  return reading;
}

function ofAggregate({ frequency, thd, voltage }: AggregateDocument): Reading {
  return {
    ...(voltage && { voltage: { min: voltage.min, max: voltage.max, average: voltage.rms } }),
    ...(frequency && { frequency }),
    ...(thd && { thd: { min: thd.min, max: thd.max, average: thd.rms } }),
  };
}

export async function readSeriesChart(
  store: Store,
  name: SeriesName,
  range: ChartRange,
): Promise<SeriesChart> {
  const { from, points, to } = range;
  sourceOf('aggregates', range);
  const step = stepOf(from, to, points, 1000);
  const start = Math.floor(from / step) * step;
  const size = Math.ceil((to - start) / step);
  const bands = new Bands(start, step, size);
  const counts = new Uint32Array(size);
  for await (const { timestamp_ms, value } of store.series(name, { fromMs: from, toMs: to })) {
    const point = Math.min(size - 1, Math.floor((timestamp_ms - start) / step));
    counts[point] = (counts[point] ?? 0) + 1;
    bands.add(point, value, value, value);
  }
  const used = [...counts.keys()].filter((point) => (counts[point] ?? 0) > 0);
  const timestamp_ms = used.map((point) => start + point * step);
  return {
    box_id: name.box_id,
    plugin: name.plugin,
    series: name.series,
    from_ms: from,
    to_ms: to,
    step_ms: step,
    gap_ms: Math.max(2.5 * step, 3 * medianGap(timestamp_ms)),
    timestamp_ms,
    value: bands.columns(used) ?? { min: [], max: [], average: [] },
  };
}

/** How far apart a plugin's values are is the plugin's own choice. */
function medianGap(times: readonly number[]): number {
  const gaps = times.slice(1).map((ms, i) => ms - (times[i] ?? 0));
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 0;
}
