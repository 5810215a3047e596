/** What a trend says of flagged measurements: absent where none is flagged, so that undisturbed minutes take no more space. */
import type { NewTrend } from './documents.js';

/**
 * Adds the share of flagged measurements, and min and max without them.
 * @param flagged of `measurements`, how many are flagged
 * @param unflagged by metric; metrics that only flagged measurements have are left out
 */
export function withFlagged(
  trend: NewTrend,
  flagged: number,
  measurements: number,
  unflagged: NonNullable<NewTrend['unflagged']>,
): NewTrend {
  if (flagged === 0) return trend;
  trend.flagged = flagged / measurements;
  if (Object.keys(unflagged).length > 0) trend.unflagged = unflagged;
  return trend;
}
