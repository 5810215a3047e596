/** A TriggerMessage (Box 2) into a row of columns. */
import type { MeasurementColumns, MetricColumns } from '../columns.js';
import {
  F_BIT,
  RMS_BIT,
  STREAM_BOX_ID_NEGATIVE,
  STREAM_FIELD_MISSING,
  STREAM_MALFORMED,
  STREAM_OK,
  STREAM_TIME_TOO_LARGE,
  THD_BIT,
} from '../stream-codes.js';
import type { WireReader } from '../wire-reader.js';

/** Bits of the four required fields. */
const ID = 1;
const TIME = 2;
const FREQUENCY = 4;
const RMS = 8;
const ALL = ID | TIME | FREQUENCY | RMS;

/** frequency, rms and thd of the message being read, as bits and as floats. */
const bits = new Int32Array(3);
const values = new Float32Array(bits.buffer);

/** @returns a STREAM_ code. The row's metrics must be NaN and its `invalid` 0 before. */
export function decodeTrigger(reader: WireReader, columns: MeasurementColumns, index: number): number {
  let seen = 0;
  let id = 0;
  let time = 0;
  let thdSent = false;
  while (reader.pos < reader.limit) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        id = reader.uint32();
        seen |= ID;
        break;
      case 0x10:
        time = reader.uint64();
        seen |= TIME;
        break;
      case 0x1d:
        bits[0] = reader.floatBits();
        seen |= FREQUENCY;
        break;
      case 0x25:
        bits[1] = reader.floatBits();
        seen |= RMS;
        break;
      case 0x2d:
        bits[2] = reader.floatBits();
        thdSent = true;
        break;
      case 0x30:
      case 0x38:
      case 0x40:
        // last_gps, current_count, flags: columns do not hold them
        reader.uint32();
        break;
      default:
        reader.skip(tag, 0);
    }
  }
  if (reader.problem) return STREAM_MALFORMED;
  if (seen !== ALL) return STREAM_FIELD_MISSING;
  if (time > Number.MAX_SAFE_INTEGER) return STREAM_TIME_TOO_LARGE;
  if (id > 0x7fff_ffff) return STREAM_BOX_ID_NEGATIVE;
  columns.boxId[index] = id;
  columns.timestampMs[index] = time;
  columns.dialect[index] = 2;
  let invalid = put(columns.f, index, values[0] ?? 0) ? 0 : F_BIT;
  if (!put(columns.rms, index, values[1] ?? 0)) invalid |= RMS_BIT;
  if (thdSent && !put(columns.thd, index, values[2] ?? 0)) invalid |= THD_BIT;
  columns.invalid[index] = invalid;
  return STREAM_OK;
}

/** One value thrice. @returns false, with nothing written, for infinity and NaN */
function put(metric: MetricColumns, index: number, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  metric.min[index] = value;
  metric.average[index] = value;
  metric.max[index] = value;
  return true;
}
