/**
 * Everything that is written to a store, as values. A write can be kept in memory, sent to another thread and put on disk (write-codec.ts), and a
 * backend needs one method to take it (`Sink`). This is the one list of kinds: logs, metrics, the spool's file and the outbox's policies use it.
 *
 * Every write may be applied twice: the second time changes nothing.
 */
import { columnsBytes, type MeasurementColumns } from '../proto/columns.js';
import type {
  BoxEventDocument,
  Calibration,
  HealthDocument,
  IncidentGroup,
  IncidentWithSamples,
  MetricsDocument,
  NewAggregate,
  NewEvent,
  NewTrend,
  OpenRequest,
  PluginState,
  SeriesValue,
  Stored,
  TrendWindow,
} from './documents.js';

export type { Stored } from './documents.js';

interface Accepted {
  /** Unix ms when a daemon accepted the data; left out: when the store gets it. Expiry counts from then, also for what is delivered hours later. */
  acceptedAtMs?: number;
}

/** A batch; duplicates by (box, time), also inside the batch, are ignored and counted. The columns must not change until it is applied. */
export interface MeasurementsWrite extends Accepted {
  kind: 'measurements';
  columns: MeasurementColumns;
}

/** Trends; one with the same (box_id, timestamp_ms) is replaced. */
export interface TrendsWrite extends Accepted {
  kind: 'trends';
  trends: readonly NewTrend[];
}

/** Computes the trends of windows from stored measurements and writes them. What is `inserted` are trends. */
export interface TrendWindowsWrite extends Accepted {
  kind: 'trend_windows';
  windows: readonly TrendWindow[];
}

/** Ten-minute and two-hour values; one with the same (box_id, window_seconds, timestamp_ms) is replaced. */
export interface AggregatesWrite extends Accepted {
  kind: 'aggregates';
  aggregates: readonly NewAggregate[];
}

/** Values of plugins; one with the same (plugin, series, box_id, timestamp_ms) is replaced. */
export interface SeriesWrite extends Accepted {
  kind: 'series';
  values: readonly SeriesValue[];
}

/** What a plugin keeps over restarts, in place of what it kept before. */
export interface PluginStateWrite extends Accepted {
  kind: 'plugin_state';
  state: PluginState;
}

/** A numbered event with empty boxes_received; an event that is there under this id is left as it is. */
export interface EventWrite extends Accepted {
  kind: 'event';
  event: NewEvent;
}

/** Adds boxes to boxes_triggered of a stored event, none twice. */
export interface TriggeredBoxesWrite extends Accepted {
  kind: 'triggered_boxes';
  eventId: number;
  boxIds: readonly string[];
}

/**
 * One box's waveform of one event: file, then box event, then the push to boxes_received and latencies_ms. The first non-empty reply counts: a
 * second one of the same event and box is a duplicate and changes nothing (but completes what a crash left half done).
 */
export interface BoxEventWrite extends Accepted {
  kind: 'box_event';
  boxEvent: BoxEventDocument;
  /** raw ADC counts in order */
  samples: Int16Array;
  /** when the reply arrived: goes into latencies_ms */
  acceptedAtMs: number;
}

/** Keeps an open request; one with the same key is replaced. */
export interface OpenRequestWrite extends Accepted {
  kind: 'open_request';
  request: OpenRequest;
}

/** Removes an open request; one that is not there is none. */
export interface ClosedRequestWrite extends Accepted {
  kind: 'closed_request';
  key: string;
}

export interface MetricsWrite extends Accepted {
  kind: 'metrics';
  document: MetricsDocument;
}

export interface HealthWrite extends Accepted {
  kind: 'health';
  finding: HealthDocument;
}

/**
 * One finding of something other than the analysis of a stored waveform: an outage, a plugin. One with the same key (incidents.ts) is replaced, but
 * keeps its id, its annotations, and its samples where none are given; so an incident that goes on is written again.
 */
export interface IncidentWrite extends Accepted, IncidentWithSamples {
  kind: 'incident';
}

/**
 * That the waveform of one box event was analysed, and all that was found in it, in one write. What an earlier analysis of it found and this one did not
 * is deleted, and what repeated it counts again; what both found keeps its id and annotations (incidents.ts).
 */
export interface AnalysisWrite extends Accepted {
  kind: 'analysis';
  eventId: number;
  boxId: string;
  findings: readonly IncidentWithSamples[];
  remarks: readonly string[];
  /** goes into the box event; left out: nothing is known of it */
  judgedWith?: Calibration;
}

/** Notes in incidents that they belong together. */
export interface IncidentGroupWrite extends Accepted {
  kind: 'incident_group';
  group: IncidentGroup;
}

export type Write =
  | MeasurementsWrite
  | TrendsWrite
  | TrendWindowsWrite
  | AggregatesWrite
  | SeriesWrite
  | PluginStateWrite
  | EventWrite
  | TriggeredBoxesWrite
  | BoxEventWrite
  | OpenRequestWrite
  | ClosedRequestWrite
  | MetricsWrite
  | HealthWrite
  | IncidentWrite
  | AnalysisWrite
  | IncidentGroupWrite;

export type WriteKind = Write['kind'];

/** Whatever takes writes: a backend, a spool in front of one, another sink. */
export interface Sink {
  /**
   * Applies a write, beside others and in any order: who needs one to be stored before another waits for it. Fulfilled when it is durable (synced to
   * disk, or acknowledged by a majority with journal).
   * @throws what the sink says of it: MakaiError STORE_UNAVAILABLE (try again), STORE_REFUSED (do not) and others
   */
  apply(write: Write): Promise<Stored>;
  /** batches of measurements that it wants at one time: more than one lets it sync them together */
  readonly batchesAtOnce: number;
}

/** One thing was written. */
export const STORED: Stored = { inserted: 1, duplicates: 0 };

/** How many things a write holds: measurements, trends, windows; else 1. */
export function itemsOf(write: Write): number {
  switch (write.kind) {
    case 'measurements':
      return write.columns.count;
    case 'trends':
      return write.trends.length;
    case 'trend_windows':
      return write.windows.length;
    case 'aggregates':
      return write.aggregates.length;
    case 'series':
      return write.values.length;
    default:
      return 1;
  }
}

/** What a write takes in memory, roughly. */
export function bytesOf(write: Write): number {
  switch (write.kind) {
    case 'measurements':
      return columnsBytes(write.columns.count);
    case 'box_event':
      return write.samples.byteLength + 16 * write.boxEvent.window_timestamps_ms.length;
    case 'series':
      return 120 * write.values.length;
    case 'plugin_state':
      return 200 + 2 * write.state.body.length;
    case 'incident':
      return bytesOfFinding(write);
    case 'analysis':
      return write.findings.reduce((sum, finding) => sum + bytesOfFinding(finding), 500);
    default:
      return 500 * itemsOf(write);
  }
}

function bytesOfFinding({ incident, samples }: IncidentWithSamples): number {
  return 2000 + 200 * incident.measurements.length + samples.byteLength;
}

/** The event that a write belongs to: those of one event keep their order. */
export function eventIdOf(write: Write): number | undefined {
  switch (write.kind) {
    case 'event':
      return write.event.event_id;
    case 'triggered_boxes':
      return write.eventId;
    case 'box_event':
      return write.boxEvent.event_id;
    case 'analysis':
      return write.eventId;
    case 'incident':
      return write.incident.event_id < 0 ? undefined : write.incident.event_id;
    default:
      return undefined;
  }
}
