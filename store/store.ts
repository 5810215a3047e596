/**
 * The contract of every store (design: docs/data-model.md): writes are values (writes.ts), reading is split by role. A program asks for the roles it
 * needs. Every method may reject with MakaiError STORE_UNAVAILABLE; the outbox keeps what is to be written meanwhile.
 * `test/store/contract.ts` is the suite that every implementation passes.
 */
import type {
  AggregateDocument,
  AggregateSeconds,
  AlertDocument,
  AlertFields,
  AlertMarks,
  AlertQuery,
  AuditDocument,
  BoxDocument,
  BoxEventDocument,
  BoxHealthQuery,
  DeletedWaveforms,
  EventDocument,
  HealthDocument,
  IncidentDocument,
  IncidentQuery,
  LahaConfigDocument,
  LocationDocument,
  MakaiConfigDocument,
  MeasurementCount,
  MeasurementDocument,
  NewestOfBox,
  NewTrend,
  OpenRequest,
  Original,
  PluginState,
  Retention,
  RulesDocument,
  SeriesDocument,
  SeriesName,
  Stored,
  StoredDocuments,
  SweepResult,
  TimeRange,
  TokenChoice,
  TokenDocument,
  TrendBand,
  TrendDocument,
  TrendWindow,
  UserChange,
  UserDocument,
  WaitingWaveform,
  WaveformAnalysis,
} from './documents.js';
import type { StoreState } from './store-state.js';
import type { Sink } from './writes.js';

export type * from './documents.js';
export type * from './store-state.js';

export interface MeasurementReader {
  measurements(boxId: string, range?: TimeRange): AsyncIterable<MeasurementDocument>;
  trends(boxId: string, range?: TimeRange): AsyncIterable<TrendDocument>;
  /**
   * Trends of a box put together by spans of `stepMs`, aligned to multiples of it since 1970, oldest first: lowest min, highest max, mean of the averages. A trend belongs
   * to the span in which its window lies, of which its time is the end. Spans without trends are left out.
   * @param range trends whose window ends after `fromMs`, and at `toMs` or before
   */
  trendBands(boxId: string, stepMs: number, range: { fromMs: number; toMs: number }): Promise<TrendBand[]>;
  /**
   * Trends of the windows as the stored measurements give them; undefined where none is stored. Locations are filled in from the boxes.
   * Also undefined where a trend is stored and the window began longer ago than measurements live: some may be gone, and that trend knows more.
   */
  computeTrends(windows: readonly TrendWindow[]): Promise<(NewTrend | undefined)[]>;
  /**
   * For each box with stored measurements: how far its measurements and its trends have come. By index, not by reading all: the
   * triggering service asks at its start, to compute the trends that a crash left undone.
   */
  newestByBox(): Promise<NewestOfBox[]>;
  /** Ids of the boxes that have measurements or trends, whether they are recorded as boxes or not. */
  boxIdsWithData(): Promise<string[]>;
}

/** Values of plugins. */
export interface SeriesReader {
  seriesNames(): Promise<SeriesName[]>;
  series(name: SeriesName, range?: TimeRange): AsyncIterable<SeriesDocument>;
}

/** What plugins keep over restarts. */
export interface PluginStateReader {
  pluginState(plugin: string): Promise<PluginState | undefined>;
}

/** Ten-minute and two-hour values, and what they are computed from. */
export interface AggregateReader {
  aggregates(
    boxId: string,
    windowSeconds: AggregateSeconds,
    range?: TimeRange,
  ): AsyncIterable<AggregateDocument>;
  /**
   * How many measurements of a box are stored in each span of `stepMs`, aligned to multiples of it since 1970, oldest first; spans without any are left out.
   * `fromMs` and `toMs` of the range are multiples of `stepMs`.
   */
  measurementCounts(
    boxId: string,
    stepMs: number,
    range: { fromMs: number; toMs: number },
  ): Promise<MeasurementCount[]>;
}

export interface EventReader {
  event(eventId: number): Promise<EventDocument | undefined>;
  /** Events by target start. */
  events(range?: TimeRange): AsyncIterable<EventDocument>;
  /** In order of arrival. @param boxIds of these boxes; left out: of all */
  boxEvents(eventId: number, boxIds?: readonly string[]): Promise<BoxEventDocument[]>;
  /** The waveform's bytes exactly as stored (int16 little endian), or undefined. They are the caller's own: it may change them or hand them over to a thread. */
  waveform(fileName: string): Promise<Buffer | undefined>;
}

