/** What the page says and draws of an incident: its kind, how severe it is, and its point in the charts. */
import { en50160Cell } from '../../signal/browser.js';
import type { Incident } from '../../web-service/api/index.js';

/** Each kind has its own colour and its own marker: colour is never the only signal. */
export type Kind =
  | 'sag'
  | 'swell'
  | 'interruption'
  | 'frequency'
  | 'distortion'
  | 'transient'
  | 'outage'
  | 'other';

export const KINDS: readonly Kind[] = [
  'sag',
  'swell',
  'interruption',
  'frequency',
  'distortion',
  'transient',
  'outage',
  'other',
];

export type Severity = 'neutral' | 'notice' | 'warning' | 'critical';

/** What the page uses of an incident of the API. */
export type IncidentFacts = Pick<
  Incident,
  | 'incident_id'
  | 'event_id'
  | 'box_id'
  | 'start_timestamp_ms'
  | 'end_timestamp_ms'
  | 'location'
  | 'measurement_type'
  | 'deviation_from_nominal'
  | 'classifications'
  | 'ieee_duration'
  | 'metadata'
  | 'annotations'
  | 'group'
  | 'figures'
>;

export function kindOf({
  classifications,
  measurement_type,
}: Pick<IncidentFacts, 'classifications' | 'measurement_type'>): Kind {
  const has = (part: string): boolean => classifications.some((one) => one.includes(part));
  if (has('OUTAGE')) return 'outage';
  if (has('VOLTAGE_INTERRUPTION')) return 'interruption';
  if (has('VOLTAGE_SAG') || has('UNDERVOLTAGE')) return 'sag';
  if (has('VOLTAGE_SWELL') || has('OVERVOLTAGE')) return 'swell';
  if (measurement_type === 'FREQUENCY') return 'frequency';
  if (measurement_type === 'THD') return 'distortion';
  return measurement_type === 'TRANSIENT' ? 'transient' : 'other';
}

export function severityOf(incident: IncidentFacts): Severity {
  const has = (name: string): boolean => incident.classifications.includes(name);
  if (has('ITIC_PROHIBITED') || has('OUTAGE') || has('VOLTAGE_INTERRUPTION')) return 'critical';
  if (has('ITIC_NO_DAMAGE') || has('SEMI_F47_VIOLATION') || has('FREQUENCY_INTERRUPTION')) return 'warning';
  return kindOf(incident) === 'other' ? 'neutral' : 'notice';
}

/**
 * What a page of incidents, newest first, does not show: it holds `count` of them, from `fromMs` on; those before are missing.
 * @returns undefined where it is whole
 */
export function cutOf({
  items,
  next,
}: {
  items: readonly Pick<IncidentFacts, 'start_timestamp_ms'>[];
  next?: string | undefined;
}): { count: number; fromMs: number } | undefined {
  const last = items.at(-1);
  return next === undefined || last === undefined
    ? undefined
    : { count: items.length, fromMs: last.start_timestamp_ms };
}

const RANK: Record<Severity, number> = { neutral: 0, notice: 1, warning: 2, critical: 3 };

export function worstSeverity(incidents: readonly IncidentFacts[]): Severity {
  return incidents
    .map(severityOf)
    .reduce<Severity>((worst, one) => (RANK[one] > RANK[worst] ? one : worst), 'neutral');
}

/** Seconds; undefined while it goes on. */
export function durationSeconds(
  incident: Pick<IncidentFacts, 'figures' | 'start_timestamp_ms' | 'end_timestamp_ms'>,
): number | undefined {
  const { end_timestamp_ms: endMs, figures, start_timestamp_ms: startMs } = incident;
  return figures.duration_s ?? (endMs < startMs ? undefined : (endMs - startMs) / 1000);
}

/** How deep, 0 to 1, for the height of a mark: share of nominal voltage that is missing or too much; other kinds have a middle height. */
export function depthOf(incident: IncidentFacts): number {
  const kind = kindOf(incident);
  if (kind === 'outage' || kind === 'interruption') return 1;
  const pu = incident.figures.magnitude_pu;
  return pu === undefined ? 0.35 : Math.min(1, Math.max(0.15, Math.abs(1 - pu)));
}

/** A point of the ITIC and SEMI F47 charts. */
export interface CurvePoint {
  seconds: number;
  percent: number;
  incident: IncidentFacts;
}

/** Voltage incidents as points; those without magnitude or duration have none. */
export function curvePoints(incidents: readonly IncidentFacts[]): CurvePoint[] {
  return incidents.flatMap((incident): CurvePoint[] => {
    const pu = incident.figures.magnitude_pu;
    const seconds = durationSeconds(incident);
    return pu === undefined || seconds === undefined || seconds <= 0
      ? []
      : [{ seconds, percent: pu * 100, incident }];
  });
}

/** The plugin's own name for a finding outside the list of classes. */
export function ownClass(incident: Pick<IncidentFacts, 'metadata'>): string | undefined {
  const name = incident.metadata.class;
  return typeof name === 'string' ? name : undefined;
}

/** True for an incident that repeats one of another event: that one counts. */
export function isRepeat(incident: Pick<IncidentFacts, 'metadata'>): boolean {
  return typeof incident.metadata.same_as === 'number';
}

/** Rows of EN 50160's table of sags and columns in ms, in the order in which they are shown. */
export const CELL_ROWS = ['A', 'B', 'C', 'D', 'X'] as const;
export const SWELL_ROWS = ['S', 'T'] as const;

/** How many incidents fall into each cell (`A1` ... `X5`, `S1` ... `T3`); those outside of the tables are counted in `outside`. */
export function cellCounts(points: readonly CurvePoint[]): { cells: Map<string, number>; outside: number } {
  const cells = new Map<string, number>();
  let outside = 0;
  for (const { incident, percent, seconds } of points) {
    const cell = incident.figures.en50160_cell ?? en50160Cell(percent / 100, seconds);
    if (cell === undefined) outside += 1;
    else cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  return { cells, outside };
}

/** Incidents that happened together as one line: by group, the others alone; newest first. */
export interface IncidentLine<T extends IncidentFacts = IncidentFacts> {
  key: string;
  incidents: T[];
  startMs: number;
  /** the sentence of the group, where there is one */
  sentence: string | undefined;
}

export function groupedLines<T extends IncidentFacts>(incidents: readonly T[]): IncidentLine<T>[] {
  const lines = new Map<string, IncidentLine<T>>();
  for (const incident of incidents) {
    const key = incident.group === undefined ? `i${incident.incident_id}` : `g${incident.group.group_id}`;
    const line = lines.get(key);
    if (line === undefined) {
      lines.set(key, {
        key,
        incidents: [incident],
        startMs: incident.start_timestamp_ms,
        sentence: incident.group?.sentence,
      });
    } else {
      line.incidents.push(incident);
      line.startMs = Math.min(line.startMs, incident.start_timestamp_ms);
    }
  }
  return [...lines.values()].sort((a, b) => b.startMs - a.startMs);
}

/** The incident that stands for a line: the most severe, then the deepest. */
export function leading<T extends IncidentFacts>(incidents: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const one of incidents) {
    const better =
      best === undefined ||
      RANK[severityOf(one)] > RANK[severityOf(best)] ||
      (severityOf(one) === severityOf(best) && depthOf(one) > depthOf(best));
    if (better) best = one;
  }
  return best;
}
