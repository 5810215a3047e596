/** Rules about boxes that every store keeps. */
import { MakaiError } from '../common/errors.js';
import type { BoxDocument, EventDocument } from './documents.js';

/** Boxes that were asked for the waveform of an event: those that it is about, less those that were refused. */
export function askedBoxes({
  boxes_refused = [],
  boxes_triggered,
  request_data,
}: Pick<EventDocument, 'boxes_refused' | 'boxes_triggered' | 'request_data'>): string[] {
  if (request_data === false) return [];
  const refused = new Set(boxes_refused.flatMap(({ boxes }) => boxes));
  return boxes_triggered.filter((box) => !refused.has(box));
}

/** Boxes that were asked for the waveform of an event and have not delivered it. Where no box was asked, none is silent. */
export function silentBoxes(
  event: Pick<EventDocument, 'boxes_received' | 'boxes_refused' | 'boxes_triggered' | 'request_data'>,
): string[] {
  const received = new Set(event.boxes_received);
  return askedBoxes(event).filter((box) => !received.has(box));
}

/** Slug of a box that nobody has given a place; an empty one is none. */
export const UNKNOWN_LOCATION = 'unknown';

/** Where a box stands, as it is written into trends and box events. */
export function locationOf(box: { location?: string | null | undefined } | undefined): string {
  return box?.location || UNKNOWN_LOCATION;
}

/** The error of `putBox` when `otherBoxId` has the name already. */
export function nameTaken(box: BoxDocument, otherBoxId: string): MakaiError {
  return new MakaiError('BOX_NAME_TAKEN', `box ${otherBoxId} is called ${JSON.stringify(box.name)} already`, {
    hint: `Give box ${box.box_id} another name.`,
  });
}