export interface IncidentReader {
  /** The incident with this id; where another program counted over the same id, the one with the latest start. */
  incident(incidentId: number): Promise<IncidentDocument | undefined>;
  /** Incidents by start. Their samples: `waveform(gridfs_filename)`. */
  incidents(query?: IncidentQuery): AsyncIterable<IncidentDocument>;
  /** Those of one event, by start. */
  incidentsOfEvent(eventId: number): Promise<IncidentDocument[]>;
  /** Undefined for a waveform that was not analysed. */
  analysis(eventId: number, boxId: string): Promise<WaveformAnalysis | undefined>;
}

/** For those who follow what is stored: ids rise, though one may be stored a little after a higher one. */
export interface NewIds {
  /** Ids of stored events or incidents above `afterId`, lowest first, at most `limit`. */
  idsAfter(kind: NumberedKind, afterId: number, limit: number): Promise<number[]>;
  /** The highest that is stored; 0 where none is. */
  highestId(kind: NumberedKind): Promise<number>;
}

export type NumberedKind = 'event' | 'incident';

export interface IncidentRegistry extends IncidentReader {
  /** Adds a person's remark, once however often it is called. @returns false when there is no such incident */
  annotateIncident(incidentId: number, remark: string): Promise<boolean>;
}

/** The queue of waveforms that wait to be analysed: every stored box event, whoever stored it, until an `analysis` of it is written. */
export interface AnalysisQueue {
  /** The first `limit` in order of arrival. */
  waitingWaveforms(limit: number): Promise<WaitingWaveform[]>;
  /** How many wait, counted up to `limit`. */
  countWaitingWaveforms(limit: number): Promise<number>;
}

/** Boxes and the configuration documents that people edit. */
export interface BoxReader {
  boxes(): Promise<BoxDocument[]>;
  box(boxId: string): Promise<BoxDocument | undefined>;
  makaiConfig(): Promise<MakaiConfigDocument | undefined>;
  lahaConfig(): Promise<LahaConfigDocument | undefined>;
}

/** An administrator's changes: no daemon makes them, so they are no writes of the outbox. */
export interface BoxRegistry extends BoxReader {
  /** Adds or replaces one box. */
  putBox(box: BoxDocument): Promise<void>;
  /** Adds a box, unless there is one of its id or name: of several who make the same id at the same time one succeeds. @returns whether it was added */
  addBox(box: BoxDocument): Promise<boolean>;
  removeBox(boxId: string): Promise<boolean>;
  putMakaiConfig(document: MakaiConfigDocument): Promise<void>;
}

/** Descriptions of locations, which people edit. */
export interface LocationRegistry {
  /** By slug; those that nobody has described are not here. */
  locations(): Promise<LocationDocument[]>;
  /** Adds or replaces one; its regions stay where none are named, and `[]` ends them. */
  putLocation(location: LocationDocument): Promise<void>;
}

/** Users of the web service, their sessions and tokens. */
export interface UserRegistry {
  /** By name. */
  users(): Promise<UserDocument[]>;
  user(name: string): Promise<UserDocument | undefined>;
  /** @returns false when there is a user of this name: it stays as it is */
  addUser(user: UserDocument): Promise<boolean>;
  /** Role, password or both; what is not named stays as it is. @returns false when there is no such user */
  changeUser(change: UserChange): Promise<boolean>;
  /** With sessions and tokens. @returns false when there was no such user */
  removeUser(name: string): Promise<boolean>;
  /** In the order in which they were added. */
  tokens(user?: string): Promise<TokenDocument[]>;
  token(hash: string): Promise<TokenDocument | undefined>;
  addToken(token: TokenDocument): Promise<void>;
  removeToken(hash: string): Promise<boolean>;
  /** @returns how many there were */
  removeTokens(choice: TokenChoice): Promise<number>;
  removeExpiredTokens(nowMs: number): Promise<number>;
}

/** Alerts. The gateway alone writes what they are, people say what they know of them: neither overwrites the other. */
export interface AlertRegistry {
  /** Adds or replaces what the gateway says of an alert; marks stay. */
  putAlert(alert: AlertFields): Promise<void>;
  /** Marks that are not named stay. @returns false when there is no such alert */
  markAlert(alertId: string, marks: AlertMarks): Promise<boolean>;
  alert(alertId: string): Promise<AlertDocument | undefined>;
  /** The newest first. */
  alerts(query: AlertQuery): Promise<AlertDocument[]>;
  /** Those that were resolved before. @returns how many there were */
  removeAlerts(resolvedBeforeMs: number): Promise<number>;
}

/** The filters and rules in force. */
export interface RuleRegistry {
  /** undefined: nobody has written any */
  rules(): Promise<RulesDocument | undefined>;
  /** Replaces all of them in one write. */
  putRules(document: RulesDocument): Promise<void>;
}

export interface EventIds {
  /** The next event ids, rising and never given twice, also across processes and restarts; past the highest event_id stored. */
  nextEventIds(count: number): Promise<number[]>;
}

