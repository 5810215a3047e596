/** Cells of the event tables: EN 50160:2010, tables 2 (dips, with interruptions) and 4 (swells), low voltage. */

const DIP_ROWS = [
  [80, 'A'],
  [70, 'B'],
  [40, 'C'],
  [5, 'D'],
  [0, 'X'],
] as const;
const DIP_COLUMNS_MS = [200, 500, 1000, 5000, 60_000] as const;
const SWELL_COLUMNS_MS = [500, 5000, 60_000] as const;

/**
 * `A1` to `X5` for a residual voltage below 90 %, `S1` to `T3` for a swell above 110 %; undefined outside of the tables (shorter than 10 ms,
 * longer than a minute, or neither dip nor swell).
 * @param pu residual voltage or swell, per unit of nominal
 */
export function en50160Cell(pu: number, seconds: number): string | undefined {
  // 1.1 times 100 is not 110 in doubles
  const percent = Number((pu * 100).toFixed(6));
  const ms = seconds * 1000;
  if (ms < 10) return undefined;
  if (percent < 90) {
    const row = DIP_ROWS.find(([from]) => percent >= from);
    const column = DIP_COLUMNS_MS.findIndex((to) => ms <= to);
    return row === undefined || column === -1 ? undefined : `${row[1]}${column + 1}`;
  }
  if (percent > 110) {
    const column = SWELL_COLUMNS_MS.findIndex((to) => ms <= to);
    return column === -1 ? undefined : `${percent >= 120 ? 'S' : 'T'}${column + 1}`;
  }
  return undefined;
}
