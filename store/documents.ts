/**
 * What a store holds, with the field names of the data model (docs/data-model.md): what `makai` prints, what MongoDB holds and what SQLite gives
 * back is the same. All times are Unix ms UTC unless a name says otherwise. Box ids are decimal text.
 */
import type { MetricField } from '../proto/columns.js';

export interface MinMaxAverage {
  min: number;
  max: number;
  average: number;
}

/** One stored measurement. A metric that was not sent is absent. */
export type MeasurementDocument = {
  box_id: string;
  timestamp_ms: number;
  /** ours: metrics that came as infinity or NaN and were left out */
  invalid?: MetricField[];
  /** ours: min and max of the window's single cycles, only where they differ from the average (Box 3) */
  extremes?: Partial<Record<MetricField, { min: number; max: number }>>;
  /** Unix seconds */
  expire_at: number;
} & Partial<Record<MetricField, number>>;

/** One minute of one box; `timestamp_ms` is the window's end. */
export type TrendDocument = {
  box_id: string;
  timestamp_ms: number;
  location: string;
  expire_at: number;
} & Partial<Record<MetricField, MinMaxAverage>>;

/** A trend as it is computed; the store adds when it expires. */
export type NewTrend = Omit<TrendDocument, 'expire_at'>;

export interface EventDocument {
  event_id: number;
  type?: string;
  description: string;
  boxes_triggered: string[];
  boxes_received: string[];
  latencies_ms?: number[];
  percent_magnitude?: number;
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
> & { type: string; percent_magnitude: number };

export interface BoxEventDocument {
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
  /** ours: a channel of another instrument's recordings, not a box that anything can be asked of */
  kind?: 'import';
}

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
}

/** Documents of one store on their way into another. */
export interface StoredDocuments {
  measurements?: readonly MeasurementDocument[];
  trends?: readonly TrendDocument[];
  events?: readonly EventDocument[];
  /** with the waveform's bytes as `waveform` gives them; undefined when the file is missing */
  boxEvents?: readonly { document: BoxEventDocument; bytes: Uint8Array | undefined }[];
}

export interface TimeRange {
  /** inclusive */
  fromMs?: number;
  /** exclusive */
  toMs?: number;
  limit?: number;
  /** newest first; default oldest first */
  descending?: boolean;
}

/** How long things are kept (docs/data-model.md, "Retention modes"). Undefined = for good. */
export interface Retention {
  mode: 'ttl' | 'laha';
  measurementsSeconds: number;
  trendsSeconds?: number;
  eventsSeconds?: number;
}

export interface SweepResult {
  measurements: number;
  trends: number;
  events: number;
  /** box events and waveforms without an event, left by a crash */
  orphans: number;
}

/** `expire_at` of what is kept for good (a 0 would have the analysis service's collector delete it). */
export const FOREVER_SECONDS = 253402300799;

/** Findings of health (and in SQLite metrics) have no expiry in the data model; we keep ours this long. */
export const DIAGNOSTICS_MS = 30 * 24 * 3600 * 1000;
