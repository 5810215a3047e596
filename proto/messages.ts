/**
 * The messages of both dialects as plain TypeScript objects, one interface a message, with camelCase names. 64-bit times are
 * `number` (Unix milliseconds fit in 53 bits; a larger value on the wire is refused by the decoder). Nothing outside `proto/`
 * knows a field number.
 */

// ---- Box 2: opq.proto (proto2) ----

export interface TriggerMessage {
  id: number;
  /** Unix ms when the first of the window's cycles was read out */
  time: number;
  /** Hz */
  frequency: number;
  /** volts */
  rms: number;
  /** fraction */
  thd?: number;
  lastGps?: number;
  currentCount?: number;
  flags?: number;
}

export type RequestDataType = 'PING' | 'PONG' | 'READ' | 'RESP' | 'ERROR';

export interface RequestDataMessage {
  type: RequestDataType;
  sequenceNumber: number;
  boxId?: number;
  time?: number;
  /** start of the window, Unix ms */
  back?: number;
  /** end of the window, Unix ms */
  forward?: number;
  numCycles?: number;
}

export type TriggerType = 'FREQUENCY_SAG' | 'FREQUENCY_SWELL' | 'VOLTAGE_SAG' | 'VOLTAGE_SWELL' | 'OTHER';

export interface RequestEventMessage {
  startMs: number;
  endMs: number;
  triggerType: TriggerType;
  percentMagnitude: number;
  boxIds: number[];
  requestee: string;
  description: string;
  requestData: boolean;
  /** ours: where a deviation is asked for in parts, start of its first window, Unix ms */
  familyStartMs?: number;
}

/** Waveform cycles in either dialect: one timestamp a cycle and the samples of all cycles in a row. */
export interface Waveform {
  /** Unix ms, one a cycle: when the cycle was read out */
  timesMs: number[];
  /** samples of each cycle (200 at 12 kHz and 60 Hz, but any number is right) */
  cycleLengths: number[];
  /** raw ADC counts of all cycles, in order */
  samples: Int16Array;
}

// ---- Box 3: opqbox3.proto (proto3) ----

export interface MetricValues {
  min: number;
  max: number;
  average: number;
}

export interface Measurement {
  boxId: number;
  timestampMs: number;
  metrics: Record<string, MetricValues>;
}

export type CommandBody =
  | { kind: 'info' }
  | { kind: 'data'; startMs: number; endMs: number; wait: boolean }
  | { kind: 'samplingRate'; measurementWindowCycles: number }
  | { kind: 'plugin'; pluginName: string; message: string };

export interface Command {
  seq: number;
  boxId: number;
  timestampMs: number;
  identity: string;
  body: CommandBody;
}

export type ResponseBody =
  | {
      kind: 'info';
      macAddr: string;
      wifiNetwork: string;
      ip: string;
      /** seconds, as existing boxes send it */
      uptime: number;
      calibrationConstant: number;
      pubKey: string;
      measurementRate: number;
    }
  | { kind: 'samplingRate'; oldRateCycles: number }
  | { kind: 'data'; startTs: number; endTs: number }
  | { kind: 'plugin'; ok: boolean };

export interface Response {
  boxId: number;
  seq: number;
  timestampMs: number;
  body: ResponseBody;
}
