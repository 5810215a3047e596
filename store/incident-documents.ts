/** Incidents, their groups, and the queue of waveforms to analyse, as documents. */
import type { MeasurementDocument, TimeRange } from './measurement-documents.js';

/** One incident (docs/data-model.md): the fields of the existing analysis service, `source` and `group` are ours. */
export interface IncidentDocument {
  /** not unique for sure where another program writes incidents too */
  incident_id: number;
  /** -1: of no event */
  event_id: number;
  box_id: string;
  start_timestamp_ms: number;
  /** -1: it goes on */
  end_timestamp_ms: number;
  /** slug, or "UNKNOWN" */
  location: string;
  /** VOLTAGE, FREQUENCY, THD, TRANSIENT, HEALTH */
  measurement_type: string;
  /** the largest deviation, signed, in the unit of the quantity */
  deviation_from_nominal: number;
  /** the box's measurements of the span */
  measurements: IncidentMeasurement[];
  /** `incident_<id>`: the samples of the span, or "" without a waveform */
  gridfs_filename: string;
  classifications: string[];
  ieee_duration: string;
  annotations: string[];
  /** how it was judged; JSON */
  metadata: Record<string, unknown>;
  /** Unix seconds */
  expire_at: number;
  /** ours: what found it, such as "makai" or "plugin <name>"; absent in what other programs wrote */
  source?: string;
  /** ours: the incidents of other boxes at the same time */
  group?: IncidentGroup;
}

/** A copy of a measurement, without when it expires. */
export type IncidentMeasurement = Omit<MeasurementDocument, 'expire_at'>;

/** Incidents of several boxes that overlap in time: the same in each of them. */
export interface IncidentGroup {
  /** the lowest incident_id of the group */
  group_id: number;
  scope: 'box' | 'location' | 'region' | 'all';
  /** slug of the region that all of its locations belong to, where there is one and the scope is `region` */
  region?: string;
  incident_ids: number[];
  box_ids: string[];
  /** boxes that were heard at the time */
  boxes_heard: number;
  first_box: string;
  deepest_box: string;
  spread_ms: number;
  /** between the largest and the smallest deviation, in pu for voltage, else in the unit of the quantity */
  spread_depth: number;
  /** boxes without a waveform that were judged from their measurements */
  from_measurements: string[];
  sentence: string;
}

/** A finding as it is handed to the store, which adds id, file name, and when it expires. */
export type NewIncident = Omit<
  IncidentDocument,
  'incident_id' | 'annotations' | 'expire_at' | 'gridfs_filename' | 'source'
> & {
  source: string;
  /** left out: the store gives the next one */
  incident_id?: number;
};

/** A finding with its samples (raw counts), empty where it has none. */
export interface IncidentWithSamples {
  incident: NewIncident;
  samples: Int16Array;
  /** of an analysis: the ids of stored incidents of the same box that repeat this one from now on, in the same write (`metadata.same_as`) */
  supersedes?: readonly number[];
}

/** A waveform that has not been analysed yet. */
export interface WaitingWaveform {
  eventId: number;
  boxId: string;
}

/** That a waveform was analysed, and what is to be said of it besides its incidents. */
export interface WaveformAnalysis {
  /** Unix ms */
  analysedMs: number;
  /** why something was not judged */
  remarks: string[];
}

/** Which incidents to read: by start, and narrowed down. */
export interface IncidentQuery extends TimeRange {
  boxId?: string;
  /** -1: of no event */
  eventId?: number;
  /** one of its classes */
  classification?: string;
  /** true: only those without an end yet; false: only those that are over */
  goesOn?: boolean;
  /** Unix ms: only those that end then or later; one that goes on has no end */
  endsFromMs?: number;
  /** false: only those that belong to no group yet; true: only those that do */
  isGrouped?: boolean;
}
