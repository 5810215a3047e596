/**
 * One second of many boxes in few numbers, by location: counts, sums and the boxes at both ends of each metric. Summaries of parts, joined, are the
 * summary of the whole. Docs: docs/cluster.md.
 */
import { METRICS } from '../../proto/columns.js';
import {
  ROW_BOX,
  ROW_TIME,
  type MeasurementRow as Row,
  rowMax,
  rowMin,
} from '../../proto/measurement-row.js';
import type { BoxSecond } from './box-second.js';

/** Boxes that are kept at each end of each metric. Two: a plugin sees whether more than one box shows a deviation. */
export const KEPT = 2;

/** One metric at one location. */
export interface MetricSums {
  /** measurements with a value; of `f`, `thd` and `trans` those that are not flagged */
  count: number;
  /** of the averages */
  sum: number;
  /** the second of each of the boxes with the lowest min and with the highest max, the outermost first */
  low: Row[];
  high: Row[];
}

export interface Group {
  location: string;
  /** the partition, for boxes without a location; -1: the location is known */
  part: number;
  /** boxes that are known, that were heard in this second, and that were not heard for a while */
  boxes: number;
  heard: number;
  silent: number;
  measurements: number;
  /** those of them that are flagged */
  flagged: number;
  /** in the order of METRICS */
  metrics: MetricSums[];
}

/** A box that was not heard for a while. */
export interface Silent {
  boxId: number;
  location: string;
  /** when it was heard last, by the clock of the broker */
  heardMs: number;
  /** its last measurement, by its own clock */
  timestampMs: number;
  /** and its flags */
  flags: number;
}

export interface Summary {
  /** by `groupKey` */
  groups: Map<string, Group>;
  /** who was heard last first */
  silent: Silent[];
  /** silent boxes that are not listed, because there are too many */
  unlisted: number;
}

/** Silent boxes that one summary lists. */
export const LISTED = 1000;

export const groupKey = (location: string, part: number): string => `${part} ${location}`;

export function emptySummary(): Summary {
  return { groups: new Map(), silent: [], unlisted: 0 };
}

export function emptyGroup(location: string, part: number): Group {
  const metrics = METRICS.map((): MetricSums => ({ count: 0, sum: 0, low: [], high: [] }));
  return { location, part, boxes: 0, heard: 0, silent: 0, measurements: 0, flagged: 0, metrics };
}

/** Takes what a box measured in the second into a group. */
export function addBox(group: Group, box: BoxSecond): void {
  group.measurements += box.measurements;
  group.flagged += box.flagged;
  const row = box.row();
  for (const [metric, sums] of group.metrics.entries()) {
    const count = box.counts[metric] ?? 0;
    if (count === 0) continue;
    sums.count += count;
    sums.sum += box.sums[metric] ?? 0;
    put(sums.low, row, rowMin(metric), 1);
    put(sums.high, row, rowMax(metric), -1);
  }
}

/** Takes the summary of other boxes in; it must not be used any more. */
export function join(whole: Summary, part: Summary): void {
  for (const [key, group] of part.groups) {
    const own = whole.groups.get(key);
    if (own === undefined) whole.groups.set(key, group);
    else joinGroup(own, group);
  }
  whole.unlisted += part.unlisted;
  if (part.silent.length > 0) whole.silent = [...whole.silent, ...part.silent];
}

/** Puts the silent boxes in order, and leaves out those that are too many. @param limit of those that are listed */
export function orderSilent(summary: Summary, limit: number): void {
  summary.silent.sort((a, b) => b.heardMs - a.heardMs || a.boxId - b.boxId);
  summary.unlisted += Math.max(0, summary.silent.length - limit);
  summary.silent.length = Math.min(summary.silent.length, limit);
}

function joinGroup(own: Group, other: Group): void {
  own.boxes += other.boxes;
  own.heard += other.heard;
  own.silent += other.silent;
  own.measurements += other.measurements;
  own.flagged += other.flagged;
  own.metrics.forEach((sums, metric) => {
    const from = other.metrics[metric];
    if (from === undefined) return;
    sums.count += from.count;
    sums.sum += from.sum;
    for (const row of from.low) put(sums.low, row, rowMin(metric), 1);
    for (const row of from.high) put(sums.high, row, rowMax(metric), -1);
  });
}

/** One row a box, the outermost; of all boxes the `KEPT` outermost. Ties are broken, so that the order of coming does not matter. */
function put(list: Row[], row: Row, at: number, sign: 1 | -1): void {
  const same = list.findIndex((one) => one[ROW_BOX] === row[ROW_BOX]);
  if (same >= 0) {
    const before = list[same];
    if (before === undefined || compare(row, before, at, sign) >= 0) return;
    list.splice(same, 1);
  }
  const next = list.findIndex((one) => compare(row, one, at, sign) < 0);
  list.splice(next < 0 ? list.length : next, 0, row);
  if (list.length > KEPT) list.pop();
}

/** A complete order: by the value, then by box and time, then by everything else. */
function compare(a: Row, b: Row, at: number, sign: 1 | -1): number {
  const first = sign * differenceAt(a, b, at) || differenceAt(a, b, ROW_BOX) || differenceAt(a, b, ROW_TIME);
  if (first !== 0) return first;
  const other = a.findIndex((_, index) => differenceAt(a, b, index) !== 0);
  return other < 0 ? 0 : differenceAt(a, b, other);
}

/** What was not sent is below everything. */
function differenceAt(a: Row, b: Row, index: number): number {
  const of = (value: number | undefined): number =>
    value === undefined || Number.isNaN(value) ? -Number.MAX_VALUE : value;
  const [left, right] = [of(a[index]), of(b[index])];
  return left === right ? 0 : left - right;
}
