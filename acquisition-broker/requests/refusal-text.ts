/** What an event says whose waveforms were not all asked for; which box was refused for which reason is in its `boxes_refused`. */
import type { RefusedBoxes } from '../../store/documents.js';

/** Boxes named in a description. */
const NAMED = 5;

/** The reason of boxes that are meters. */
export const METER = 'meter';

/** @param isAll no box was asked */
export function refusalText(all: readonly RefusedBoxes[], isAll: boolean): string {
  // Nobody expects a waveform of a meter.
  const refused = all.filter(({ reason }) => reason !== METER);
  if (refused.length === 0) return '';
  const boxes = refused.flatMap(({ boxes: some }) => some);
  const more = boxes.length > NAMED ? ` and ${boxes.length - NAMED} more` : '';
  const whose = isAll ? '' : ` of ${boxes.slice(0, NAMED).join(', ')}${more}`;
  const isOfAll = refused.every(({ reason }) => reason === 'waveform_budget_of_all');
  const budget = isOfAll ? 'the budget of the day of all boxes' : 'the budget of the day';
  return ` (waveforms${whose} not asked for: ${budget} is used up)`;
}
