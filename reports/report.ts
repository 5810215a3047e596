/** Puts a report together from what is stored. */
import { MakaiError } from '../common/errors.js';
import { VERSION } from '../common/version.js';
import { locationOf } from '../store/boxes.js';
import { calibrationAt, referencePart } from '../store/calibration.js';
import { GOES_ON, isRepeat, NO_EVENT } from '../store/incidents.js';
import { type Reference, References, referenceData } from '../store/reference.js';
import type {
  AggregateDocument,
  AggregateReader,
  BoxDocument,
  BoxReader,
  IncidentDocument,
  IncidentReader,
} from '../store/store.js';
import { en50160, en50160Values } from './en50160.js';
import { ieee519 } from './ieee519.js';
import { isVoltageEvent, type ReportIncident, reportIncident, spanOf } from './incidents.js';
import type { StatementItem, WeekStatement } from './statement.js';
import {
  type JudgedWindow,
  judgedWindows,
  pieces,
  type Span,
  TEN_MINUTES_MS,
  WEEK_MS,
  within,
} from './windows.js';

export interface Report {
  /** the span that is judged: whole ten minutes, none of them in the future */
  from_ms: number;
  to_ms: number;
  /** the span of `incidents`: what was asked for, up to the moment of the report */
  incidents_from_ms: number;
  incidents_to_ms: number;
  generated_ms: number;
  makai_version: string;
  /** what was asked for; absent: all boxes */
  box_id?: string;
  location?: string;
  boxes: BoxReport[];
  /** in order of time */
  incidents: ReportIncident[];
}

export interface BoxReport {
  box_id: string;
  name?: string;
  location: string;
  nominal_voltage: number;
  nominal_frequency: number;
  availability: Availability;
  en50160: WeekStatement[];
  ieee519: { start_ms: number; end_ms: number; items: StatementItem[] }[];
  /** ten-minute windows in order of time; `fate` says whether statements judge them */
  windows: (AggregateDocument & { fate: JudgedWindow['fate'] })[];
}

export interface Availability {
  /** share of the span that is measured, 0 to 1 */
  measured: number;
  /** ten-minute windows of the span, and those without any measurement */
  windows: number;
  missing: number;
  /** incidents of class OUTAGE */
  outages: number;
  outage_ms: number;
}

export type ReportStore = AggregateReader & BoxReader & Pick<IncidentReader, 'incidents'>;

export interface ReportOptions {
  span: Span;
  boxId?: string | undefined;
  location?: string | undefined;
  /** what holds where the store names no reference */
  reference?: Reference | undefined;
  nowMs: number;
}

/** A sag or another finding may have begun so long before the span and reach into it; an outage may last longer. */
const LONGEST_INCIDENT_MS = WEEK_MS;

/** @throws MakaiError NOT_FOUND for a box or location that nothing is stored of; what the store says */
export async function readReport(
  store: ReportStore & { boxIdsWithData(): Promise<string[]> },
  options: ReportOptions,
): Promise<Report> {
  const { boxId, location, nowMs } = options;
  const span = wholeWindows(options.span, nowMs);
  const asked: Span = { startMs: options.span.startMs, endMs: Math.min(options.span.endMs, nowMs) };
  const known = await store.boxes();
  const references = new References(options.reference, referenceData(await store.makaiConfig(), known));
  const records = new Map(known.map((box) => [box.box_id, box]));
  const referenceAt = (id: string, atMs: number): Reference =>
    references.of(Number(id), referencePart(calibrationAt(records.get(id), atMs)));
  const ids = await chosenBoxes(store, known, options);
  const chosen = new Set(ids);
  const incidents: ReportIncident[] = [];
  for (const document of await incidentsAround(store, asked, boxId)) {
    if (!chosen.has(document.box_id) || isRepeat(document)) continue;
    if (location !== undefined && document.location !== location) continue;
    const incident = reportIncident(document, referenceAt(document.box_id, document.start_timestamp_ms));
    if (spanOf(incident, nowMs).endMs >= asked.startMs) incidents.push(incident);
  }
  const boxes: BoxReport[] = [];
  for (const id of ids) {
    const box = records.get(id);
    const windows: AggregateDocument[] = [];
    const window = { fromMs: span.startMs + 1, toMs: span.endMs + 1 };
    for await (const aggregate of store.aggregates(id, 600, window)) {
      if (location === undefined || aggregate.location === location) windows.push(aggregate);
    }
    const own = incidents.filter(({ box_id }) => box_id === id);
    boxes.push(boxReport(id, box, windows, own, { span, nowMs, reference: referenceAt(id, span.startMs) }));
  }
  return {
    from_ms: span.startMs,
    to_ms: span.endMs,
    incidents_from_ms: asked.startMs,
    incidents_to_ms: asked.endMs,
    generated_ms: nowMs,
    makai_version: VERSION,
    ...(boxId === undefined ? {} : { box_id: boxId }),
    ...(location === undefined ? {} : { location }),
    boxes,
    incidents,
  };
}

