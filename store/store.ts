/**
 * The contract of every store (design: docs/data-model.md): writes are values (writes.ts), reading is split by role. A program asks for the roles it
 * needs. Every method may reject with MakaiError STORE_UNAVAILABLE; the outbox keeps what is to be written meanwhile.
 * `test/store/contract.ts` is the suite that every implementation passes.
 */
import type { DeletedWaveforms, Retention, Stored, StoredDocuments, SweepResult } from './documents.js';
import type {
  AggregateReader,
  AnalysisQueue,
  EventReader,
  HealthReader,
  MeasurementReader,
  NewIds,
  OpenRequestReader,
  PluginStateReader,
  SeriesReader,
} from './readers.js';
import type {
  AlertRegistry,
  AuditLog,
  BoxRegistry,
  EventIds,
  IncidentRegistry,
  LocationRegistry,
  Originals,
  RuleRegistry,
  UserRegistry,
} from './registries.js';
import type { StoreState } from './store-state.js';
import type { Sink } from './writes.js';

export type * from './documents.js';
export type * from './readers.js';
export type * from './registries.js';
export type * from './store-state.js';

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
  /** Reads several things as they are at one moment, which costs less than one by one. Not for long: meanwhile the log of the file grows. */
  readTogether<T>(work: () => Promise<T>): Promise<T>;
}

export interface StoreOptions {
  retention: Retention;
  /** clock for expiry; Date.now by default */
  now?: () => number;
}
