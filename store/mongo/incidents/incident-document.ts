/** Incidents as MongoDB holds them: fields and types of the existing analysis service, which the web view reads. */
import { Binary, type Document, Double, Int32, Long, ObjectId } from 'mongodb';
import { METRIC_FIELD, METRICS } from '../../../proto/columns.js';
import type { IncidentDocument, IncidentGroup, IncidentMeasurement } from '../../documents.js';
import { UNKNOWN_INCIDENT_LOCATION } from '../../incidents.js';
import { boxIdOf, double, int32, int64, listOf, numberOf, recordOf, textOf } from '../fields/bson.js';
import { expireAtOf } from '../measurements/measurement-document.js';

const METRIC_FIELDS = METRICS.map((metric) => METRIC_FIELD[metric]);

/** All fields but the id and when it expires. */
export function incidentFields(incident: IncidentDocument): Document {
  return {
    incident_id: int32(incident.incident_id),
    event_id: int32(incident.event_id),
    box_id: incident.box_id,
    start_timestamp_ms: int64(incident.start_timestamp_ms),
    end_timestamp_ms: int64(incident.end_timestamp_ms),
    location: incident.location,
    measurement_type: incident.measurement_type,
    deviation_from_nominal: double(incident.deviation_from_nominal),
    measurements: incident.measurements.map(measurementFields),
    gridfs_filename: incident.gridfs_filename,
    classifications: [...incident.classifications],
    ieee_duration: incident.ieee_duration,
    metadata: metadataOf(incident.metadata),
    ...(incident.source === undefined ? {} : { source: incident.source }),
    ...(incident.group === undefined ? {} : { group: groupFields(incident.group) }),
  };
}

function measurementFields(measurement: IncidentMeasurement): Document {
  const fields: Document = { ...measurement, timestamp_ms: int64(measurement.timestamp_ms) };
  for (const field of METRIC_FIELDS) {
    const value = measurement[field];
    if (value !== undefined) fields[field] = double(value);
  }
  const { extremes, reported_timestamp_ms: reported } = measurement;
  if (extremes !== undefined) fields.extremes = metadataOf(extremes);
  if (reported !== undefined) fields.reported_timestamp_ms = int64(reported);
  return fields;
}

export function groupFields(group: IncidentGroup): Document {
  return {
    ...group,
    group_id: int32(group.group_id),
    incident_ids: group.incident_ids.map(int32),
    boxes_heard: int32(group.boxes_heard),
    spread_ms: double(group.spread_ms),
    spread_depth: double(group.spread_depth),
  };
}

/** Numbers as doubles, whatever their value: a reader in another language sees one type. */
function metadataOf(value: unknown): unknown {
  if (typeof value === 'number') return double(value);
  if (Array.isArray(value)) return value.map(metadataOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, metadataOf(part)]));
}

/** A stored incident, also one of the existing analysis service; what is missing or of another type is left out or empty. */
export function incidentOf(document: Document): IncidentDocument {
  const source = textOf(document.source);
  const group = recordOf(document.group);
  return {
    incident_id: numberOf(document.incident_id) ?? 0,
    event_id: numberOf(document.event_id) ?? Number(textOf(document.event_id) ?? -1),
    box_id: boxIdOf(document.box_id) ?? '',
    start_timestamp_ms: numberOf(document.start_timestamp_ms) ?? 0,
    end_timestamp_ms: numberOf(document.end_timestamp_ms) ?? 0,
    location: textOf(document.location) ?? UNKNOWN_INCIDENT_LOCATION,
    measurement_type: textOf(document.measurement_type) ?? '',
    deviation_from_nominal: numberOf(document.deviation_from_nominal) ?? 0,
    measurements: listOf(document.measurements, (one) => plain(one) as IncidentMeasurement | undefined),
    gridfs_filename: textOf(document.gridfs_filename) ?? '',
    classifications: listOf(document.classifications, textOf),
    ieee_duration: textOf(document.ieee_duration) ?? 'UNDEFINED',
    annotations: listOf(document.annotations, textOf),
    metadata: recordOf(plain(recordOf(document.metadata))),
    expire_at: numberOf(document.expire_at) ?? expireAtOf(document),
    ...(source === undefined ? {} : { source }),
    ...(numberOf(group.group_id) === undefined ? {} : { group: plain(group) as IncidentGroup }),
  };
}

/** BSON values as JSON ones; ids and dates as text, bytes left out. */
function plain(value: unknown): unknown {
  if (value instanceof Int32 || value instanceof Double || Long.isLong(value) || typeof value === 'bigint')
    return numberOf(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Binary || value === null) return undefined;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .filter(([key]) => key !== '_id')
    .map(([key, part]) => [key, plain(part)] as const);
  return Object.fromEntries(entries.filter(([, part]) => part !== undefined));
}
