/** IEC 61000-4-15:2010, table 5: rectangular changes that give Pst = 1. */
import type { Lamp } from '../../signal/index.js';

export interface FlickerRow {
  lamp: Lamp;
  grid: 50 | 60;
  /** a minute */
  changes: number;
  /** ΔV/V */
  percent: number;
}

const rows = (lamp: Lamp, grid: 50 | 60, percents: readonly number[]): FlickerRow[] =>
  [1, 2, 7, 39, 110, 1620, grid === 50 ? 4000 : 4800].map((changes, i) => ({
    lamp,
    grid,
    changes,
    percent: percents[i] ?? Number.NaN,
  }));

export const FLICKER_TABLE: readonly FlickerRow[] = [
  ...rows(230, 50, [2.715, 2.191, 1.45, 0.894, 0.722, 0.407, 2.343]),
  ...rows(120, 60, [3.181, 2.564, 1.694, 1.04, 0.844, 0.548, 4.837]),
  ...rows(120, 50, [3.178, 2.561, 1.694, 1.045, 0.844, 0.545, 3.426]),
  ...rows(230, 60, [2.719, 2.194, 1.45, 0.895, 0.723, 0.409, 3.263]),
];

/** A line voltage of amplitude about 1 that changes between two levels. */
export function flickering(spec: {
  rate: number;
  grid: number;
  changes: number;
  percent: number;
  seconds: number;
}): Float64Array {
  const { rate, grid, changes, percent, seconds } = spec;
  return Float64Array.from({ length: Math.round(rate * seconds) }, (_, i) => {
    const t = i / rate;
    const side = Math.floor((t * changes) / 60 + 1e-9) % 2 === 0 ? 1 : -1;
    return (1 + (side * percent) / 200) * Math.sin(2 * Math.PI * grid * t);
  });
}
