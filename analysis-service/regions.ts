/** Regions, each of some locations. A location may belong to several, such as a feeder and a town. */

/** By the slug of a location the slugs of its regions. */
export type Regions = ReadonlyMap<string, readonly string[]>;

/** Regions of a location, those of the fewest locations first; undefined: a location that is not known, which has none. */
export function regionsOf(location: string | undefined, regions: Regions): string[] {
  const sizeOf = (region: string): number =>
    [...regions.values()].filter((slugs) => slugs.includes(region)).length;
  const of = location === undefined ? [] : (regions.get(location) ?? []);
  return [...of].sort((a, b) => sizeOf(a) - sizeOf(b) || a.localeCompare(b));
}

/** The smallest region that all of the locations belong to. */
export function sharedRegion(
  locations: readonly (string | undefined)[],
  regions: Regions,
): string | undefined {
  const others = locations.map((location) => regionsOf(location, regions));
  return regionsOf(locations[0], regions).find((region) => others.every((of) => of.includes(region)));
}
