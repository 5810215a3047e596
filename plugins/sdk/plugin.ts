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

/** Why a measurement is flagged (IEC 61000-4-30): the voltage left its limits while it was measured, or directly before. */
export type Flag = 'sag' | 'swell' | 'interruption';

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
  /** bits 0 to 2: measured during a sag, a swell, an interruption, or directly after it: `f`, `thd` and `trans` are not reliable */
  flags: Uint8Array;
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
  /** true: it does not wait for requests of other boxes (`merge_ms`), and is an event of its own */
  urgent?: boolean;
  /** where windows of one deviation are asked for in parts: `startMs` of the first, in each of them. Their events get the same `family` */
  familyStartMs?: number;
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
  /** not empty: `f`, `thd` and `trans` are not reliable */
  flagged: Flag[];
}

export type Quantity = 'VOLTAGE' | 'FREQUENCY' | 'THD' | 'TRANSIENT' | 'HEALTH';

/** Something that the plugin found: stored as an incident with the classification UNDEFINED and `metadata.class`. */
export interface PluginIncident {
  kind: 'incident';
  boxId: number;
  /** Unix ms */
  startMs: number;
  endMs: number;
  /** a name of your own: letters, digits, `_` and `-`, at most 40, a letter first */
  class: string;
  quantity: Quantity;
  /** the largest deviation, signed, in the unit of the quantity */
  deviation: number;
  description?: string;
}

/** One value of a series of your own, of a box and a point in time; a second one of the same time replaces the first. */
export interface PluginValue {
  kind: 'value';
  /** a name of your own, as a class */
  series: string;
  boxId: number;
  /** Unix ms */
  timestampMs: number;
  value: number;
}

/** What is known of a box. */
export interface BoxInfo {
  boxId: number;
  /** slug, "unknown" when it has none */
  location: string;
  /** V RMS */
  nominalVoltage: number;
  /** Hz */
  nominalFrequency: number;
  /** counts per volt; 1 when not known */
  calibration: number;
  /** `meter`: no box, but a meter that the gateway reads over MQTT: it may send once in a minute, or only on change, and has no waveforms */
  kind?: 'meter';
}

/** One minute of one box; `timestampMs` is its end. NaN: nothing was measured. */
export interface PluginTrend {
  boxId: number;
  timestampMs: number;
  f: { min: number; average: number; max: number };
  rms: { min: number; average: number; max: number };
  thd: { min: number; average: number; max: number };
  trans: { min: number; average: number; max: number };
}

/** Stored measurements and trends of one box in a span, oldest first; the newest 50,000 of each when there are more. */
export interface PluginHistory {
  measurements: PluginMeasurement[];
  trends: PluginTrend[];
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

/** What plugins can find about the health of a box. */
export type BoxFindingCode = 'CALIBRATION_SUSPECT';

/** Nominal voltage and frequency of one box, and where each comes from. */
export interface BoxReference {
  /** V RMS */
  voltage: number;
  /** Hz */
  frequency: number;
  /** the box's record, its override in `makai_config`, the default there, or the triggering service's settings */
  voltageFrom: 'box' | 'override' | 'makai_config' | 'settings';
  frequencyFrom: 'box' | 'override' | 'makai_config' | 'settings';
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
  /** what a box's voltage and frequency are relative to: from the store, else from the triggering service's settings */
  reference(boxId: number): BoxReference;
  /** Notes a finding about the health of a box. It ends when it is not reported for three minutes: report it each minute while it lasts. */
  report(boxId: number, code: BoxFindingCode, info: string): void;
  /** location slug of a box, "unknown" when it has none */
  location(boxId: number): string;
  /** what the store knows of boxes, refreshed each minute; in a replay: of the scenario, or of `--boxes-file` */
  readonly boxes: {
    /** defaults for a box that is not recorded */
    get(boxId: number): BoxInfo;
    /** all that are recorded, by id; the list is the same until the next refresh and cannot be changed */
    all(): readonly Readonly<BoxInfo>[];
  };
  /** a small value that is kept over restarts: JSON or bytes, at most 64 KiB */
  readonly state: {
    /** what was kept last, undefined at first; a copy of its own */
    get(): unknown;
    /** @throws RangeError past 64 KiB */
    set(value: unknown): void;
  };
  /** What is stored of a box in a span, Unix ms; for `onLoad`. In a replay nothing is stored. */
  history(boxId: number, fromMs: number, toMs: number): Promise<PluginHistory>;
}

/** One metric at one location in one second. */
export interface MetricSummary {
  /** measurements with a value; of `f`, `thd` and `trans` only those that are not flagged */
  count: number;
  /** of their averages; NaN: there is none */
  mean: number;
  /** the lowest and the highest single cycle */
  min: number;
  max: number;
  /** ids of the two boxes with the lowest and with the highest cycle, the outermost first */
  lowest: number[];
  highest: number[];
}

/** One location in one second. */
export interface LocationSummary {
  /** slug; boxes without one are summarised in up to 64 parts, each named "unknown" */
  location: string;
  /** boxes, without meters: heard at some time in the last day; in this second; not in the last 3 seconds */
  boxes: number;
  heard: number;
  silent: number;
  measurements: number;
  /** those of them that are flagged */
  flagged: number;
  f: MetricSummary;
  rms: MetricSummary;
  thd: MetricSummary;
  trans: MetricSummary;
}

/** A box that was not heard for at least 3 s and at most 15 min. */
export interface SilentBox {
  boxId: number;
  location: string;
  /** when it was heard last, Unix ms by the clock of the broker */
  heardMs: number;
  /** its last measurement, Unix ms by its own clock */
  timestampMs: number;
  /** that one was flagged as an interruption */
  interrupted: boolean;
}

/** One second of all boxes, by location: where several services divide the boxes (docs/cluster.md). */
export interface SecondSummary {
  /** its end, Unix ms by the clocks of services; `context.now()` is the same */
  endMs: number;
  /** parts of the boxes, out of 64, of which nothing is known in this second */
  missing: number;
  locations: LocationSummary[];
  /** who was heard last first; at most 1000 */
  silent: SilentBox[];
  /** silent boxes beyond these */
  unlisted: number;
}

/** What a member may return. */
export type Result = EventRequest | PluginIncident | PluginValue;
export type Results = Result | readonly Result[] | undefined;

export interface Plugin {
  readonly name: string;
  /** shown in `makai status` */
  readonly version?: string;
  /** Checks the settings; throws to refuse them. */
  onLoad?(settings: Record<string, unknown>, context: PluginContext): void | Promise<void>;
  processMeasurement?(measurement: PluginMeasurement): Results;
  /** For speed: a whole batch of columns, only valid during the call. Stands above processMeasurement when both are there. */
  processBatch?(columns: MeasurementColumns): Results;
  /** One second of all boxes instead of their measurements, if the plugin compares boxes and several services divide these (docs/cluster.md). */
  processSummary?(summary: SecondSummary): Results;
  /** Called about once a second, also when no measurement comes: for what silence means. */
  onTick?(nowMs: number): Results;
  /** Last call; open excursions may be asked for here. */
  onUnload?(): Results | Promise<Results>;
}
