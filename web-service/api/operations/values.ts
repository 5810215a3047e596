/** Operations: values. */
import { z } from 'zod';
import * as c from '../common.js';
import { FILES, json, type Operation } from '../operation.js';
import * as r from '../reports.js';
import * as v from '../values.js';

const ofBox = z.object({ box_id: c.boxId });

export const VALUES = {
  listMeasurements: {
    method: 'GET',
    path: '/boxes/{box_id}/measurements',
    tag: 'Values',
    summary: 'Stored measurements',
    role: 'viewer',
    params: ofBox,
    query: v.measurementsQuery,
    status: 200,
    reply: json(v.measurements),
  },
  listTrends: {
    method: 'GET',
    path: '/boxes/{box_id}/trends',
    tag: 'Values',
    summary: 'Trends: one document per minute',
    role: 'viewer',
    params: ofBox,
    query: v.trendsQuery,
    status: 200,
    reply: json(v.trends),
  },
  listAggregates: {
    method: 'GET',
    path: '/boxes/{box_id}/aggregates',
    tag: 'Values',
    summary: 'Ten-minute or two-hour values',
    role: 'viewer',
    params: ofBox,
    query: v.aggregatesQuery,
    status: 200,
    reply: json(v.aggregates),
  },
  getChart: {
    method: 'GET',
    path: '/boxes/{box_id}/chart',
    tag: 'Values',
    summary: 'Voltage, frequency, THD and transients over a range, as columns of min, max and average',
    role: 'viewer',
    params: ofBox,
    query: v.chartQuery,
    status: 200,
    reply: json(v.chart),
  },
  listSeriesNames: {
    method: 'GET',
    path: '/series',
    tag: 'Values',
    summary: 'Names of the series that plugins compute',
    role: 'viewer',
    status: 200,
    reply: json(c.listOf(v.seriesName)),
  },
  listSeries: {
    method: 'GET',
    path: '/boxes/{box_id}/series',
    tag: 'Values',
    summary: 'Values of a series',
    role: 'viewer',
    params: ofBox,
    query: v.seriesQuery,
    status: 200,
    reply: json(v.seriesValues),
  },
  getSeriesChart: {
    method: 'GET',
    path: '/boxes/{box_id}/series/chart',
    tag: 'Values',
    summary: 'A series over a range, as columns',
    role: 'viewer',
    params: ofBox,
    query: v.seriesChartQuery,
    status: 200,
    reply: json(v.seriesChart),
  },
  exportValues: {
    method: 'GET',
    path: '/boxes/{box_id}/export',
    tag: 'Values',
    summary: 'Measurements or trends as a file; several FILES as one ZIP',
    role: 'viewer',
    params: ofBox,
    query: r.valuesExportQuery,
    status: 200,
    reply: FILES,
  },
} as const satisfies Record<string, Operation>;
