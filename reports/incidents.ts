/** Incidents as a report lists and plots them, also those that the existing analysis service wrote. */
import { en50160Cell, type IticRegion, iticRegion, semiF47 } from '../signal/classify/index.js';
import type { Reference } from '../store/reference.js';
import type { IncidentDocument } from '../store/store.js';
import type { Span } from './windows.js';

/** A voltage for a time, as a curve is judged by it. */
export interface CurvePoint {
  percent: number;
  seconds: number;
}

export interface ReportIncident {
  incident_id: number;
  event_id: number;
  box_id: string;
  location: string;
  start_ms: number;
  /** undefined: it goes on, or nobody knows */
  end_ms?: number;
  measurement_type: string;
  classifications: string[];
  ieee_duration: string;
  /** signed, in the unit of the quantity */
  deviation: number;
  /** per unit of nominal, of voltage incidents */
  magnitude_pu?: number;
  duration_s?: number;
  en50160_cell?: string;
  itic?: CurvePoint & { region: IticRegion };
  semi_f47?: CurvePoint & { required: 'kept' | 'violated'; recommended: 'kept' | 'violated' };
  /** lowest incident id of those at other boxes at the same time */
  group?: number;
}

const VOLTAGE_EVENTS = ['VOLTAGE_SAG', 'VOLTAGE_SWELL', 'VOLTAGE_INTERRUPTION'];

/** Sags, swells and interruptions, up to a minute or longer. */
export function isVoltageEvent({ classifications }: Pick<ReportIncident, 'classifications'>): boolean {
  return classifications.some((name) => VOLTAGE_EVENTS.includes(name));
}

/** @param reference of the box at that time; the nominal voltage by which the incident was found wins */
export function reportIncident(document: IncidentDocument, reference: Reference): ReportIncident {
  const {
    deviation_from_nominal: deviation,
    end_timestamp_ms,
    group,
    metadata,
    start_timestamp_ms,
  } = document;
  const incident: ReportIncident = {
    incident_id: document.incident_id,
    event_id: document.event_id,
    box_id: document.box_id,
    location: document.location,
    start_ms: start_timestamp_ms,
    measurement_type: document.measurement_type,
    classifications: [...document.classifications],
    ieee_duration: document.ieee_duration,
    deviation,
  };
  if (group !== undefined) incident.group = group.group_id;
  if (end_timestamp_ms >= start_timestamp_ms) {
    incident.end_ms = end_timestamp_ms;
    incident.duration_s = numberIn(metadata, 'duration_s') ?? (end_timestamp_ms - start_timestamp_ms) / 1000;
  }
  if (document.measurement_type === 'VOLTAGE') addVoltage(incident, metadata, reference);
  return incident;
}

function addVoltage(incident: ReportIncident, metadata: Record<string, unknown>, reference: Reference): void {
  const pu =
    numberIn(metadata, 'residual_pu') ??
    numberIn(metadata, 'swell_pu') ??
    1 + incident.deviation / (numberIn(metadata, 'nominal_voltage_v') ?? reference.voltage);
  // Without the voltage the existing analysis service writes -1 or a mean; what cannot be a magnitude is none.
  if (!Number.isFinite(pu) || pu < 0) return;
  incident.magnitude_pu = pu;
  const { duration_s: seconds } = incident;
  if (seconds === undefined || seconds <= 0) return;
  const cell = metadata.en50160_cell;
  const known = typeof cell === 'string' ? cell : en50160Cell(pu, seconds);
  if (known !== undefined) incident.en50160_cell = known;
  const itic = pointIn(metadata.itic) ?? { percent: 100 * pu, seconds };
  incident.itic = { ...itic, region: iticRegion(itic.percent, itic.seconds) };
  if (pu >= 0.9) return;
  // Our metadata name a point where one violates a curve.
  const semi = pointIn(metadata.semi_f47) ?? { percent: 100 * pu, seconds };
  const { required, recommended } = semiF47(
    [{ pu: semi.percent / 100, seconds: semi.seconds }],
    reference.frequency,
  );
  const said = recordOf(metadata.semi_f47);
  incident.semi_f47 = {
    ...semi,
    required: verdictIn(said.required) ?? required,
    recommended: verdictIn(said.recommended) ?? recommended,
  };
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const verdictIn = (value: unknown): 'kept' | 'violated' | undefined =>
  value === 'kept' || value === 'violated' ? value : undefined;

function numberIn(fields: Record<string, unknown>, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function pointIn(value: unknown): CurvePoint | undefined {
  const fields = recordOf(value);
  const [percent, seconds] = [numberIn(fields, 'percent'), numberIn(fields, 'seconds')];
  return percent === undefined || seconds === undefined || seconds <= 0 ? undefined : { percent, seconds };
}

/** Time of an incident; of one that goes on, up to `untilMs`. */
export function spanOf(incident: ReportIncident, untilMs: number): Span {
  return { startMs: incident.start_ms, endMs: incident.end_ms ?? untilMs };
}

/** How many incidents lie in each cell of the event tables of EN 50160; grouped ones count once a box. */
export function cellCounts(incidents: readonly ReportIncident[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { en50160_cell: cell } of incidents) {
    if (cell !== undefined) counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return counts;
}