/** What began in the span or shortly before, and outages from before, in order of time. */
async function incidentsAround(
  store: ReportStore,
  span: Span,
  boxId: string | undefined,
): Promise<IncidentDocument[]> {
  const ofBox = boxId === undefined ? {} : { boxId };
  const fromMs = span.startMs - LONGEST_INCIDENT_MS;
  const near: IncidentDocument[] = [];
  for await (const one of store.incidents({ ...ofBox, fromMs, toMs: span.endMs })) near.push(one);
  // One that was never ended is over when the box has another one later.
  const later = new Set(near.filter(isOutage).map(({ box_id }) => box_id));
  const long: IncidentDocument[] = [];
  const before = { ...ofBox, eventId: NO_EVENT, classification: OUTAGE, toMs: fromMs, descending: true };
  for await (const one of store.incidents(before)) {
    const reaches =
      one.end_timestamp_ms === GOES_ON ? !later.has(one.box_id) : one.end_timestamp_ms >= span.startMs;
    later.add(one.box_id);
    if (reaches) long.push(one);
  }
  return [...long.reverse(), ...near];
}

const OUTAGE = 'OUTAGE';
const isOutage = ({ classifications }: Pick<IncidentDocument, 'classifications'>): boolean =>
  classifications.includes(OUTAGE);

/** Whole ten minutes, none of them in the future. */
function wholeWindows({ startMs, endMs }: Span, nowMs: number): Span {
  const floor = (ms: number): number => Math.floor(ms / TEN_MINUTES_MS) * TEN_MINUTES_MS;
  const start = Math.ceil(startMs / TEN_MINUTES_MS) * TEN_MINUTES_MS;
  return { startMs: start, endMs: Math.max(start, Math.min(floor(endMs), floor(nowMs))) };
}

async function chosenBoxes(
  store: { boxIdsWithData(): Promise<string[]> },
  known: readonly BoxDocument[],
  { boxId, location }: ReportOptions,
): Promise<string[]> {
  const withData = await store.boxIdsWithData();
  const isBox = ({ kind, unplugged }: BoxDocument): boolean => kind === undefined && !unplugged;
  const all = [...new Set([...known.filter(isBox).map(({ box_id }) => box_id), ...withData])].sort(
    (a, b) => Number(a) - Number(b) || a.localeCompare(b),
  );
  if (boxId !== undefined) {
    if (all.includes(boxId) || known.some(({ box_id }) => box_id === boxId)) return [boxId];
    throw new MakaiError('NOT_FOUND', `there is no box ${boxId} and no data of it`, {
      hint: `Boxes in this store: ${all.join(', ') || 'none'}.`,
    });
  }
  if (location === undefined) return all;
  const wasThere = ({ location: now, location_archive = [] }: BoxDocument): boolean =>
    now === location || location_archive.some((past) => past.location === location);
  const there = known.filter(wasThere).map(({ box_id }) => box_id);
  if (there.length > 0) return all.filter((id) => there.includes(id));
  const locations = [...new Set(known.map(locationOf))].sort();
  throw new MakaiError('NOT_FOUND', `no box is or was at the location "${location}"`, {
    hint: `Locations of the boxes: ${locations.join(', ') || 'none'}.`,
  });
}

function boxReport(
  boxId: string,
  box: BoxDocument | undefined,
  aggregates: readonly AggregateDocument[],
  incidents: readonly ReportIncident[],
  { nowMs, reference, span }: { span: Span; nowMs: number; reference: Reference },
): BoxReport {
  const disturbed = incidents.filter(isVoltageEvent).map((incident) => spanOf(incident, nowMs));
  const windows = judgedWindows(aggregates, disturbed);
  const weeks = pieces(span, WEEK_MS);
  return {
    box_id: boxId,
    ...(box?.name === undefined ? {} : { name: box.name }),
    location: locationOf(box),
    nominal_voltage: reference.voltage,
    nominal_frequency: reference.frequency,
    availability: availability(aggregates, incidents, span, nowMs),
    en50160: weeks.map((week) => weekOf(within(windows, week), week, reference)),
    ieee519: weeks.map((week) => ({
      start_ms: week.startMs,
      end_ms: week.endMs,
      items: ieee519(within(windows, week), week, reference),
    })),
    windows: windows.map(({ fate, window }) => ({ ...window, fate })),
  };
}

function weekOf(windows: readonly JudgedWindow[], week: Span, reference: Reference): WeekStatement {
  const count = (fate: JudgedWindow['fate']): number => windows.filter((one) => one.fate === fate).length;
  const possible = (week.endMs - week.startMs) / TEN_MINUTES_MS;
  return {
    start_ms: week.startMs,
    end_ms: week.endMs,
    is_whole: week.endMs - week.startMs === WEEK_MS,
    coverage: windows.reduce((sum, { window }) => sum + window.coverage, 0) / possible,
    windows: {
      counted: count('counts'),
      flagged: count('flagged'),
      incomplete: count('incomplete'),
      missing: possible - windows.length,
    },
    items: en50160(en50160Values(windows), reference),
  };
}

function availability(
  windows: readonly AggregateDocument[],
  incidents: readonly ReportIncident[],
  span: Span,
  nowMs: number,
): Availability {
  const possible = (span.endMs - span.startMs) / TEN_MINUTES_MS;
  const outages = incidents.filter((one) => isOutage(one) && one.start_ms < span.endMs);
  const inSpan = (incident: ReportIncident): number => {
    const { startMs, endMs } = spanOf(incident, Math.min(nowMs, span.endMs));
    return Math.max(0, Math.min(endMs, span.endMs) - Math.max(startMs, span.startMs));
  };
  return {
    measured: possible === 0 ? 0 : windows.reduce((sum, { coverage }) => sum + coverage, 0) / possible,
    windows: possible,
    missing: possible - windows.length,
    outages: outages.length,
    outage_ms: outages.reduce((sum, incident) => sum + inSpan(incident), 0),
  };
}
