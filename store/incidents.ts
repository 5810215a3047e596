/** Rules of incidents that every store keeps: which finding is which stored incident, and what is written. */
import type { BoxDocument, IncidentDocument, IncidentWithSamples, NewIncident } from './documents.js';

/** `source` of what the analysis service finds in waveforms. */
export const ANALYSIS_SOURCE = 'makai';

/** `event_id` of an incident without an event. */
export const NO_EVENT = -1;

/** `end_timestamp_ms` of an incident that goes on. */
export const GOES_ON = -1;

/** `location` of an incident whose box has none: in this collection existing services write the word in capitals. */
export const UNKNOWN_INCIDENT_LOCATION = 'UNKNOWN';

export function incidentLocation(box: BoxDocument | undefined): string {
  return box?.location === undefined || box.location === '' ? UNKNOWN_INCIDENT_LOCATION : box.location;
}

/** What an incident is: the same key twice is the same incident. A plugin's finding has a class of its own in `metadata.class`. */
export function incidentKey(incident: NewIncident | IncidentDocument): string {
  const { box_id, event_id, measurement_type, metadata, source = '', start_timestamp_ms } = incident;
  const own = source === ANALYSIS_SOURCE ? '' : String(metadata.class ?? '');
  return [event_id, box_id, measurement_type, start_timestamp_ms, source, own].join('|');
}

/** A stored incident as its store names it. */
export interface StoredIncident<Id> {
  id: Id;
  document: IncidentDocument;
}

export interface IncidentChanges<Id> {
  added: IncidentWithSamples[];
  /** found again: they keep id and annotations */
  kept: { stored: StoredIncident<Id>; finding: IncidentWithSamples }[];
  /** not found any more */
  removed: StoredIncident<Id>[];
}

/** What a new analysis of one waveform changes: the same start, else the most overlap of the same quantity, is the same incident. */
export function incidentChanges<Id>(
  stored: readonly StoredIncident<Id>[],
  findings: readonly IncidentWithSamples[],
): IncidentChanges<Id> {
  const left = new Set(stored.filter(({ document }) => document.source === ANALYSIS_SOURCE));
  const kept: IncidentChanges<Id>['kept'] = [];
  const take = (finding: IncidentWithSamples, found: StoredIncident<Id> | undefined): boolean => {
    if (found === undefined) return false;
    left.delete(found);
    kept.push({ stored: found, finding });
    return true;
  };
  const unmatched = findings.filter((finding) => {
    const key = incidentKey(finding.incident);
    return !take(
      finding,
      [...left].find(({ document }) => incidentKey(document) === key),
    );
  });
  const added = unmatched.filter((finding) => {
    const overlaps = [...left]
      .map((one) => ({ one, ms: overlapMs(one.document, finding.incident) }))
      .filter(({ ms }) => ms >= 0)
      .sort((a, b) => b.ms - a.ms);
    return !take(finding, overlaps[0]?.one);
  });
  return { added, kept, removed: [...left] };
}

/** Negative: another quantity, or apart. */
function overlapMs(a: IncidentDocument, b: NewIncident): number {
  if (a.measurement_type !== b.measurement_type) return -1;
  const end = Math.min(a.end_timestamp_ms, b.end_timestamp_ms);
  return end - Math.max(a.start_timestamp_ms, b.start_timestamp_ms);
}

/** The document of a finding. */
export function incidentDocument(
  { incident, samples }: IncidentWithSamples,
  incidentId: number,
  expireAt: number,
  stored?: IncidentDocument,
): IncidentDocument {
  const hasFile = samples.length > 0 || (stored !== undefined && stored.gridfs_filename !== '');
  return {
    ...incident,
    incident_id: incidentId,
    gridfs_filename: hasFile ? incidentFile(incidentId) : '',
    annotations: stored?.annotations ?? [],
    expire_at: Math.max(expireAt, stored?.expire_at ?? 0),
    ...(incident.group === undefined && stored?.group !== undefined ? { group: stored.group } : {}),
  };
}

/** A stored incident as it is written again. The store keeps its id and annotations. */
export function newIncidentOf(document: IncidentDocument): NewIncident {
  const {
    annotations: _,
    expire_at: __,
    gridfs_filename: ___,
    group: ____,
    incident_id: _____,
    ...rest
  } = document;
  return { ...rest, source: rest.source ?? ANALYSIS_SOURCE };
}

/** True for an incident that repeats one of another event: that one counts. */
export function isRepeat({ metadata }: Pick<NewIncident, 'metadata'>): boolean {
  return typeof metadata.same_as === 'number';
}

/** `same_as` of a repeat whose incident goes: what that one repeated itself. Empty: it counts again. */
export function repeatedInstead(
  { incident_id }: Pick<IncidentDocument, 'incident_id'>,
  removed: Pick<IncidentDocument, 'metadata'>,
): { same_as?: number } {
  const { same_as } = removed.metadata;
  return typeof same_as === 'number' && same_as !== incident_id ? { same_as } : {};
}

/** A finding that is written again by itself says nothing of what it repeats: that only changes with an analysis. */
export function withRepeatOf(
  finding: IncidentWithSamples,
  stored: Pick<IncidentDocument, 'metadata'>,
): IncidentWithSamples {
  const { same_as } = stored.metadata;
  const { same_as: _, ...metadata } = finding.incident.metadata;
  const kept = same_as === undefined ? metadata : { ...metadata, same_as };
  return { ...finding, incident: { ...finding.incident, metadata: kept } };
}

/** What repeats an incident begins no further from it. */
const REPEATS_WITHIN_MS = 1_200_000;

/** Where the repeats of an incident are looked for. */
export function repeatsWithin({ start_timestamp_ms: startMs }: Pick<NewIncident, 'start_timestamp_ms'>): {
  fromMs: number;
  toMs: number;
} {
  return { fromMs: startMs - REPEATS_WITHIN_MS, toMs: startMs + REPEATS_WITHIN_MS };
}

export function incidentFile(incidentId: number): string {
  return `incident_${incidentId}`;
}

/** Measurements of longer incidents are not prolonged: their trends are. */
const MEASUREMENTS_PROLONGED_MS = 600_000;

/** The span whose data live as long as the incident; one that goes on is of its measurements so far. */
export function livingSpan({
  end_timestamp_ms: endMs,
  measurements,
  start_timestamp_ms: startMs,
}: NewIncident): {
  startMs: number;
  endMs: number;
  withMeasurements: boolean;
} {
  const last = measurements.at(-1)?.timestamp_ms ?? startMs;
  const end = endMs === GOES_ON ? last : endMs;
  return {
    startMs: Math.floor(startMs),
    endMs: Math.ceil(end),
    withMeasurements: end - startMs <= MEASUREMENTS_PROLONGED_MS,
  };
}
