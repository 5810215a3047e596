/** Events and incidents as the API gives them: as stored, with what follows from them. */
import { reportIncident } from '../../reports/incidents.js';
import { askedBoxes, silentBoxes } from '../../store/boxes.js';
import { countsPerVolt } from '../../store/calibration.js';
import type { Reference } from '../../store/reference.js';
import type {
  BoxEventDocument,
  EventDocument,
  IncidentDocument,
  WaveformAnalysis,
} from '../../store/store.js';
import type { BoxEvent, Event } from '../api/events.js';
import type { Figures, Incident } from '../api/incidents.js';
import type { KnownBoxes } from '../boxes.js';
import { definedOnly } from './boxes.js';

export function eventJson(event: EventDocument): Event {
  return definedOnly({ ...event, boxes_silent: silentBoxes(event) });
}

export function incidentJson(
  { measurements: _, ...incident }: IncidentDocument,
  reference: Reference,
): Incident {
  return definedOnly({
    ...incident,
    figures: figuresOf({ ...incident, measurements: [] }, reference),
  });
}

export function figuresOf(incident: IncidentDocument, reference: Reference): Figures {
  const { duration_s, en50160_cell, itic, magnitude_pu, semi_f47 } = reportIncident(incident, reference);
  return definedOnly({ duration_s, magnitude_pu, en50160_cell, itic, semi_f47 });
}

export function boxEventJson(
  document: BoxEventDocument,
  known: KnownBoxes,
  analysis: WaveformAnalysis | undefined,
): BoxEvent {
  const { window_timestamps_ms, ...boxEvent } = document;
  const box = known.records.get(boxEvent.box_id);
  const { frequency, voltage } = known.referenceOfWaveform(document);
  return definedOnly({
    ...boxEvent,
    cycles: window_timestamps_ms.length,
    name: box?.name,
    calibration_constant: countsPerVolt(document, box),
    nominal_voltage: voltage,
    nominal_frequency: frequency,
    analysed_ms: analysis?.analysedMs,
    remarks: analysis?.remarks ?? [],
  });
}

/** Boxes of an event that have no waveform, and why. */
export function boxesWithout(event: EventDocument, known: KnownBoxes) {
  const refused = new Map(
    (event.boxes_refused ?? []).flatMap(({ boxes, reason }) => boxes.map((box) => [box, reason] as const)),
  );
  const received = new Set(event.boxes_received);
  const asked = new Set(askedBoxes(event));
  return event.boxes_triggered
    .filter((box) => !received.has(box))
    .map((box_id) =>
      definedOnly({
        box_id,
        name: known.records.get(box_id)?.name,
        reason: refused.get(box_id) ?? (asked.has(box_id) ? 'no_reply' : 'not_asked'),
      }),
    );
}
