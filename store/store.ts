/**
 * The one contract every store keeps (design: docs/data-model.md). Documents carry the field names of the data model, so that
 * what `makai` prints, what MongoDB holds and what SQLite gives back is the same. All times are Unix ms UTC unless a name says otherwise.
 * Box ids are decimal text in documents.
 *
 * Every method may reject with MakaiError STORE_UNAVAILABLE; the daemons then keep what they have (spool) and go on.
 * Once a write's promise is fulfilled its data are durable: synced to disk, or acknowledged by a majority with journal.
 * `test/store/contract.ts` is the suite that every implementation passes.
 */
import type { MeasurementColumns, MetricField } from '../proto/columns.js';

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
  /** ours: least and greatest single cycle of the window, only where they differ from the average (Box 3) */
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

/** What the acquisition broker knows when it numbers an event. */
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
  /** stamp of the first cycle */
  event_start_timestamp_ms: number;
  /** stamp of the last cycle + 16 */
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

/** A command to boxes that still waits for answers; kept so that it survives a restart of the acquisition broker. */
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

/** Where a box stands in the store. */
export interface NewestOfBox {
  boxId: string;
  /** time of its newest measurement */
  measurementMs: number;
  /** `timestamp_ms` (a window's end) of its newest trend; undefined when it has none */
  trendMs?: number;
}

export interface InsertResult {
  inserted: number;
  /** already there by (box_id, timestamp_ms): left as they were */
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

/** What a write may say besides its data. */
export interface WriteOptions {
  /**
   * Unix ms when a daemon accepted the data (now by default): expiry counts from then, also when a spool delivers them hours later.
   * The same write with the same value changes nothing, so that a spool may repeat what it is not sure of.
   */
  acceptedAtMs?: number;
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

/** How long things are kept (docs/data-model.md, "Two ways to expire"). Undefined = for good. */
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

export interface Store {
  /** Stores a batch; duplicates by (box, time), also inside the batch, are ignored and counted. */
  insertMeasurements(batch: MeasurementColumns, options?: WriteOptions): Promise<InsertResult>;
  measurements(boxId: string, range?: TimeRange): AsyncIterable<MeasurementDocument>;

  /**
   * Trends of the windows as the stored measurements give them; undefined where none is stored. Locations are filled in from the boxes.
   * Also undefined where a trend is stored and the window began longer ago than measurements live: some may be gone, and that trend knows more.
   */
  computeTrends(windows: readonly TrendWindow[]): Promise<(Omit<TrendDocument, 'expire_at'> | undefined)[]>;
  /** Writes trends; one with the same (box_id, timestamp_ms) is replaced. */
  putTrends(trends: readonly Omit<TrendDocument, 'expire_at'>[], options?: WriteOptions): Promise<void>;
  trends(boxId: string, range?: TimeRange): AsyncIterable<TrendDocument>;
  /**
   * For each box with stored measurements: how far its measurements and its trends have come. By index, not by reading all: the
   * triggering service asks at its start, to compute the trends that a crash left undone.
   */
  newestByBox(): Promise<NewestOfBox[]>;

  /** The next event numbers, rising and never given twice, also across processes and restarts; past the greatest event_id stored. */
  nextEventIds(count: number): Promise<number[]>;
  /** Stores a numbered event with empty boxes_received; an event already there under this number is left as it is. */
  insertEvent(event: NewEvent, options?: WriteOptions): Promise<void>;
  /** Adds boxes to boxes_triggered of a stored event; those already there are not doubled. */
  addTriggeredBoxes(eventId: number, boxIds: readonly string[]): Promise<void>;
  event(eventId: number): Promise<EventDocument | undefined>;
  /** Events by target start. */
  events(range?: TimeRange): AsyncIterable<EventDocument>;

  /**
   * Stores one box's waveform of one event: file, then box event, then the push to boxes_received and latencies_ms. The first
   * non-empty answer counts: a second one for the same event and box changes nothing and gives 'duplicate' (completing what a crash left half done).
   * @param samples raw ADC counts in order
   * @param receivedAtMs when the answer arrived (latencies_ms)
   */
  putBoxEvent(
    boxEvent: BoxEventDocument,
    samples: Int16Array,
    receivedAtMs: number,
  ): Promise<'stored' | 'duplicate'>;
  boxEvents(eventId: number): Promise<BoxEventDocument[]>;
  /** The waveform's bytes exactly as stored (int16 little endian), or undefined. */
  waveform(fileName: string): Promise<Buffer | undefined>;

  boxes(): Promise<BoxDocument[]>;
  box(boxId: string): Promise<BoxDocument | undefined>;
  /** Adds or replaces one box. */
  putBox(box: BoxDocument): Promise<void>;
  removeBox(boxId: string): Promise<boolean>;

  makaiConfig(): Promise<MakaiConfigDocument | undefined>;
  putMakaiConfig(document: MakaiConfigDocument): Promise<void>;
  lahaConfig(): Promise<LahaConfigDocument | undefined>;

  insertMetrics(document: MetricsDocument, options?: WriteOptions): Promise<void>;
  insertHealth(document: HealthDocument, options?: WriteOptions): Promise<void>;

  putOpenRequest(request: OpenRequest): Promise<void>;
  removeOpenRequest(key: string): Promise<void>;
  openRequests(): Promise<OpenRequest[]>;

  /** Ids of the boxes that have measurements or trends, whether they are recorded as boxes or not. */
  boxIdsWithData(): Promise<string[]>;
  /**
   * Writes documents as they stand in another store, `expire_at` included, for `makai store copy`. What is already there by its unique key
   * is left as it is and counted as a duplicate, but boxes_received of an event gains those it lacks. A copy writes events before their box events.
   */
  restore(documents: StoredDocuments): Promise<InsertResult>;

  /**
   * Deletes what has expired at `nowMs`; events take their box events and waveforms along.
   * @param signal ends it between two slices; what is left waits for the next sweep
   */
  sweep(nowMs: number, signal?: AbortSignal): Promise<SweepResult>;
  /** Unix ms by the clock of the database's server; left out by a store that has no server */
  serverTimeMs?(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface StoreOptions {
  retention: Retention;
  /** clock for expiry; Date.now by default */
  now?: () => number;
}
