/**
 * What a store holds, with the field names of the data model (docs/data-model.md): what `makai` prints, what MongoDB holds and what SQLite gives
 * back is the same. All times are Unix ms UTC unless a name says otherwise. Box ids are decimal text.
 */
import type { IncidentDocument } from './incident-documents.js';
import type { MeasurementDocument } from './measurement-documents.js';
import type { AggregateDocument, TrendDocument } from './trend-documents.js';

export type * from './alert-documents.js';
export type * from './audit-document.js';
export type * from './incident-documents.js';
export type * from './measurement-documents.js';
export type * from './people-documents.js';
export * from './trend-documents.js';

/** Which series: what a plugin calls a quantity of its own, of one box. */
export interface SeriesName {
  /** the plugin's id in the configuration, such as `unbalance` */
  plugin: string;
  series: string;
  box_id: string;
}

/** *ours*: one value that a plugin computed, of a box and a point in time. */
export interface SeriesValue extends SeriesName {
  timestamp_ms: number;
  value: number;
}

export interface SeriesDocument extends SeriesValue {
  /** Unix seconds; series are kept as long as trends */
  expire_at: number;
}

/** *ours*: what a plugin keeps over restarts. */
export interface PluginState {
  plugin: string;
  /** `json`: `body` is JSON text; `bytes`: it is Base64 */
  format: 'json' | 'bytes';
  body: string;
}

/** How many measurements are stored in a span that begins at `startMs`. */
export interface MeasurementCount {
  startMs: number;
  count: number;
}

/** Boxes that were not asked for a waveform, and why: a reason of docs/metrics.md, such as `waveform_budget_of_box`. */
export interface RefusedBoxes {
  reason: string;
  boxes: string[];
}

export interface EventDocument {
  event_id: number;
  type?: string;
  description: string;
  boxes_triggered: string[];
  boxes_received: string[];
  latencies_ms?: number[];
  percent_magnitude?: number;
  /** ours: id of the first event of the same deviation; absent where no family is known */
  family?: number | undefined;
  /** ours: no box was asked for its waveform; absent where boxes were asked, and in events of other programs */
  request_data?: false | undefined;
  /** ours: those of `boxes_triggered` that were not asked, by reason; absent where all were */
  boxes_refused?: RefusedBoxes[] | undefined;
  /** ours: a person keeps it for good (`makai events keep`) */
  kept?: true | undefined;
  /** ours: Unix ms when its waveforms were deleted because the store was too large (`store_max_bytes`); absent where they were not */
  waveforms_deleted_ms?: number | undefined;
  target_event_start_timestamp_ms: number;
  target_event_end_timestamp_ms: number;
  /** Unix seconds */
  expire_at: number;
}

/** What the acquisition broker knows when it gives an event its id. */
export type NewEvent = Pick<
  EventDocument,
  | 'event_id'
  | 'description'
  | 'boxes_triggered'
  | 'target_event_start_timestamp_ms'
  | 'target_event_end_timestamp_ms'
> & { type: string; percent_magnitude: number } & Partial<
    Pick<EventDocument, 'family' | 'request_data' | 'boxes_refused'>
  >;

/** ours: what turns counts into volts, and what volts are judged by. */
export interface Calibration {
  /** counts per volt */
  calibration_constant?: number;
  /** V RMS */
  nominal_voltage?: number;
  /** Hz */
  nominal_frequency?: number;
}

/** With the values that it was judged with, where they are known: the constant of when it came, and what the analysis took. */
export interface BoxEventDocument extends Calibration {
  event_id: number;
  box_id: string;
  /** timestamp of the first cycle */
  event_start_timestamp_ms: number;
  /** timestamp of the last cycle + 16 */
  event_end_timestamp_ms: number;
  /** time of each cycle */
  window_timestamps_ms: number[];
  location: string;
  /** `event_<event id>_<box id>` */
  data_fs_filename: string;
}

export interface BoxDocument {
  box_id: string;
  name?: string;
  description?: string;
  /** counts per volt; 1.0 when not known */
  calibration_constant: number;
  unplugged: boolean;
  location?: string;
  location_start_time_ms?: number;
  location_archive?: { location: string; location_start_time_ms: number }[];
  /** Z85, 40 characters */
  public_key?: string;
  /** ours: since when the constant and the nominal values hold; absent: as long as anybody knows */
  calibration_start_time_ms?: number;
  /** ours: those that held before, oldest first */
  calibration_archive?: (Calibration & { calibration_start_time_ms: number })[];
  /** ours: V RMS and Hz that it is declared to have; they win over `makai_config` */
  nominal_voltage?: number;
  nominal_frequency?: number;
  /** ours: what is no box, and can be asked for nothing: a channel of another instrument's recordings; a meter that the gateway reads over MQTT */
  kind?: BoxKind;
  /** ours, of a meter: its name in the mapping of topics. It stays when the box gets another name */
  meter?: string;
}

