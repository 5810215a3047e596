/** Rules about boxes that every store keeps. */
import { MakaiError } from '../common/errors.js';
import type { BoxDocument } from './documents.js';

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
