/** A whole second as plugins see it (plugins/sdk/plugin.ts). */
import type { PluginSecond } from '../../plugin-host/messages.js';
import type { LocationSummary, MetricSummary, SecondSummary } from '../../plugins/sdk/plugin.js';
import { FLAG_INTERRUPTION, METRICS, type Metric } from '../../proto/columns.js';
import {
  ROW_BOX,
  ROW_TIME,
  type MeasurementRow as Row,
  rowMax,
  rowMin,
} from '../../proto/measurement-row.js';
import { SECOND_MS, type WholeSecond } from './seconds.js';
import type { Group, MetricSums, Summary } from './summary.js';

export function pluginSecondOf({ missing, second, summary }: WholeSecond): PluginSecond {
  const endMs = (second + 1) * SECOND_MS;
  const groups = [...summary.groups.values()].sort(
    (a, b) => a.part - b.part || (a.location < b.location ? -1 : 1),
  );
  const seen: SecondSummary = {
    endMs,
    missing,
    locations: groups.map(locationOf),
    silent: summary.silent.map(({ boxId, flags, heardMs, location, timestampMs }) => {
      return { boxId, location, heardMs, timestampMs, interrupted: (flags & FLAG_INTERRUPTION) !== 0 };
    }),
    unlisted: summary.unlisted,
  };
  return { endMs, summary: seen, rows: rowsOf(summary) };
}

/** The measurements at the ends, each once, by time: those of one box in their order. */
export function rowsOf(summary: Summary): Row[] {
  const rows = new Map<string, Row>();
  for (const { metrics } of summary.groups.values())
    for (const { high, low } of metrics)
      for (const row of [...low, ...high]) rows.set(`${row[ROW_BOX]} ${row[ROW_TIME]}`, row);
  const at = (row: Row, index: number): number => row[index] ?? 0;
  return [...rows.values()].sort(
    (a, b) => at(a, ROW_TIME) - at(b, ROW_TIME) || at(a, ROW_BOX) - at(b, ROW_BOX),
  );
}

function locationOf({ metrics, part: _part, ...group }: Group): LocationSummary {
  const metric = (name: Metric): MetricSummary =>
    metricOf(metrics[METRICS.indexOf(name)], METRICS.indexOf(name));
  return { ...group, f: metric('f'), rms: metric('rms'), thd: metric('thd'), trans: metric('trans') };
}

function metricOf(sums: MetricSums | undefined, metric: number): MetricSummary {
  const { count = 0, high = [], low = [], sum = 0 } = sums ?? {};
  return {
    count,
    mean: sum / count,
    min: low[0]?.[rowMin(metric)] ?? Number.NaN,
    max: high[0]?.[rowMax(metric)] ?? Number.NaN,
    lowest: low.map((row) => row[ROW_BOX] ?? 0),
    highest: high.map((row) => row[ROW_BOX] ?? 0),
  };
}
