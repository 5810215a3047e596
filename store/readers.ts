/** What is read from a store, by role. */
import type {
  AggregateDocument,
  AggregateSeconds,
  BoxDocument,
  BoxEventDocument,
  BoxHealthQuery,
  EventDocument,
  HealthDocument,
  IncidentDocument,
  IncidentQuery,
  LahaConfigDocument,
  MakaiConfigDocument,
  MeasurementCount,
  MeasurementDocument,
  NewestOfBox,
  NewTrend,
  OpenRequest,
  PluginState,
  SeriesDocument,
  SeriesName,
  TimeRange,
  TrendBand,
  TrendDocument,
  TrendWindow,
  WaitingWaveform,
  WaveformAnalysis,
} from './documents.js';

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
   * @param wanted boxes that are looked at, all where left out: each costs MongoDB two queries
   */
  newestByBox(wanted?: (boxId: string) => boolean): Promise<NewestOfBox[]>;
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

/** The queue of waveforms that wait to be analysed: every stored box event, whoever stored it, until an `analysis` of it is written. */
export interface AnalysisQueue {
  /** The first `limit` in order of arrival. @param skip without so many that come before them */
  waitingWaveforms(limit: number, skip?: number): Promise<WaitingWaveform[]>;
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