/** Files that events were imported from (`makai import`). An administrator's command writes them, no daemon. */
export interface Originals {
  /**
   * Keeps the files of an imported event; recordings of the same files share them. A recording that is kept already stays with its event.
   * Called before the event is written. One whose event does not follow within ten minutes is deleted by `sweep`.
   * @returns the event that the recording belongs to
   */
  putOriginal(original: Original): Promise<number>;
  original(eventId: number): Promise<Original | undefined>;
  /** The event that a recording of these files was imported as. It may be incomplete, or deleted by the database meanwhile. */
  importedEventId(sha256: string, recording: number): Promise<number | undefined>;
}

export interface HealthReader {
  /**
   * What `health` says of a box in words: findings that began or ended. Its UP or DOWN of every 20 s, whose `info` is empty, is left out. Those of the same time are in the
   * order of their texts.
   */
  boxHealth(query: BoxHealthQuery): Promise<HealthDocument[]>;
}

export interface OpenRequestReader {
  openRequests(): Promise<OpenRequest[]>;
}

export interface AuditLog {
  /** Adds an entry. */
  putAudit(entry: AuditDocument): Promise<void>;
  /** The last `limit` entries of a range, oldest first. */
  audit(range: { fromMs?: number; toMs?: number; limit: number }): Promise<AuditDocument[]>;
}

export interface Maintenance {
  /** As far as it is known without asking the database. */
  state(): StoreState;
  /**
   * Writes documents as they stand in another store, `expire_at` included, for `makai store copy`. What is already there by its unique key
   * is left as it is and counted as a duplicate, but boxes_received of an event gains those it lacks. A copy writes events before their box events.
   */
  restore(documents: StoredDocuments): Promise<Stored>;
  /**
   * Keeps an event for good, with its waveforms and incidents and, in mode `laha`, what explains it; or no longer: it then expires as if it was stored now.
   * @returns false when there is no such event
   */
  keepEvent(eventId: number, keep: boolean): Promise<boolean>;
  /** Deletes events with their box events and waveforms. @returns how many events there were */
  deleteEvents(eventIds: readonly number[]): Promise<number>;
  /**
   * Deletes what has expired at `nowMs`; events take their box events and waveforms along.
   * @param signal ends it between two slices; what is left waits for the next sweep
   */
  sweep(nowMs: number, signal?: AbortSignal): Promise<SweepResult>;
  /**
   * What counts for the limit `store_max_bytes`. SQLite: bytes of the file that are in use, not those that can be used again. MongoDB: bytes of
   * the files in GridFS (waveforms, samples of incidents, imported originals), before compression.
   */
  usedBytes(): Promise<number>;
  /**
   * Deletes the waveforms of events in the order of their ids, with box events and imported originals, until `bytes` of them are deleted, or a few
   * events in any case: call it again while it deletes something. Kept events, and the documents of events and incidents, stay;
   * `waveforms_deleted_ms` in the event says when it was.
   */
  deleteOldestWaveforms(bytes: number, nowMs: number): Promise<DeletedWaveforms>;
  /** Unix ms by the clock of the database's server; left out by a store that has no server */
  serverTimeMs?(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface Store
  extends Sink,
    MeasurementReader,
    AggregateReader,
    SeriesReader,
    PluginStateReader,
    EventReader,
    BoxRegistry,
    EventIds,
    Originals,
    IncidentRegistry,
    NewIds,
    AnalysisQueue,
    OpenRequestReader,
    HealthReader,
    AuditLog,
    LocationRegistry,
    UserRegistry,
    AlertRegistry,
    RuleRegistry,
    Maintenance {
  /** Left out by a store that is no file, or that other threads of the process cannot open. */
  readonly file?: StoreFile;
}

/** What another thread of the process needs to open the same store. */
export interface StoreFile {
  readonly file: string;
  readonly retention: Retention;
  readonly upgrade: boolean;
  /** `SqliteOptions.cacheKb` */
  readonly cacheKb?: number | undefined;
}

/** A store as a thread has it for itself. */
export interface ThreadStore extends Store {
  /**
   * Does some work with the write lock: no other changes meanwhile what it reads, and what it writes is durable when this is fulfilled. Where it throws, nothing was
   * written. One at a time, without waiting for anything but the store.
   */
  together<T>(work: () => Promise<T>): Promise<T>;
  /** Reads several things as they are at one moment, which costs less than one by one. Not for long: meanwhile the log of the file cannot begin anew. */
  readTogether<T>(work: () => Promise<T>): Promise<T>;
}

export interface StoreOptions {
  retention: Retention;
  /** clock for expiry; Date.now by default */
  now?: () => number;
}
