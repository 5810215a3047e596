/**
 * Excessive distortion: THDS (IEC 61000-4-7 subgroups, windows of 10/12 cycles) above a limit, windows one after another joined. Windows that a sag, swell or
 * transient reaches into are flagged, as IEC 61000-4-30, 4.7 has it, and neither begin nor end an incident.
 */
import { totalDistortion } from '../spectrum/groups.js';
import type { Span } from '../voltage-events/edges.js';
import { ieeeDuration } from './ieee1159.js';
import { type HarmonicWindow, type RunMeasures, timeOf } from './run-measures.js';
import { type IncidentCandidate, type Metadata, rounded } from './types.js';

/** Percent: limit of the existing analysis, and of IEEE 519-2014 for single events below 69 kV. */
export const THD_LIMIT = 5;

/**
 * Windows of 10/12 cycles one behind the other with THD above the limit are one incident; those in a sag, swell or interruption are left out, as flagged.
 * @param limit percent
 */
export function distortionIncidents(
  run: RunMeasures,
  disturbed: readonly Span[],
  limit = THD_LIMIT,
): IncidentCandidate[] {
  const found: { windows: HarmonicWindow[]; from: number; to: number }[] = [];
  let open: (typeof found)[number] | undefined;
  let flagged = 0;
  const good: { window: HarmonicWindow; excessive: boolean }[] = [];
  for (const window of run.harmonics) {
    if (disturbed.some(({ from, to }) => from < window.to && to > window.from)) {
      flagged += 1;
      continue;
    }
    const excessive = 100 * totalDistortion(window.orders) > limit;
    good.push({ window, excessive });
    if (!excessive) open = undefined;
    else if (open === undefined) {
      open = { windows: [window], from: good.length - 1, to: good.length - 1 };
      found.push(open);
    } else {
      open.windows.push(window);
      open.to = good.length - 1;
    }
  }
  return found.map(({ windows, from, to }) =>
    candidate(run, windows, { openStart: from === 0, openEnd: to === good.length - 1 }, limit, flagged),
  );
}

function candidate(
  run: RunMeasures,
  windows: readonly HarmonicWindow[],
  open: { openStart: boolean; openEnd: boolean },
  limit: number,
  flagged: number,
): IncidentCandidate {
  const worst = windows.reduce((a, b) => (totalDistortion(b.orders) > totalDistortion(a.orders) ? b : a));
  const percent = 100 * totalDistortion(worst.orders);
  const startMs = timeOf(run, open.openStart ? 0 : (windows[0]?.from ?? 0));
  const endMs = timeOf(run, open.openEnd ? run.x.length : (windows.at(-1)?.to ?? 0));
  const spectrum: Metadata = {};
  const fundamental = worst.orders[0] ?? Number.NaN;
  for (let h = 2; h <= worst.orders.length; h += 1) {
    spectrum[h] = rounded((100 * (worst.orders[h - 1] ?? 0)) / fundamental, 3);
  }
  return {
    quantity: 'THD',
    startMs,
    endMs,
    ...open,
    deviation: rounded(percent, 4),
    worst: rounded(percent, 4),
    classes: ['EXCESSIVE_THD'],
    ieeeDuration: ieeeDuration((endMs - startMs) / 1000, run.nominalFrequency),
    metadata: {
      method: 'IEC 61000-4-7 subgroups, windows of 10 or 12 cycles',
      thd_percent: rounded(percent, 4),
      limit_percent: limit,
      worst_ms: timeOf(run, worst.from),
      highest_order: worst.orders.length,
      spectrum_percent: spectrum,
      windows: windows.length,
      flagged_windows: flagged,
    },
  };
}
