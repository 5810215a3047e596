/** Whether the window of a plugin's request can be asked for now: the daemon and a replay judge by the same limits. */
import type { EventRequest } from '../plugins/sdk/plugin.js';

/** How far a window may reach ahead of the clock, and how old it may be, ms. */
export const MAX_WINDOW_AHEAD_MS = 5 * 60_000;
export const MAX_WINDOW_AGE_MS = 24 * 3_600_000;
/** Requests that one request may be split into; a longer window is refused. */
const MAX_SLICES = 100;
/** `max_window_ms` of a daemon that sets nothing else, for replays. */
export const USUAL_MAX_WINDOW_MS = 60_000;

export type WindowProblem = 'window_in_the_future' | 'window_too_old' | 'window_too_long';

/** What the reasons mean, for authors. */
export const WINDOW_PROBLEMS: Readonly<Record<WindowProblem, string>> = {
  window_in_the_future: 'the window ends more than 5 minutes ahead of the clock',
  window_too_old: 'the window begins more than 24 hours ago',
  window_too_long: `the window is longer than ${MAX_SLICES} times max_window_ms`,
};

/**
 * @param nowMs of the clock, Unix ms; in a replay that of the recording
 * @param maxWindowMs `max_window_ms` of the service
 */
export function windowProblem(
  { startMs, endMs }: Pick<EventRequest, 'startMs' | 'endMs'>,
  nowMs: number,
  maxWindowMs: number,
): WindowProblem | undefined {
  if (endMs > nowMs + MAX_WINDOW_AHEAD_MS) return 'window_in_the_future';
  if (startMs < nowMs - MAX_WINDOW_AGE_MS) return 'window_too_old';
  if (endMs - startMs > MAX_SLICES * maxWindowMs) return 'window_too_long';
  return undefined;
}
