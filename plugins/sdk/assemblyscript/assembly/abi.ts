// Generated from plugins/sdk/abi.ts by `npm run abi`. Do not edit.

export const ABI_VERSION: i32 = 2;
export const BATCH_BYTES: u32 = 65536;
export const BOX_INFO_MAX_BYTES: u32 = 96;
export const MEASUREMENT_BYTES: u32 = 64;
export const EVENT_REQUEST_BYTES: u32 = 48;
export const INCIDENT_BYTES: u32 = 48;
export const BOX_INFO_BYTES: u32 = 32;
export const SETTING_BYTES: u32 = 24;

export const TRIGGER_FREQUENCY_SAG: u8 = 1;
export const TRIGGER_FREQUENCY_SWELL: u8 = 2;
export const TRIGGER_VOLTAGE_SAG: u8 = 3;
export const TRIGGER_VOLTAGE_SWELL: u8 = 4;
export const TRIGGER_OTHER: u8 = 5;

export const SETTING_NUMBER: u8 = 1;
export const SETTING_FLAG: u8 = 2;
export const SETTING_TEXT: u8 = 3;
export const SETTING_LIST: u8 = 4;
export const SETTING_OBJECT: u8 = 5;
export const SETTING_NULL: u8 = 6;

export const QUANTITY_VOLTAGE: u8 = 1;
export const QUANTITY_FREQUENCY: u8 = 2;
export const QUANTITY_THD: u8 = 3;
export const QUANTITY_TRANSIENT: u8 = 4;
export const QUANTITY_HEALTH: u8 = 5;

export const HISTORY_MEASUREMENT: u8 = 1;
export const HISTORY_TREND: u8 = 2;

export const LOG_DEBUG: i32 = 0;
export const LOG_INFO: i32 = 1;
export const LOG_WARN: i32 = 2;
export const LOG_ERROR: i32 = 3;

/** One measurement of one box. 64 bytes. */
@unmanaged
export class Measurement {
  /** Unix milliseconds UTC (byte 0) */
  timestampMs: f64;
  /** id of the box (byte 8) */
  boxId: u32;
  /** bits 0 to 3: f, rms, thd, trans arrived as infinity or NaN (a dead input) and were left out (byte 12) */
  invalid: u8;
  /** 2 or 3: a Box 2 or a Box 3 (byte 13) */
  dialect: u8;
  /** bits 0 to 2: measured during a sag, a swell, an interruption, or directly after it: frequency, THD and transient are not reliable (byte 14) */
  flags: u8;
  /** always 0 (byte 15) */
  reserved: u8;
  /** frequency, Hz: lowest single cycle; NaN = not sent (byte 16) */
  fMin: f32;
  /** frequency, Hz: mean over the cycles; NaN = not sent (byte 20) */
  fAverage: f32;
  /** frequency, Hz: highest single cycle; NaN = not sent (byte 24) */
  fMax: f32;
  /** voltage, V RMS: lowest single cycle; NaN = not sent (byte 28) */
  rmsMin: f32;
  /** voltage, V RMS: mean over the cycles; NaN = not sent (byte 32) */
  rmsAverage: f32;
  /** voltage, V RMS: highest single cycle; NaN = not sent (byte 36) */
  rmsMax: f32;
  /** total harmonic distortion, a fraction (0.05 = 5 %): lowest single cycle; NaN = not sent (byte 40) */
  thdMin: f32;
  /** total harmonic distortion, a fraction (0.05 = 5 %): mean over the cycles; NaN = not sent (byte 44) */
  thdAverage: f32;
  /** total harmonic distortion, a fraction (0.05 = 5 %): highest single cycle; NaN = not sent (byte 48) */
  thdMax: f32;
  /** transient magnitude: lowest single cycle; NaN = not sent (byte 52) */
  transMin: f32;
  /** transient magnitude: mean over the cycles; NaN = not sent (byte 56) */
  transAverage: f32;
  /** transient magnitude: highest single cycle; NaN = not sent (byte 60) */
  transMax: f32;
}

/** A request for the waveforms of some boxes in a window of time. 48 bytes. */
@unmanaged
export class EventRequest {
  /** start of the window, Unix milliseconds UTC (byte 0) */
  startMs: f64;
  /** end of the window, Unix milliseconds UTC (byte 8) */
  endMs: f64;
  /** largest deviation from the reference, in percent of the reference, positive (byte 16) */
  percentMagnitude: f64;
  /** address of the box ids, each a u32 (byte 24) */
  boxIds: u32;
  /** number of box ids (byte 28) */
  boxCount: u32;
  /** address of the description, UTF-8 (byte 32) */
  description: u32;
  /** length of the description in bytes (byte 36) */
  descriptionBytes: u32;
  /** one of the TRIGGER constants (byte 40) */
  triggerType: u8;
  /** 1: ask for waveforms; 0: store the event without waveforms (byte 41) */
  requestData: u8;
  /** 1: an event of its own, without delay; 0: it may wait for requests of other boxes and become one event with them (byte 42) */
  urgent: u8;
  /** not read (byte 43) */
  reserved0: u8;
  /** if one deviation is requested in several windows: ms from the start of the first window to the start of this one; 0: this is the first or only one (byte 44) */
  familyMs: u32;
}

/** Something that the plugin found: stored as an incident. 48 bytes. */
@unmanaged
export class Incident {
  /** Unix milliseconds UTC (byte 0) */
  startMs: f64;
  /** Unix milliseconds UTC (byte 8) */
  endMs: f64;
  /** the largest deviation, signed, in the unit of the quantity (byte 16) */
  deviation: f64;
  /** id of the box (byte 24) */
  boxId: u32;
  /** address of the class, a name of your own (byte 28) */
  className: u32;
  /** length of the class in bytes (byte 32) */
  classBytes: u32;
  /** address of the description, UTF-8 (byte 36) */
  description: u32;
  /** length of the description in bytes (byte 40) */
  descriptionBytes: u32;
  /** one of the QUANTITY constants (byte 44) */
  quantity: u8;
  /** not read (byte 45) */
  reserved0: u8;
  /** not read (byte 46) */
  reserved1: u16;
}

/** What is known of a box. Its location, UTF-8, follows. 32 bytes. */
@unmanaged
export class BoxInfo {
  /** V RMS (byte 0) */
  nominalVoltage: f64;
  /** Hz (byte 8) */
  nominalFrequency: f64;
  /** counts per volt; 1 when not known (byte 16) */
  calibration: f64;
  /** id of the box (byte 24) */
  boxId: u32;
  /** length of the location in bytes, at most 64 (byte 28) */
  locationBytes: u8;
  /** 1: the store has a record of the box; 0: these are defaults (byte 29) */
  recorded: u8;
  /** always 0 (byte 30) */
  reserved: u16;
}

/** The head of one setting. Its path and its text, both UTF-8, follow it. 24 bytes. */
@unmanaged
export class Setting {
  /** the number; 1 or 0 for true or false; for a list or an object how many items it has (byte 0) */
  value: f64;
  /** bytes up to the next setting, a multiple of 8 (byte 8) */
  bytes: u32;
  /** length of the text in bytes (byte 12) */
  textBytes: u32;
  /** length of the path in bytes; a path has the names from the outermost to the innermost, such as limits.0.low (byte 16) */
  pathBytes: u16;
  /** one of the SETTING constants (byte 18) */
  kind: u8;
  /** always 0; for the plugin to mark what it has read (byte 19) */
  read: u8;
  /** always 0 (byte 20) */
  reserved: u32;
}
