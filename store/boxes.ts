/** Rules about boxes that every store keeps. */
import { MakaiError } from '../common/errors.js';
import type { BoxDocument } from './store.js';

/** The error of `putBox` when `otherBoxId` has the name already. */
export function nameTaken(box: BoxDocument, otherBoxId: string): MakaiError {
  return new MakaiError('BOX_NAME_TAKEN', `box ${otherBoxId} is called ${JSON.stringify(box.name)} already`, {
    hint: `Give box ${box.box_id} another name.`,
  });
}
