/** How long to wait before the next attempt: 1, 2, 4, ... at most 30 s, ±20 % so that many pages do not come back in the same second. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const base = Math.min(30_000, 1000 * 2 ** Math.min(10, Math.max(0, failures - 1)));
  return base * (0.8 + 0.4 * random());
}
