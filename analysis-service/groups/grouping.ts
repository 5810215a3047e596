/** Which incidents belong together: the same quantity in the same direction, at the same time. */
import type { IncidentDocument } from '../../store/store.js';
import type { ClockError } from '../clocks/clocks.js';

/** Clocks of boxes that are right differ by so much, and so does the time at which a disturbance reaches them, ms. */
const CLOCK_TOLERANCE_MS = 100;

/** What a group takes of an incident. A flood of whole ones would fill the memory. */
export type GroupedIncident = Pick<
  IncidentDocument,
  | 'incident_id'
  | 'event_id'
  | 'box_id'
  | 'start_timestamp_ms'
  | 'end_timestamp_ms'
  | 'measurement_type'
  | 'deviation_from_nominal'
  | 'classifications'
  | 'metadata'
> & {
  /** of the group that it belongs to already */
  groupId?: number;
};

export interface OpenGroup {
  incidents: Map<number, GroupedIncident>;
  /** by our clock, as far as the clocks of the boxes are known */
  startMs: number;
  endMs: number;
  /** quantity and direction */
  kind: string;
  /** when its first incident came, monotonic ms */
  openedMs: number;
  /** it is settled; what joins it opens it again */
  settled: boolean;
}

const VALUES = ['worst', 'nominal_voltage_v', 'clock_offset_ms', 'clock_uncertainty_ms', 'class'] as const;
/** Of objects in `metadata` one field. */
const FIELDS = { itic: 'region', semi_f47: 'required' } as const;

/** What a group and its sentence need, and nothing more. */
export function slim(incident: IncidentDocument): GroupedIncident {
  const metadata: IncidentDocument['metadata'] = {};
  for (const name of VALUES) {
    const value = incident.metadata[name];
    if (value !== undefined) metadata[name] = value;
  }
  for (const [name, field] of Object.entries(FIELDS)) {
    const value = incident.metadata[name];
    if (typeof value === 'object' && value !== null) metadata[name] = { [field]: Reflect.get(value, field) };
  }
  return {
    incident_id: incident.incident_id,
    event_id: incident.event_id,
    box_id: incident.box_id,
    start_timestamp_ms: incident.start_timestamp_ms,
    end_timestamp_ms: incident.end_timestamp_ms,
    measurement_type: incident.measurement_type,
    deviation_from_nominal: incident.deviation_from_nominal,
    classifications: incident.classifications,
    metadata,
    ...(incident.group === undefined ? {} : { groupId: incident.group.group_id }),
  };
}

/** A sag and an interruption are one kind: voltage downward. */
export function kindOf({
  classifications,
  deviation_from_nominal: deviation,
  measurement_type: quantity,
}: GroupedIncident): string {
  if (quantity === 'VOLTAGE' && classifications.length === 1 && classifications[0] === 'UNDEFINED')
    return 'RAPID_VOLTAGE_CHANGE';
  const hasDirection = quantity === 'VOLTAGE' || quantity === 'FREQUENCY';
  return hasDirection ? `${quantity} ${deviation < 0 ? 'down' : 'up'}` : quantity;
}

/** When the incident began by our clock: its time less what the clock of its box is known to be off, Unix ms. */
export function startOf(incident: GroupedIncident): number {
  return incident.start_timestamp_ms - clockOf(incident).offsetMs;
}

/** Between which times it lies by our clock, as wide as the clock of its box is uncertain. */
function spanOf(incident: GroupedIncident): { startMs: number; endMs: number } {
  const { offsetMs, uncertaintyMs } = clockOf(incident);
  return {
    startMs: incident.start_timestamp_ms - offsetMs - uncertaintyMs,
    endMs: incident.end_timestamp_ms - offsetMs + uncertaintyMs,
  };
}

/** As it was known when the incident was found. */
function clockOf({ metadata }: GroupedIncident): ClockError {
  const { clock_offset_ms: offsetMs, clock_uncertainty_ms: uncertaintyMs } = metadata;
  const isKnown = typeof offsetMs === 'number' && typeof uncertaintyMs === 'number';
  return isKnown ? { offsetMs, uncertaintyMs } : { offsetMs: 0, uncertaintyMs: 0 };
}

/** Of the groups, those that the incident belongs to. Looked through for each incident: what can be known before is. */
export function overlapping(groups: readonly OpenGroup[], incident: GroupedIncident): OpenGroup[] {
  const kind = kindOf(incident);
  const span = spanOf(incident);
  const startMs = span.startMs - CLOCK_TOLERANCE_MS;
  const endMs = span.endMs + CLOCK_TOLERANCE_MS;
  return groups.filter((group) => startMs <= group.endMs && endMs >= group.startMs && group.kind === kind);
}

export function newGroup(incident: GroupedIncident, openedMs: number): OpenGroup {
  return {
    incidents: new Map([[incident.incident_id, incident]]),
    ...spanOf(incident),
    kind: kindOf(incident),
    openedMs,
    settled: false,
  };
}

export function addTo(group: OpenGroup, incident: GroupedIncident): void {
  group.incidents.set(incident.incident_id, incident);
  const { endMs, startMs } = spanOf(incident);
  group.startMs = Math.min(group.startMs, startMs);
  group.endMs = Math.max(group.endMs, endMs);
}

/** The incident that lies farthest off, in pu where that is known. */
export function farthest(incidents: readonly GroupedIncident[]): GroupedIncident | undefined {
  return incidents.reduce<GroupedIncident | undefined>(
    (best, one) => (best === undefined || depthOf(one) > depthOf(best) ? one : best),
    undefined,
  );
}

/** How far off: in pu for voltage, else in the unit of the quantity. */
export function depthOf({
  deviation_from_nominal: deviation,
  measurement_type: quantity,
  metadata,
}: GroupedIncident): number {
  const nominal = metadata.nominal_voltage_v;
  const scale = quantity === 'VOLTAGE' && typeof nominal === 'number' && nominal > 0 ? nominal : 1;
  return Math.abs(deviation) / scale;
}
