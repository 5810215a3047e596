/**
 * What an analyst's TypeScript or JavaScript plugin is promised (docs/plugins.md). The file needs no other: `makai plugin new` copies it.
 * A test holds its types to those of proto/.
 */

/** `f`: frequency, Hz; `rms`: voltage, V RMS; `thd`: a fraction (0.05 = 5 %); `trans`: transient magnitude, V. */
export type Metric = 'f' | 'rms' | 'thd' | 'trans';

export type TriggerType = 'FREQUENCY_SAG' | 'FREQUENCY_SWELL' | 'VOLTAGE_SAG' | 'VOLTAGE_SWELL' | 'OTHER';

/** One entry a measurement: lowest and highest single cycle of its window, and the mean over it. NaN = not sent. */
export interface MetricColumns {
  min: Float32Array;
  average: Float32Array;
  max: Float32Array;
}

/** A batch of measurements as columns; what lies at and past `count` means nothing. */
export interface MeasurementColumns {
  count: number;
  boxId: Uint32Array;
  /** Unix milliseconds UTC, by the box's clock */
  timestampMs: Float64Array;
  f: MetricColumns;
  rms: MetricColumns;
  thd: MetricColumns;
  trans: MetricColumns;
  /** bits 0 to 3: f, rms, thd, trans came as infinity or NaN (a dead input) and were left out */
  invalid: Uint8Array;
  /** 2 or 3: a Box 2 or a Box 3 */
  dialect: Uint8Array;
}

/** A request for the waveforms of some boxes in a window of time. */
export interface EventRequest {
  /** Unix ms */
  startMs: number;
  endMs: number;
  boxIds: number[];
  triggerType: TriggerType;
  /** largest deviation from the reference, in percent of it, positive */
  percentMagnitude: number;
  description: string;
  /** false: log an event without waveforms */
  requestData: boolean;
}

/** One measurement as `processMeasurement` sees it: NaN = not sent. */
export interface PluginMeasurement {
  boxId: number;
  timestampMs: number;
  f: { min: number; average: number; max: number };
  rms: { min: number; average: number; max: number };
  thd: { min: number; average: number; max: number };
  trans: { min: number; average: number; max: number };
  /** metrics that came as infinity or NaN: a dead input */
  invalid: Metric[];
}

/** Thresholds of one box from `makai_config` (fractions of the reference, THD as a fraction), or undefined when there is none. */
export interface BoxThresholds {
  refF: number;
  refV: number;
  fLow: number;
  fHigh: number;
  vLow: number;
  vHigh: number;
  thdHigh: number;
}

export interface PluginContext {
  log: {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  };
  /** Unix ms; in a replay the recording's time */
  now(): number;
  /** per-box configuration of the store, refreshed each minute; undefined: the store has none, so the plugin's settings hold */
  thresholds(boxId: number): BoxThresholds | undefined;
  /** location slug of a box, "unknown" when it has none */
  location(boxId: number): string;
}

export type Requests = EventRequest | EventRequest[] | undefined;

export interface Plugin {
  readonly name: string;
  /** shown in `makai status` */
  readonly version?: string;
  /** Checks the settings; throws to refuse them. */
  onLoad?(settings: Record<string, unknown>, context: PluginContext): void | Promise<void>;
  processMeasurement?(measurement: PluginMeasurement): Requests;
  /** For speed: a whole batch of columns, only valid during the call. Stands above processMeasurement when both are there. */
  processBatch?(columns: MeasurementColumns): Requests;
  /** Called about once a second, also when no measurement comes: for what silence means. */
  onTick?(nowMs: number): Requests;
  /** Last call; open excursions may be asked for here. */
  onUnload?(): Requests | Promise<Requests>;
}
