/** A group of incidents in one sentence. */
import type { IncidentDocument } from '../../store/store.js';

export interface SentenceFacts {
  /** the deepest */
  incident: IncidentDocument;
  /** boxes with the disturbance, and those that were heard at the time */
  affected: number;
  heard: number;
}

/** Such as "Voltage sag to 0.72 pu for 0.18 s at 14 of 15 boxes, deepest at 1006, ITIC: no interruption; SEMI F47: passed". */
export function groupSentence({ affected, heard, incident }: SentenceFacts): string {
  const where =
    affected === 1
      ? `at box ${incident.box_id}, 1 of ${heard} ${heard === 1 ? 'box' : 'boxes'}`
      : `at ${affected} of ${heard} boxes, ${deepest(incident)} at ${incident.box_id}`;
  return `${what(incident)} ${where}${curves(incident)}`;
}

function deepest({
  deviation_from_nominal: deviation,
  measurement_type: quantity,
}: IncidentDocument): string {
  return quantity === 'VOLTAGE' && deviation < 0 ? 'deepest' : 'largest';
}

function what(incident: IncidentDocument): string {
  const { classifications, end_timestamp_ms: endMs, metadata, start_timestamp_ms: startMs } = incident;
  const duration = `for ${seconds((endMs - startMs) / 1000)}`;
  const worst = typeof metadata.worst === 'number' ? metadata.worst : Number.NaN;
  switch (incident.measurement_type) {
    case 'VOLTAGE':
      return `${voltageName(incident)} to ${perUnit(incident)} pu ${duration}`;
    case 'FREQUENCY':
      return `${incident.deviation_from_nominal < 0 ? 'Underfrequency' : 'Overfrequency'} to ${worst.toFixed(2)} Hz ${duration}`;
    case 'THD':
      return `THD of ${worst.toFixed(1)} % ${duration}`;
    default:
      return `${words(classifications[0] ?? 'transient')} of ${Math.abs(worst).toFixed(0)} V`;
  }
}

function voltageName({
  classifications,
  deviation_from_nominal: deviation,
  metadata,
}: IncidentDocument): string {
  const has = (name: string): boolean => classifications.includes(name);
  if (has('VOLTAGE_INTERRUPTION')) return 'Interruption';
  if (has('UNDERVOLTAGE')) return 'Undervoltage';
  if (has('OVERVOLTAGE')) return 'Overvoltage';
  if (has('UNDEFINED') && typeof metadata.class === 'string') return words(metadata.class);
  return deviation < 0 ? 'Voltage sag' : 'Voltage swell';
}

/** The voltage that lies farthest off, in pu of nominal. */
export function perUnit({ deviation_from_nominal: deviation, metadata }: IncidentDocument): string {
  const { nominal_voltage_v: nominal } = metadata;
  return typeof nominal === 'number' && nominal > 0 ? (1 + deviation / nominal).toFixed(2) : '?';
}

function curves({ measurement_type: quantity, metadata }: IncidentDocument): string {
  if (quantity !== 'VOLTAGE') return '';
  const region = fieldOf(metadata.itic, 'region');
  const required = fieldOf(metadata.semi_f47, 'required');
  const parts = [
    ...(region === undefined ? [] : [`ITIC: ${region}`]),
    ...(required === undefined ? [] : [`SEMI F47: ${required === 'kept' ? 'passed' : 'failed'}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join('; ')}`;
}

function fieldOf(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const field: unknown = Reflect.get(value, name);
  return typeof field === 'string' ? field : undefined;
}

/** "OSCILLATORY_TRANSIENT" as "Oscillatory transient". */
function words(name: string): string {
  const text = name.toLowerCase().replaceAll('_', ' ');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} s`;
}
