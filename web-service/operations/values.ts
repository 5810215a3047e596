/** Measurements, trends, aggregates, series: pages and charts. */
import { RecentMap } from '../../common/recent-map.js';
import type { SeriesDocument } from '../../store/store.js';
import type { Chart, SeriesChart } from '../api/values.js';
import type { Services } from '../services.js';
import { readAutoChart, readChart, readSeriesChart, sourceOf } from './charts.js';
import type { Handlers } from './handler.js';
import { pageOf } from './pages.js';

type ValueHandlers = Pick<
  Handlers,
  | 'listMeasurements'
  | 'listTrends'
  | 'listAggregates'
  | 'getChart'
  | 'listSeriesNames'
  | 'listSeries'
  | 'getSeriesChart'
>;

const CACHED_CHARTS = 200;
/** A chart that is cached is so old at most: what is late comes into it after that. */
const CHART_AGE_MS = 60_000;
/** One whose range has not ended is as good as new for a moment only. */
const LIVE_AGE_MS = 2000;

const byTime = {
  timeOf: ({ timestamp_ms }: { timestamp_ms: number }) => timestamp_ms,
  idOf: () => 0,
};

export function valueHandlers({ clock, limits, link }: Services): ValueHandlers {
  const charts = new RecentMap<string, { atMs: number; chart: Promise<Chart | SeriesChart> }>(CACHED_CHARTS);
  /** Viewers of the same thing ask for the same chart. */
  const cached = async <C extends Chart | SeriesChart>(
    key: readonly unknown[],
    toMs: number,
    read: () => Promise<C>,
  ): Promise<C> => {
    const name = JSON.stringify(key);
    const nowMs = clock.monotonic();
    const known = charts.get(name);
    const age = toMs < clock.now() - CHART_AGE_MS ? CHART_AGE_MS : LIVE_AGE_MS;
    if (known !== undefined && nowMs - known.atMs < age) return (await known.chart) as C;
    const chart = limits.charts.run(read);
    charts.set(name, { atMs: nowMs, chart });
    try {
      return await chart;
    } catch (error) {
      charts.delete(name);
      throw error;
    }
  };
  return {
    listMeasurements: ({ params, query }) =>
      link.read((store) =>
        pageOf(query, {
          ...byTime,
          read: (range) => store.measurements(params.box_id, range),
          jsonOf: (one) => one,
        }),
      ),
    listTrends: ({ params, query }) =>
      link.read((store) =>
        pageOf(query, {
          ...byTime,
          read: (range) => store.trends(params.box_id, range),
          jsonOf: (one) => one,
        }),
      ),
    listAggregates: ({ params, query }) =>
      link.read((store) =>
        pageOf(query, {
          ...byTime,
          read: (range) => store.aggregates(params.box_id, query.window_seconds, range),
          jsonOf: (one) => one,
        }),
      ),
    getChart: async ({ params: { box_id }, query }) => {
      // Checked before it waits its turn.
      const named = sourceOf(query.source, query);
      const { from, points, source, to } = query;
      return cached([box_id, source, from, to, points], to, () =>
        link.read((store) =>
          source === 'auto' ? readAutoChart(store, box_id, query) : readChart(store, box_id, named, query),
        ),
      );
    },
    listSeriesNames: async () => ({ items: await link.read((store) => store.seriesNames()) }),
    listSeries: ({ params: { box_id }, query }) =>
      link.read((store) =>
        pageOf(query, {
          ...byTime,
          read: (range) => store.series({ box_id, plugin: query.plugin, series: query.series }, range),
          jsonOf: ({ timestamp_ms, value }: SeriesDocument) => ({ timestamp_ms, value }),
        }),
      ),
    getSeriesChart: async ({ params: { box_id }, query }) => {
      const { from, plugin, points, series, to } = query;
      return cached([box_id, plugin, series, from, to, points], to, () =>
        link.read((store) => readSeriesChart(store, { box_id, plugin, series }, query)),
      );
    },
  };
}
