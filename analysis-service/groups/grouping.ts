/** Which incidents belong together: the same quantity in the same direction, at the same time. */
import type { IncidentDocument } from '../../store/store.js';
import type { ClockError } from '../clocks/clocks.js';

/** Clocks of boxes that are right differ by so much, and so does the time at which a disturbance reaches them, ms. */
const CLOCK_TOLERANCE_MS = 100;

/** What a group remembers of an incident. A flood of whole ones would fill the memory: the deepest is read again for the sentence. */
export interface GroupedIncident {
  incidentId: number;
  eventId: number;
  boxId: string;
  /** by our clock: its times less what the clock of its box is known to be off, Unix ms */
  startMs: number;
  endMs: number;
  /** of the clock, ms */
  uncertaintyMs: number;
  /** quantity and direction */
  kind: string;
  /** how far off: in pu for voltage, else in the unit of the quantity */
  depth: number;
  /** of the group that it belongs to already */
  groupId: number | undefined;
}

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
  /** incidents of it may be stored that were not given to this service: they are read before it settles */
  isUnread: boolean;
}

/** What a group needs, and nothing more. */
export function slim(incident: IncidentDocument): GroupedIncident {
  const { offsetMs, uncertaintyMs } = clockOf(incident);
  return {
    incidentId: incident.incident_id,
    eventId: incident.event_id,
    boxId: shared(incident.box_id),
    startMs: incident.start_timestamp_ms - offsetMs,
    endMs: incident.end_timestamp_ms - offsetMs,
    uncertaintyMs,
    kind: shared(kindOf(incident)),
    depth: depthOf(incident),
    groupId: incident.group?.group_id,
  };
}

const MOST_SHARED = 10_000;
const strings = new Map<string, string>();

/** The same text as one string: each incident has its own. */
function shared(text: string): string {
  const known = strings.get(text);
  if (known !== undefined) return known;
  if (strings.size >= MOST_SHARED) strings.clear();
  strings.set(text, text);
  return text;
}

/** A sag and an interruption are one kind: voltage downward. */
function kindOf({
  classifications,
  deviation_from_nominal: deviation,
  measurement_type: quantity,
}: IncidentDocument): string {
  if (quantity === 'VOLTAGE' && classifications.length === 1 && classifications[0] === 'UNDEFINED')
    return 'RAPID_VOLTAGE_CHANGE';
  const hasDirection = quantity === 'VOLTAGE' || quantity === 'FREQUENCY';
  return hasDirection ? `${quantity} ${deviation < 0 ? 'down' : 'up'}` : quantity;
}

/** Between which times it lies by our clock, as wide as the clock of its box is uncertain. */
function spanOf({ endMs, startMs, uncertaintyMs }: GroupedIncident): { startMs: number; endMs: number } {
  return { startMs: startMs - uncertaintyMs, endMs: endMs + uncertaintyMs };
}

/** As it was known when the incident was found. */
function clockOf({ metadata }: IncidentDocument): ClockError {
  const { clock_offset_ms: offsetMs, clock_uncertainty_ms: uncertaintyMs } = metadata;
  const isKnown = typeof offsetMs === 'number' && typeof uncertaintyMs === 'number';
  return isKnown ? { offsetMs, uncertaintyMs } : { offsetMs: 0, uncertaintyMs: 0 };
}

/** Of the groups, those that the incident belongs to. Looked through for each incident: what can be known before is. */
export function overlapping(groups: readonly OpenGroup[], incident: GroupedIncident): OpenGroup[] {
  const { kind } = incident;
  const span = spanOf(incident);
  const startMs = span.startMs - CLOCK_TOLERANCE_MS;
  const endMs = span.endMs + CLOCK_TOLERANCE_MS;
  return groups.filter((group) => startMs <= group.endMs && endMs >= group.startMs && group.kind === kind);
}

export function newGroup(incident: GroupedIncident, openedMs: number): OpenGroup {
  return {
    incidents: new Map([[incident.incidentId, incident]]),
    ...spanOf(incident),
    kind: incident.kind,
    openedMs,
    settled: false,
    isUnread: false,
  };
}

export function addTo(group: OpenGroup, incident: GroupedIncident): void {
  group.incidents.set(incident.incidentId, incident);
  const { endMs, startMs } = spanOf(incident);
  group.startMs = Math.min(group.startMs, startMs);
  group.endMs = Math.max(group.endMs, endMs);
}

/** The incident that lies farthest off, in pu where that is known. */
export function farthest(incidents: readonly GroupedIncident[]): GroupedIncident | undefined {
  return incidents.reduce<GroupedIncident | undefined>(
    (best, one) => (best === undefined || one.depth > best.depth ? one : best),
    undefined,
  );
}

function depthOf({
  deviation_from_nominal: deviation,
  measurement_type: quantity,
  metadata,
}: IncidentDocument): number {
  const nominal = metadata.nominal_voltage_v;
  const scale = quantity === 'VOLTAGE' && typeof nominal === 'number' && nominal > 0 ? nominal : 1;
  return Math.abs(deviation) / scale;
}

export function eventsOf({ incidents }: OpenGroup): Set<number> {
  return new Set([...incidents.values()].map(({ eventId }) => eventId));
}
