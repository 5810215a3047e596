/**
 * The contract of every store (design: docs/data-model.md): writes are values (writes.ts), reading is split by role. A program asks for the roles it
 * needs. Every method may reject with MakaiError STORE_UNAVAILABLE; the outbox keeps what is to be written meanwhile.
 * `test/store/contract.ts` is the suite that every implementation passes.
 */
import type {
  BoxDocument,
  BoxEventDocument,
  EventDocument,
  LahaConfigDocument,
  MakaiConfigDocument,
  MeasurementDocument,
  NewestOfBox,
  NewTrend,
  OpenRequest,
  Original,
  Retention,
  Stored,
  StoredDocuments,
  SweepResult,
  TimeRange,
  TrendDocument,
  TrendWindow,
} from './documents.js';
import type { Sink, WriteKind } from './writes.js';

export type * from './documents.js';

export interface MeasurementReader {
  measurements(boxId: string, range?: TimeRange): AsyncIterable<MeasurementDocument>;
  trends(boxId: string, range?: TimeRange): AsyncIterable<TrendDocument>;
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

export interface EventReader {
  event(eventId: number): Promise<EventDocument | undefined>;
  /** Events by target start. */
  events(range?: TimeRange): AsyncIterable<EventDocument>;
  boxEvents(eventId: number): Promise<BoxEventDocument[]>;
  /** The waveform's bytes exactly as stored (int16 little endian), or undefined. */
  waveform(fileName: string): Promise<Buffer | undefined>;
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
  removeBox(boxId: string): Promise<boolean>;
  putMakaiConfig(document: MakaiConfigDocument): Promise<void>;
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

export interface OpenRequestReader {
  openRequests(): Promise<OpenRequest[]>;
}

/** What a spool holds and how it goes, for status and metrics. */
export interface SpoolStats {
  /** `up`: writes go to the database; `draining`: they do, and spooled ones are delivered; `unavailable`: all are spooled */
  state: 'up' | 'draining' | 'unavailable';
  /** rows that wait, by kind; a row of measurements holds many */
  waiting: Amounts;
  rows: number;
  measurements: number;
  /** trend windows to be computed again */
  trendWindows: number;
  /** of rows and windows */
  bytes: number;
  /** rows that the database refused */
  quarantined: number;
  /** lanes whose writes the database does not take though it is there: they wait, and are tried again */
  notTaken: string[];
  /** Unix ms when the oldest was accepted */
  oldestMs: number | undefined;
  /** since the start, by kind; measurements, not their rows */
  spooled: Amounts;
  delivered: Amounts;
  dropped: Amounts;
  /** event ids given without the database since the start */
  idsGivenOffline: number;
}

/** How many of each kind of write. */
export type Amounts = Partial<Record<WriteKind, number>>;

export interface StoreState {
  /** false: the database cannot be reached; what is read is what was read last */
  available: boolean;
  /** of a store that keeps on disk what its database does not take */
  spool?: SpoolStats;
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
   * Deletes what has expired at `nowMs`; events take their box events and waveforms along.
   * @param signal ends it between two slices; what is left waits for the next sweep
   */
  sweep(nowMs: number, signal?: AbortSignal): Promise<SweepResult>;
  /** Unix ms by the clock of the database's server; left out by a store that has no server */
  serverTimeMs?(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface Store
  extends Sink,
    MeasurementReader,
    EventReader,
    BoxRegistry,
    EventIds,
    Originals,
    OpenRequestReader,
    Maintenance {}

export interface StoreOptions {
  retention: Retention;
  /** clock for expiry; Date.now by default */
  now?: () => number;
}
