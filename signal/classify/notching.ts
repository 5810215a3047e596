/** Periodic notching: windows one after another whose mean cycle has notches, as one incident. */
import { windowCycles } from '../levels/half-cycle.js';
import { findNotching, meanCycle, type Notching } from '../transients/notching.js';
import type { Span } from '../voltage-events/edges.js';
import { type HarmonicWindow, type RunMeasures, TRANSIENT_FLOOR, timeOf } from './run-measures.js';
import type { NotchingSpan } from './transient.js';
import { type IncidentCandidate, rounded } from './types.js';

/** Share of the nominal voltage in the orders above ten, from which a window is looked at more closely. */
const HIGH_ORDERS = 0.01;
/** Notches cut into the voltage: this share of them must. */
const AGAINST = 0.75;
const MAX_NOTCHES = 12;

/** The incidents, and where in the samples they lie. @param disturbed sags and swells, with a cycle on each side */
export function notchingIncidents(
  run: RunMeasures,
  nominalVoltage: number,
  disturbed: readonly Span[],
): { incidents: IncidentCandidate[]; spans: NotchingSpan[] } {
  const found: { windows: { window: HarmonicWindow; notching: Notching }[] }[] = [];
  let open: (typeof found)[number] | undefined;
  const usable = run.harmonics.filter(
    (window) => !disturbed.some(({ from, to }) => from < window.to && to > window.from),
  );
  for (const window of usable) {
    const notching = notchingOf(run, nominalVoltage, window);
    if (notching === undefined) {
      open = undefined;
      continue;
    }
    if (open === undefined) {
      open = { windows: [] };
      found.push(open);
    }
    open.windows.push({ window, notching });
  }
  const incidents = found.map(({ windows }) => candidate(run, windows, usable));
  const cycle = run.rate / run.nominalFrequency;
  const spans = found.map(({ windows }) => ({
    // up to the next window that was looked at: what is between is not known
    from: (windows[0]?.window.from ?? 0) - 12 * cycle,
    to: (windows.at(-1)?.window.to ?? 0) + 12 * cycle,
    depth: Math.max(...windows.map(({ notching }) => notching.depth)),
  }));
  return { incidents, spans };
}

function notchingOf(run: RunMeasures, nominalVoltage: number, window: HarmonicWindow): Notching | undefined {
  let sum = 0;
  for (let h = 11; h <= window.orders.length; h += 1) sum += (window.orders[h - 1] ?? 0) ** 2;
  if (run.differences === undefined || Math.sqrt(sum) < HIGH_ORDERS * nominalVoltage) return undefined;
  const { at } = run.crossings;
  const first = at.findIndex((place) => place >= window.from - 1e-6);
  const cycles = windowCycles(run.nominalFrequency);
  const floor = TRANSIENT_FLOOR * nominalVoltage * Math.SQRT2;
  const cycle = meanCycle(run.x, at, first, cycles);
  const found = findNotching(cycle, floor, (window.to - window.from) / cycles / run.rate);
  return found !== undefined && found.count <= MAX_NOTCHES && found.against >= AGAINST ? found : undefined;
}

function candidate(
  run: RunMeasures,
  windows: readonly { window: HarmonicWindow; notching: Notching }[],
  usable: readonly HarmonicWindow[],
): IncidentCandidate {
  const worst = windows.reduce((a, b) => (b.notching.depth > a.notching.depth ? b : a));
  const openStart = windows[0]?.window === usable[0];
  const openEnd = windows.at(-1)?.window === usable.at(-1);
  return {
    quantity: 'TRANSIENT',
    startMs: timeOf(run, openStart ? 0 : (windows[0]?.window.from ?? 0)),
    endMs: timeOf(run, openEnd ? run.x.length : (windows.at(-1)?.window.to ?? 0)),
    openStart,
    openEnd,
    deviation: rounded(-worst.notching.depth),
    worst: rounded(-worst.notching.depth),
    classes: ['PERIODIC_NOTCHING'],
    ieeeDuration: 'UNDEFINED',
    metadata: {
      method: 'narrow cuts against the voltage in the mean cycle of 10 or 12',
      depth_v: rounded(worst.notching.depth),
      width_s: rounded(worst.notching.width, 3),
      area_vs: rounded(worst.notching.area, 3),
      notches_a_cycle: worst.notching.count,
      worst_ms: timeOf(run, worst.window.from),
    },
  };
}
