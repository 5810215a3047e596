/**
 * The same disturbance of a box can be in the waveforms of several events: a request reaches every Box 2, and requests overlap. Each event keeps its own incident, but only
 * one of them counts: the others name it in `metadata.same_as`. Whole ones count before those that the waveform cut off.
 */
import { ANALYSIS_SOURCE, isRepeat } from '../../store/incidents.js';
import type { IncidentDocument, IncidentReader, NewIncident } from '../../store/store.js';

/** No incident of a waveform that began earlier reaches so far. */
const LOOK_BACK_MS = 600_000;

/** Parts that are no further apart belong together: about two cycles and the jitter of timestamps. */
const TOUCHING_MS = 50;

/** The stored incidents that show the same disturbance: several where waveforms cut it off at both ends and the whole one is analysed last. */
export async function repeatsOf(
  incident: NewIncident,
  store: Pick<IncidentReader, 'incidents'>,
): Promise<IncidentDocument[]> {
  const { box_id: boxId, end_timestamp_ms: endMs, start_timestamp_ms: startMs } = incident;
  const range = {
    ...{ boxId, fromMs: startMs - LOOK_BACK_MS, toMs: endMs + 1 },
    endsFromMs: startMs - TOUCHING_MS,
  };
  const found: IncidentDocument[] = [];
  for await (const one of store.incidents(range)) if (isSame(one, incident)) found.push(one);
  return found;
}

function isSame(stored: IncidentDocument, incident: NewIncident): boolean {
  if (stored.event_id === incident.event_id || stored.source !== ANALYSIS_SOURCE) return false;
  if (stored.measurement_type !== incident.measurement_type || isRepeat(stored)) return false;
  if (Math.sign(stored.deviation_from_nominal) !== Math.sign(incident.deviation_from_nominal)) return false;
  const shared =
    Math.min(stored.end_timestamp_ms, incident.end_timestamp_ms) -
    Math.max(stored.start_timestamp_ms, incident.start_timestamp_ms);
  // Two waveforms that cut it off, one behind the other, show parts of one disturbance.
  if (isCut(stored) && isCut(incident)) return shared >= -TOUCHING_MS;
  const shorter = Math.min(lengthOf(stored), lengthOf(incident));
  return shared >= 0 && shared >= shorter / 2;
}

/** True when the new one says more: it is whole, and the stored one is not. */
export function isBetter(incident: NewIncident, stored: IncidentDocument): boolean {
  return isCut(stored) && (!isCut(incident) || lengthOf(incident) > lengthOf(stored));
}

function isCut({ metadata }: Pick<NewIncident, 'metadata'>): boolean {
  return metadata.open_start === true || metadata.open_end === true;
}

function lengthOf({
  end_timestamp_ms: endMs,
  start_timestamp_ms: startMs,
}: Pick<NewIncident, 'start_timestamp_ms' | 'end_timestamp_ms'>): number {
  return endMs - startMs;
}
