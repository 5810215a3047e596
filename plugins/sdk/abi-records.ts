/** Generated from plugins/sdk/abi.ts by `npm run abi`. Do not edit. */
import type { MeasurementColumns } from '../../proto/columns.js';

/** Writes `count` measurements as records of 64 bytes, beginning at byte `at`. */
export function writeMeasurementRecords(
  view: DataView,
  start: number,
  columns: MeasurementColumns,
  count: number,
): void {
  const { timestampMs, boxId, invalid, dialect, f, rms, thd, trans } = columns;
  for (let i = 0, at = start; i < count; i++, at += 64) {
    view.setFloat64(at, timestampMs[i] ?? 0, true);
    view.setUint32(at + 8, boxId[i] ?? 0, true);
    view.setUint8(at + 12, invalid[i] ?? 0);
    view.setUint8(at + 13, dialect[i] ?? 0);
    view.setUint16(at + 14, 0, true);
    view.setFloat32(at + 16, f.min[i] ?? 0, true);
    view.setFloat32(at + 20, f.average[i] ?? 0, true);
    view.setFloat32(at + 24, f.max[i] ?? 0, true);
    view.setFloat32(at + 28, rms.min[i] ?? 0, true);
    view.setFloat32(at + 32, rms.average[i] ?? 0, true);
    view.setFloat32(at + 36, rms.max[i] ?? 0, true);
    view.setFloat32(at + 40, thd.min[i] ?? 0, true);
    view.setFloat32(at + 44, thd.average[i] ?? 0, true);
    view.setFloat32(at + 48, thd.max[i] ?? 0, true);
    view.setFloat32(at + 52, trans.min[i] ?? 0, true);
    view.setFloat32(at + 56, trans.average[i] ?? 0, true);
    view.setFloat32(at + 60, trans.max[i] ?? 0, true);
  }
}

/** A request for the waveforms of some boxes in a window of time. Addresses are not checked. */
export interface EventRequestRecord {
  /** start of the window, Unix milliseconds UTC */
  startMs: number;
  /** end of the window, Unix milliseconds UTC */
  endMs: number;
  /** largest deviation from the reference, in percent of it, positive */
  percentMagnitude: number;
  /** address of the box ids, each a u32 */
  boxIds: number;
  /** number of box ids */
  boxCount: number;
  /** address of the description, UTF-8 */
  description: number;
  /** length of the description in bytes */
  descriptionBytes: number;
  /** one of the TRIGGER constants */
  triggerType: number;
  /** 1: ask for waveforms; 0: log an event without them */
  requestData: number;
}

/** Reads the record of 48 bytes at byte `at`. */
export function readEventRequestRecord(view: DataView, at: number): EventRequestRecord {
  return {
    startMs: view.getFloat64(at, true),
    endMs: view.getFloat64(at + 8, true),
    percentMagnitude: view.getFloat64(at + 16, true),
    boxIds: view.getUint32(at + 24, true),
    boxCount: view.getUint32(at + 28, true),
    description: view.getUint32(at + 32, true),
    descriptionBytes: view.getUint32(at + 36, true),
    triggerType: view.getUint8(at + 40),
    requestData: view.getUint8(at + 41),
  };
}

/** The head of one setting. Its path and its text, both UTF-8, follow it. */
export interface SettingRecord {
  /** the number; 1 or 0 for true or false; for a list or an object how many items it has */
  value: number;
  /** bytes up to the next setting, a multiple of 8 */
  bytes: number;
  /** length of the text in bytes */
  textBytes: number;
  /** length of the path in bytes; a path is the names from the outside in, such as limits.0.low */
  pathBytes: number;
  /** one of the SETTING constants */
  kind: number;
}

/** Writes the head of 24 bytes at byte `at` of memory that is zero. */
export function writeSettingRecord(view: DataView, at: number, setting: SettingRecord): void {
  view.setFloat64(at, setting.value, true);
  view.setUint32(at + 8, setting.bytes, true);
  view.setUint32(at + 12, setting.textBytes, true);
  view.setUint16(at + 16, setting.pathBytes, true);
  view.setUint8(at + 18, setting.kind);
}
