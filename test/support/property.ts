/** How often property tests run. */

const FACTOR = Number(process.env.MAKAI_PROPERTY_RUNS ?? 1);
const MIN_RUNS = 10;

/**
 * @param full runs in `npm run test:all`
 * @returns `full` times MAKAI_PROPERTY_RUNS, which `npm test` sets to a tenth; never fewer than 10 or than `full` if that is less
 */
export function runs(full: number): number {
  return Math.max(Math.min(MIN_RUNS, full), Math.round(full * FACTOR));
}
