/** A Measurement (Box 3) into a row of columns. */
import { isUtf8 } from 'node:buffer';
import type { MeasurementColumns, MetricColumns } from '../columns.js';
import {
  F_BIT,
  RMS_BIT,
  STREAM_MALFORMED,
  STREAM_OK,
  STREAM_TIME_TOO_LARGE,
  THD_BIT,
  TRANS_BIT,
} from '../stream-codes.js';
import { int32At, type WireReader } from '../wire-reader.js';

/** A metric that no column holds. */
const OTHER = 0;

/** The map entry being read: the metric's bit, and its min, max and average, as bits and as floats. */
let name = OTHER;
const bits = new Int32Array(3);
const values = new Float32Array(bits.buffer);

/** @returns a STREAM_ code. The row's metrics must be NaN and its `invalid` 0 before. */
export function decodeMeasurement(reader: WireReader, columns: MeasurementColumns, index: number): number {
  let boxId = 0;
  let time = 0;
  while (reader.pos < reader.limit) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        boxId = reader.uint32();
        break;
      case 0x10:
        time = reader.uint64();
        break;
      case 0x1a:
        readEntry(reader);
        // a metric that comes twice: the last one holds, as in every protobuf map
        if (name === F_BIT) put(columns, columns.f, index);
        else if (name === RMS_BIT) put(columns, columns.rms, index);
        else if (name === THD_BIT) put(columns, columns.thd, index);
        else if (name === TRANS_BIT) put(columns, columns.trans, index);
        break;
      default:
        reader.skip(tag, 0);
    }
  }
  if (reader.problem) return STREAM_MALFORMED;
  if (time > Number.MAX_SAFE_INTEGER) return STREAM_TIME_TOO_LARGE;
  columns.boxId[index] = boxId;
  columns.timestampMs[index] = time;
  columns.dialect[index] = 3;
  return STREAM_OK;
}

/** One entry of the map: key and value in any order; a second key replaces the first, a second value merges into it. */
function readEntry(reader: WireReader): void {
  name = OTHER;
  bits[0] = 0;
  bits[1] = 0;
  bits[2] = 0;
  const outer = reader.limit;
  const end = reader.end();
  reader.limit = end;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === 0x0a) name = readName(reader);
    else if (tag === 0x12) readMetric(reader);
    else reader.skip(tag, 0);
  }
  reader.limit = outer;
}

function readMetric(reader: WireReader): void {
  const outer = reader.limit;
  const end = reader.end();
  if (readWholeMetric(reader.frame, reader.pos, end)) {
    reader.pos = end;
    return;
  }
  reader.limit = end;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === 0x0d) bits[0] = reader.floatBits();
    else if (tag === 0x15) bits[1] = reader.floatBits();
    else if (tag === 0x1d) bits[2] = reader.floatBits();
    else reader.skip(tag, 1);
  }
  reader.limit = outer;
}

/** The form in which boxes send a Metric, min, max and average in this order and nothing else, at a third of the time. */
function readWholeMetric(frame: Uint8Array, at: number, end: number): boolean {
  if (end - at !== 15 || frame[at] !== 0x0d || frame[at + 5] !== 0x15 || frame[at + 10] !== 0x1d)
    return false;
  bits[0] = int32At(frame, at + 1);
  bits[1] = int32At(frame, at + 6);
  bits[2] = int32At(frame, at + 11);
  return true;
}

/** The metric's bit by the bytes of its name. */
function readName(reader: WireReader): number {
  const end = reader.end();
  const start = reader.pos;
  const f = reader.frame;
  reader.pos = end;
  switch (end - start) {
    case 1:
      if (f[start] === 0x66) return F_BIT;
      break;
    case 3:
      if (f[start] === 0x72 && f[start + 1] === 0x6d && f[start + 2] === 0x73) return RMS_BIT;
      if (f[start] === 0x74 && f[start + 1] === 0x68 && f[start + 2] === 0x64) return THD_BIT;
      break;
    case 5:
      if (
        f[start] === 0x74 &&
        f[start + 1] === 0x72 &&
        f[start + 2] === 0x61 &&
        f[start + 3] === 0x6e &&
        f[start + 4] === 0x73
      ) {
        return TRANS_BIT;
      }
  }
  // proto3: a text that is not UTF-8 makes the message malformed, even one that nobody reads
  for (let at = start; at < end; at++) {
    if ((f[at] ?? 0) >= 0x80) {
      if (!isUtf8(f.subarray(start, end))) reader.fail();
      break;
    }
  }
  return OTHER;
}

function put(columns: MeasurementColumns, metric: MetricColumns, index: number): void {
  const invalid = columns.invalid[index] ?? 0;
  const min = values[0] ?? 0;
  const max = values[1] ?? 0;
  const average = values[2] ?? 0;
  if (Number.isFinite(min) && Number.isFinite(max) && Number.isFinite(average)) {
    metric.min[index] = min;
    metric.average[index] = average;
    metric.max[index] = max;
    columns.invalid[index] = invalid & ~name;
  } else {
    metric.min[index] = Number.NaN;
    metric.average[index] = Number.NaN;
    metric.max[index] = Number.NaN;
    columns.invalid[index] = invalid | name;
  }
}