export const BOX_KINDS = ['import', 'meter'] as const;
export type BoxKind = (typeof BOX_KINDS)[number];

/** A file that was imported, byte for byte. */
export interface OriginalFile {
  /** without folders */
  name: string;
  bytes: Uint8Array;
}

/** Where an imported event came from. It expires with the event. */
export interface Original {
  event_id: number;
  /** SHA-256 of the files, hex (`originalHash`) */
  sha256: string;
  /** which of the recordings in the files, from 1 on */
  recording: number;
  /** several for one recording: COMTRADE's CFG and DAT */
  files: OriginalFile[];
}

/** Thresholds of `makai_config`: all in percent (3.0 = 3 %). */
export interface MakaiConfigDocument {
  triggering: {
    default_ref_f: number;
    default_ref_v: number;
    default_threshold_percent_f_low: number;
    default_threshold_percent_f_high: number;
    default_threshold_percent_v_low: number;
    default_threshold_percent_v_high: number;
    default_threshold_percent_thd_high: number;
    triggering_overrides: {
      box_id: string;
      ref_f: number;
      ref_v: number;
      threshold_percent_f_low: number;
      threshold_percent_f_high: number;
      threshold_percent_v_low: number;
      threshold_percent_v_high: number;
      threshold_percent_thd_high?: number;
    }[];
  };
}

export interface LahaConfigDocument {
  ttls: Record<string, number>;
}

/** Traffic of one daemon over a while. */
export type MetricsDocument = { name: string } & ({ bytes: number } | { sent: number; recv: number });

export interface HealthDocument {
  timestamp: Date;
  service: string;
  serviceID: string;
  status: 'UP' | 'DOWN';
  info: string;
}

/** Which entries about a box: `fromMs` <= timestamp < `toMs`, Unix ms. */
export interface BoxHealthQuery {
  boxId: string;
  fromMs?: number;
  toMs?: number;
  /** true: the newest first */
  descending: boolean;
  limit: number;
}

/** A request that still waits for replies of boxes; kept so that it survives a restart of the acquisition broker. */
export interface OpenRequest {
  /** unique; the acquisition broker's own name for the request */
  key: string;
  /** JSON text of the acquisition broker; no store looks inside */
  body: string;
}

/** A trend window to be computed from stored measurements: startMs <= timestamp_ms < endMs. */
export interface TrendWindow {
  boxId: string;
  startMs: number;
  endMs: number;
}

/** How far the stored data of a box reach. */
export interface NewestOfBox {
  boxId: string;
  /** time of its newest measurement */
  measurementMs: number;
  /** `timestamp_ms` (a window's end) of its newest trend; undefined when it has none */
  trendMs?: number;
}

/** What a write changed. */
export interface Stored {
  inserted: number;
  /** already there by their unique key: left as they were */
  duplicates: number;
  /**
   * Of an analysis all of whose findings are new, and whose waveform had none before: what the store added to each, in their order. Otherwise, and by a store that does not say, left out:
   * the incidents must be read.
   */
  numbered?: readonly { incidentId: number; expireAt: number }[];
}

/** Documents of one store on their way into another. */
export interface StoredDocuments {
  measurements?: readonly MeasurementDocument[];
  trends?: readonly TrendDocument[];
  aggregates?: readonly AggregateDocument[];
  series?: readonly SeriesDocument[];
  events?: readonly EventDocument[];
  /** with the waveform's bytes as `waveform` gives them; undefined when the file is missing */
  boxEvents?: readonly { document: BoxEventDocument; bytes: Uint8Array | undefined }[];
  /** with their samples as `waveform` gives them */
  incidents?: readonly { document: IncidentDocument; bytes: Uint8Array | undefined }[];
}

/** How long things are kept (docs/data-model.md, "Retention modes"). Undefined = for good. */
export interface Retention {
  mode: 'ttl' | 'laha';
  measurementsSeconds: number;
  trendsSeconds?: number;
  eventsSeconds?: number;
  /** left out: a year */
  incidentsSeconds?: number;
}

export interface SweepResult {
  measurements: number;
  /** and values of series, which are kept as long */
  trends: number;
  aggregates: number;
  events: number;
  incidents: number;
  /** box events and waveforms without an event, left by a crash */
  orphans: number;
}

/** What was deleted to keep a store below its limit. */
export interface DeletedWaveforms {
  events: number;
  waveforms: number;
  /** of samples and, where they are imported, of original files */
  bytes: number;
}

/** `expire_at` of what is kept for good (a 0 would have the analysis service's collector delete it). */
export const FOREVER_SECONDS = 253402300799;

/** How long incidents live where nothing else is configured. */
export const INCIDENT_SECONDS = 31_536_000;

/** Findings of health (and in SQLite metrics) have no expiry in the data model; we keep ours this long. */
export const DIAGNOSTICS_MS = 30 * 24 * 3600 * 1000;
