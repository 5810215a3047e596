/** Boxes that an event is about but that were not asked for its waveform, and why, for people. */
import type { EventDocument } from '../store/documents.js';

/** By the reason's name (common/drop-reasons.ts). */
const REASONS: Readonly<Record<string, string>> = {
  waveform_budget_of_box: 'its budget of waveforms for the day was used up (limits.waveform_mb_per_box)',
  waveform_budget_of_all: 'the budget of all boxes for the day was used up (limits.waveform_mb_in_all)',
  meter: 'a meter has no waveforms',
};

/** One line a reason: the boxes, and why they were not asked. */
export function refusalLines({ boxes_refused = [] }: Pick<EventDocument, 'boxes_refused'>): string[] {
  return boxes_refused.map(({ boxes, reason }) => `${boxes.join(', ')}: ${REASONS[reason] ?? reason}`);
}
