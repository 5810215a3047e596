/** What makes a client's request one that is taken. Each check gives the reason to drop it (a fixed word), or undefined. */
import { MAX_BOXES_PER_REQUEST } from '../../common/request-limits.js';
import { isBoxId } from '../boxes/presence.js';
import type { TimeWindow } from '../boxes/sender.js';

/** How far a window may reach into the future: clocks differ, and boxes are asked once it has passed. */
export const MAX_AHEAD_MS = 300_000;
/** Longest description stored, in characters. */
export const MAX_DESCRIPTION_LENGTH = 4096;

/** A window of the past, however old, is sound: its event is numbered even when no buffer reaches it (wire-protocols 3.3). */
export function checkWindow(
  { startMs, endMs }: TimeWindow,
  now: number,
  maxWindowMs: number,
): string | undefined {
  if (startMs >= endMs) return 'start_not_before_end';
  if (endMs - startMs > maxWindowMs) return 'window_too_long';
  if (endMs > now + MAX_AHEAD_MS) return 'window_in_the_future';
  return startMs <= 0 ? 'window_without_a_date' : undefined;
}

export function checkBoxes(boxIds: readonly number[]): string | undefined {
  if (boxIds.length > MAX_BOXES_PER_REQUEST) return 'too_many_boxes';
  return boxIds.every(isBoxId) ? undefined : 'box_id_out_of_range';
}
