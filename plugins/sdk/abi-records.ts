/** Generated from plugins/sdk/abi.ts by `npm run abi`. Do not edit. */
import type { MeasurementColumns } from '../../proto/columns.js';

/** Writes `count` measurements as records of 64 bytes, beginning at byte `at`. */
export function writeMeasurementRecords(
  view: DataView,
  start: number,
  columns: MeasurementColumns,
  count: number,
): void {
  const { timestampMs, boxId, invalid, dialect, flags, f, rms, thd, trans } = columns;
  for (let i = 0, at = start; i < count; i++, at += 64) {
    view.setFloat64(at, timestampMs[i] ?? 0, true);
    view.setUint32(at + 8, boxId[i] ?? 0, true);
    view.setUint8(at + 12, invalid[i] ?? 0);
    view.setUint8(at + 13, dialect[i] ?? 0);
    view.setUint8(at + 14, flags[i] ?? 0);
    view.setUint8(at + 15, 0);
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
  /** largest deviation from the reference, in percent of the reference, positive */
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
  /** 1: ask for waveforms; 0: store the event without waveforms */
  requestData: number;
  /** 1: an event of its own, without delay; 0: it may wait for requests of other boxes and become one event with them */
  urgent: number;
  /** if one deviation is requested in several windows: ms from the start of the first window to the start of this one; 0: this is the first or only one */
  familyMs: number;
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
    urgent: view.getUint8(at + 42),
    familyMs: view.getUint32(at + 44, true),
  };
}

/** Something that the plugin found: stored as an incident. Addresses are not checked. */
export interface IncidentRecord {
  /** Unix milliseconds UTC */
  startMs: number;
  /** Unix milliseconds UTC */
  endMs: number;
  /** the largest deviation, signed, in the unit of the quantity */
  deviation: number;
  /** id of the box */
  boxId: number;
  /** address of the class, a name of your own */
  className: number;
  /** length of the class in bytes */
  classBytes: number;
  /** address of the description, UTF-8 */
  description: number;
  /** length of the description in bytes */
  descriptionBytes: number;
  /** one of the QUANTITY constants */
  quantity: number;
}

/** Reads the record of 48 bytes at byte `at`. */
export function readIncidentRecord(view: DataView, at: number): IncidentRecord {
  return {
    startMs: view.getFloat64(at, true),
    endMs: view.getFloat64(at + 8, true),
    deviation: view.getFloat64(at + 16, true),
    boxId: view.getUint32(at + 24, true),
    className: view.getUint32(at + 28, true),
    classBytes: view.getUint32(at + 32, true),
    description: view.getUint32(at + 36, true),
    descriptionBytes: view.getUint32(at + 40, true),
    quantity: view.getUint8(at + 44),
  };
}

/** What is known of a box. Its location, UTF-8, follows. */
export interface BoxInfoRecord {
  /** V RMS */
  nominalVoltage: number;
  /** Hz */
  nominalFrequency: number;
  /** counts per volt; 1 when not known */
  calibration: number;
  /** id of the box */
  boxId: number;
  /** length of the location in bytes, at most 64 */
  locationBytes: number;
  /** 1: the store has a record of the box; 0: these are defaults */
  recorded: number;
}

/** Writes the 32 bytes at byte `at` of memory that is zero. */
export function writeBoxInfoRecord(view: DataView, at: number, record: BoxInfoRecord): void {
  view.setFloat64(at, record.nominalVoltage, true);
  view.setFloat64(at + 8, record.nominalFrequency, true);
  view.setFloat64(at + 16, record.calibration, true);
  view.setUint32(at + 24, record.boxId, true);
  view.setUint8(at + 28, record.locationBytes);
  view.setUint8(at + 29, record.recorded);
}

/** The head of one setting. Its path and its text, both UTF-8, follow it. */
export interface SettingRecord {
  /** the number; 1 or 0 for true or false; for a list or an object how many items it has */
  value: number;
  /** bytes up to the next setting, a multiple of 8 */
  bytes: number;
  /** length of the text in bytes */
  textBytes: number;
  /** length of the path in bytes; a path has the names from the outermost to the innermost, such as limits.0.low */
  pathBytes: number;
  /** one of the SETTING constants */
  kind: number;
}

/** Writes the 24 bytes at byte `at` of memory that is zero. */
export function writeSettingRecord(view: DataView, at: number, record: SettingRecord): void {
  view.setFloat64(at, record.value, true);
  view.setUint32(at + 8, record.bytes, true);
  view.setUint32(at + 12, record.textBytes, true);
  view.setUint16(at + 16, record.pathBytes, true);
  view.setUint8(at + 18, record.kind);
}
