/** How often property tests run. */

const FACTOR = Number(process.env.MAKAI_PROPERTY_RUNS ?? 1);
const MIN_RUNS = 10;

/** True in `npm test`: what `npm run test:all` does thoroughly is done quickly. */
export const IS_QUICK = FACTOR < 1;

/**
 * @param full runs in `npm run test:all`
 * @returns `full` times MAKAI_PROPERTY_RUNS, which `npm test` sets to a tenth; never fewer than 10 or than `full` if that is less
 */
export function runs(full: number): number {
  return Math.max(Math.min(MIN_RUNS, full), Math.round(full * FACTOR));
}

/**
 * @param all cases that each take a while, and that fail alike if one does
 * @returns all of them in `npm run test:all`; `npm test` has the first, the middle and the last
 */
export function someOf<T>(all: readonly T[]): T[] {
  const middle = Math.floor(all.length / 2);
  return all.filter((_, i) => FACTOR >= 1 || i === 0 || i === middle || i === all.length - 1);
}
