/** Feeds a plugin measurement by measurement or in batches, as the daemon would, and collects what it asks for. */

import { siteMembers } from '../../plugin-host/context.js';
import { Site } from '../../plugin-host/site.js';
import type { EventRequest, Plugin, PluginContext, Results } from '../../plugins/sdk/plugin.js';
import { createColumns, METRICS, type MeasurementColumns, type Metric } from '../../proto/columns.js';

/** A number counts as min, average and max; a metric that is left out was not sent. */
export type Sample = { boxId: number; timestampMs: number; flagged?: number } & Partial<
  Record<Metric, number | { min: number; average: number; max: number }>
>;

export function toColumns(samples: readonly Sample[]): MeasurementColumns {
  const columns = createColumns(samples.length);
  columns.count = samples.length;
  samples.forEach((sample, i) => {
    columns.boxId[i] = sample.boxId;
    columns.flags[i] = sample.flagged ?? 0;
    columns.timestampMs[i] = sample.timestampMs;
    for (const metric of METRICS) {
      const value = sample[metric] ?? Number.NaN;
      const v = typeof value === 'number' ? { min: value, average: value, max: value } : value;
      columns[metric].min[i] = v.min;
      columns[metric].average[i] = v.average;
      columns[metric].max[i] = v.max;
    }
  });
  return columns;
}

/** A context whose clock the test sets; logs are collected. */
export function testContext(
  over: Partial<PluginContext> = {},
): PluginContext & { lines: string[]; nowMs: number } {
  const lines: string[] = [];
  const write = (message: string) => void lines.push(message);
  const context: PluginContext & { lines: string[]; nowMs: number } = {
    lines,
    nowMs: 0,
    log: { debug: write, info: write, warn: write, error: write },
    now: () => context.nowMs,
    ...siteMembers(new Site()),
    report: (boxId, code, info) => write(`finding about box ${boxId}: ${code}: ${info}`),
    ...over,
  };
  return context;
}

/** The requests among what a member returned. */
const list = (results: Results): EventRequest[] =>
  [results ?? []].flat().filter((result): result is EventRequest => !('kind' in result));

/** Feeds in batches of `size`; the context's clock follows the newest measurement, and onTick runs after each batch. */
export function feed(
  plugin: Plugin,
  context: { nowMs: number },
  samples: readonly Sample[],
  size = 1,
): EventRequest[] {
  const requests: EventRequest[] = [];
  for (let at = 0; at < samples.length; at += size) {
    const batch = samples.slice(at, at + size);
    context.nowMs = Math.max(context.nowMs, ...batch.map((s) => s.timestampMs));
    requests.push(...list(plugin.processBatch?.(toColumns(batch))));
    requests.push(...list(plugin.onTick?.(context.nowMs)));
  }
  return requests;
}
