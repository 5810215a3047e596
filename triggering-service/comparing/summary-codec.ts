/**
 * A summary as it is in NATS: length of the head (4 bytes, little-endian), the head in JSON, then the rows (proto/measurement-row.ts). The head names rows by
 * their numbers, so that one that is at several ends is written once.
 */
import { z } from 'zod';
import { METRICS } from '../../proto/columns.js';
import {
  ROW_BYTES,
  ROW_TIME,
  type MeasurementRow as Row,
  readRow,
  writeRow,
} from '../../proto/measurement-row.js';
import { emptySummary, type Group, groupKey, KEPT, LISTED, type Summary } from './summary.js';

const VERSION = 1;
const LENGTH_BYTES = 4;
const MAX_ID = 2 ** 32 - 1;

/** A summary of one partition. */
export interface PartSummary {
  /** number of the second: Unix time */
  second: number;
  partition: number;
  /** of the lease of who wrote it */
  revision: number;
  summary: Summary;
}

const whole = z.number().int().min(0);
const rows = z.array(whole).max(KEPT);
const headSchema = z.object({
  v: z.literal(VERSION),
  second: whole,
  partition: whole,
  revision: whole,
  unlisted: whole,
  /** box, location, heard, timestamp, flags */
  silent: z
    .array(z.tuple([whole.max(MAX_ID), z.string(), z.number(), z.number(), whole.max(255)]))
    .max(LISTED),
  groups: z.array(
    z.object({
      l: z.string(),
      p: z.number().int().min(-1),
      /** boxes, heard, silent, measurements, flagged */
      n: z.tuple([whole, whole, whole, whole, whole]),
      /** count, sum, low, high */
      m: z.array(z.tuple([whole, z.number(), rows, rows])).length(METRICS.length),
    }),
  ),
});

export function encodeSummary({ partition, revision, second, summary }: PartSummary): Buffer {
  const numbers = new Map<Row, number>();
  const numberOf = (row: Row): number => {
    const known = numbers.get(row) ?? numbers.size;
    numbers.set(row, known);
    return known;
  };
  const head: z.infer<typeof headSchema> = {
    ...{ v: VERSION, second, partition, revision, unlisted: summary.unlisted },
    silent: summary.silent.map((box) => [box.boxId, box.location, box.heardMs, box.timestampMs, box.flags]),
    groups: [...summary.groups.values()].map((group) => ({
      l: group.location,
      p: group.part,
      n: [group.boxes, group.heard, group.silent, group.measurements, group.flagged],
      m: group.metrics.map(({ count, high, low, sum }) => [
        count,
        sum,
        low.map(numberOf),
        high.map(numberOf),
      ]),
    })),
  };
  const text = Buffer.from(JSON.stringify(head));
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + text.length + ROW_BYTES * numbers.size);
  bytes.writeUInt32LE(text.length, 0);
  text.copy(bytes, LENGTH_BYTES);
  let at = LENGTH_BYTES + text.length;
  for (const row of numbers.keys()) at = writeRow(bytes, at, row);
  return bytes;
}

/** @returns undefined for what is no summary, or is of a version that is not known */
export function decodeSummary(data: Uint8Array): PartSummary | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length < LENGTH_BYTES) return undefined;
  const rowsAt = LENGTH_BYTES + bytes.readUInt32LE(0);
  const count = (bytes.length - rowsAt) / ROW_BYTES;
  if (count < 0 || !Number.isInteger(count)) return undefined;
  const head = headOf(bytes.subarray(LENGTH_BYTES, rowsAt).toString('utf8'));
  if (head === undefined) return undefined;
  const rows: Row[] = [];
  while (rows.length < count) {
    const row = readRow(bytes, rowsAt + ROW_BYTES * rows.length);
    if (!Number.isFinite(row[ROW_TIME])) return undefined;
    rows.push(row);
  }
  const { partition, revision, second } = head;
  const summary = emptySummary();
  summary.unlisted = head.unlisted;
  summary.silent = head.silent.map(([boxId, location, heardMs, timestampMs, flags]) => ({
    ...{ boxId, location, heardMs, timestampMs, flags },
  }));
  for (const { l, m, n, p } of head.groups) {
    const [boxes, heard, silent, measurements, flagged] = n;
    const metrics: Group['metrics'] = [];
    for (const [values, sum, low, high] of m) {
      if ([...low, ...high].some((number) => number >= rows.length)) return undefined;
      const at = (number: number): Row => rows[number] ?? [];
      metrics.push({ count: values, sum, low: low.map(at), high: high.map(at) });
    }
    const group = { location: l, part: p, boxes, heard, silent, measurements, flagged, metrics };
    summary.groups.set(groupKey(l, p), group);
  }
  return { partition, revision, second, summary };
}

function headOf(text: string): z.infer<typeof headSchema> | undefined {
  try {
    return headSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON
  }
}
