/** Incidents as text for people. */
import { GOES_ON } from '../store/incidents.js';
import type { IncidentDocument, NewIncident } from '../store/store.js';
import { type Column, clean } from './output.js';
import { describeDetails } from './status-text.js';
import { isoTime } from './time.js';

const UNITS: Readonly<Record<string, string>> = {
  VOLTAGE: 'V',
  FREQUENCY: 'Hz',
  THD: '%',
  TRANSIENT: 'V',
};

/** The classes; a class of our own stands for UNDEFINED. */
export function classesOf({
  classifications,
  metadata,
}: Pick<NewIncident, 'classifications' | 'metadata'>): string {
  const own = typeof metadata.class === 'string' ? metadata.class : undefined;
  return classifications.map((name) => (name === 'UNDEFINED' && own !== undefined ? own : name)).join(', ');
}

/** Signed, in the unit of the quantity. */
export function deviationOf({
  deviation_from_nominal: deviation,
  measurement_type: quantity,
}: Pick<NewIncident, 'deviation_from_nominal' | 'measurement_type'>): string {
  const sign = deviation > 0 ? '+' : '';
  return `${sign}${Number(deviation.toPrecision(4))} ${UNITS[quantity] ?? ''}`.trimEnd();
}

export function durationOf({
  end_timestamp_ms: endMs,
  start_timestamp_ms: startMs,
}: Pick<NewIncident, 'start_timestamp_ms' | 'end_timestamp_ms'>): string {
  return endMs === GOES_ON ? 'goes on' : ((endMs - startMs) / 1000).toFixed(3);
}

export function incidentColumns(): Column<IncidentDocument>[] {
  return [
    { title: 'incident', value: (one) => one.incident_id, right: true },
    { title: 'start (UTC)', value: (one) => isoTime(one.start_timestamp_ms) },
    { title: 'seconds', value: durationOf, right: true },
    { title: 'box', value: (one) => one.box_id },
    { title: 'location', value: (one) => one.location },
    { title: 'classes', value: classesOf },
    { title: 'deviation', value: deviationOf, right: true },
    { title: 'event', value: (one) => (one.event_id < 0 ? '' : one.event_id), right: true },
  ];
}

/** @param remarks of the analysis of its waveform */
export function incidentText(incident: IncidentDocument, remarks: readonly string[]): string {
  const { group } = incident;
  const lines = [
    `incident ${incident.incident_id}: ${classesOf(incident)}`,
    `  box          ${incident.box_id}, location ${incident.location}`,
    `  start        ${isoTime(incident.start_timestamp_ms)}`,
    `  seconds      ${durationOf(incident)} (IEEE 1159: ${incident.ieee_duration})`,
    `  deviation    ${deviationOf(incident)}`,
    `  event        ${incident.event_id < 0 ? 'none' : incident.event_id}`,
    `  found by     ${incident.source ?? 'another program'}`,
    ...(group === undefined ? [] : [`  group        ${group.group_id} (${group.scope}): ${group.sentence}`]),
    `  measurements ${incident.measurements.length}`,
    ...incident.annotations.map((remark) => `  annotation   ${remark}`),
    ...remarks.map((remark) => `  remark       ${remark}`),
    '',
    ...describeDetails(incident.metadata).map((line) => `  ${line}`),
  ];
  return `${lines.map(clean).join('\n')}\n`;
}
