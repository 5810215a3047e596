/** How much of a report's time range a box measured. */
import type { ReportJson } from '../../web-service/api/index.js';

type Availability = ReportJson['boxes'][number]['availability'];

/**
 * @returns `share` of the time, 0 to 1, undefined where the range has no ten-minute window; `measured`: how many of the `windows` have a value.
 *   A window may be measured in part, so the share is not `measured / windows`.
 */
export function availabilityOf({
  measured,
  missing,
  windows,
}: Pick<Availability, 'measured' | 'missing' | 'windows'>): {
  share: number | undefined;
  measured: number;
  windows: number;
} {
  return {
    share: windows === 0 ? undefined : measured,
    measured: Math.max(0, windows - missing),
    windows,
  };
}
