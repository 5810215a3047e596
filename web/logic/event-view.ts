/** What the event view shows of an event: its sentence, its order of boxes, its span. */
import type { BoxEvent, EventDetail, Incident } from '../../web-service/api/index.js';
import { depthOf, isRepeat, kindOf, leading, type Severity, severityOf } from './incidents.js';
import { duration, perUnit } from './numbers.js';
import type { Range } from './range.js';
import { className, text } from './text.js';

/** Boxes with the deepest incident first; those without one last, by id. */
export function deepestFirst(event: Pick<EventDetail, 'box_events' | 'incidents'>): BoxEvent[] {
  const depth = new Map<string, number>();
  for (const incident of event.incidents) {
    const known = depth.get(incident.box_id) ?? 0;
    depth.set(incident.box_id, Math.max(known, depthOf(incident)));
  }
  const byId = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
  return [...event.box_events].sort(
    (a, b) => (depth.get(b.box_id) ?? 0) - (depth.get(a.box_id) ?? 0) || byId(a.box_id, b.box_id),
  );
}

/** From the first sample of any box to the last, Unix ms; without waveforms the window that was requested. Never empty. */
export function spanOf(
  event: Pick<
    EventDetail,
    'box_events' | 'target_event_start_timestamp_ms' | 'target_event_end_timestamp_ms'
  >,
): Range {
  // timestamps of cycles mark their ends: the first sample is up to a cycle of 50 Hz earlier
  const starts = event.box_events.map((one) => one.event_start_timestamp_ms - 20);
  const ends = event.box_events.map((one) => one.event_end_timestamp_ms);
  const fromMs = starts.length > 0 ? Math.min(...starts) : event.target_event_start_timestamp_ms;
  const toMs = ends.length > 0 ? Math.max(...ends) : event.target_event_end_timestamp_ms;
  return { fromMs, toMs: Math.max(toMs, fromMs + 20) };
}

/** A Box 2 replies to any request, so boxes can deliver that the event is not about: they count as well. */
export function countBoxes({
  boxes_received,
  boxes_triggered,
}: Pick<EventDetail, 'boxes_received' | 'boxes_triggered'>): { received: number; all: number } {
  return { received: boxes_received.length, all: new Set([...boxes_triggered, ...boxes_received]).size };
}

export interface Headline {
  sentence: string;
  severity: Severity;
  /** that it repeats incidents of another event */
  repeats: boolean;
}

/** The sentence of the group where there is one, else what the most severe incident says, else the event's own type. */
export function headline(event: Pick<EventDetail, 'incidents' | 'type' | 'description'>): Headline {
  const lead = leading(event.incidents);
  if (lead === undefined) {
    const type = event.type === undefined ? undefined : (text.eventType[event.type] ?? event.type);
    return { sentence: type ?? event.description, severity: 'neutral', repeats: false };
  }
  return {
    sentence: lead.group?.sentence ?? sentenceOf(lead),
    severity: severityOf(lead),
    repeats: event.incidents.every(isRepeat),
  };
}

function sentenceOf(incident: Incident): string {
  const { duration_s: seconds, magnitude_pu: pu } = incident.figures;
  const parts = [className(incident.classifications[0] ?? 'UNDEFINED')];
  const kind = kindOf(incident);
  if (pu !== undefined)
    parts.push(`${kind === 'swell' ? text.event.upTo : text.event.downTo} ${perUnit(pu)}`);
  if (seconds !== undefined) parts.push(`${text.event.for} ${duration(seconds * 1000)}`);
  return `${parts.join(' ')}, ${text.box.inText(incident.box_id)}`;
}
