/** What an alert's state is for people. */
import type { AlertDocument } from './documents.js';

export type ShownState = AlertDocument['state'] | 'acknowledged' | 'silenced';

export function shownState(
  {
    acknowledged_ms,
    silenced_until_ms = 0,
    state,
  }: Pick<AlertDocument, 'state' | 'acknowledged_ms' | 'silenced_until_ms'>,
  nowMs: number,
): ShownState {
  if (state === 'resolved') return state;
  if (silenced_until_ms > nowMs) return 'silenced';
  return acknowledged_ms === undefined ? state : 'acknowledged';
}
