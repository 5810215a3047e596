/** Which boxes have fallen silent, and how far the silence reaches. Pure rules: the stream and the store are elsewhere. */

import { type Regions, regionsOf } from '../regions.js';

/** A box that has sent nothing for so long is silent. */
export const SILENT_MS = 60_000;
/** Boxes of one outage fall silent at about the same time: a neighbour counts as silent so much earlier. */
const TOGETHER_MS = 10_000;

export type OutageScope = 'box' | 'location' | 'region';

export interface Watched {
  boxId: string;
  /** undefined: not known */
  location: string | undefined;
  /** monotonic ms of the last message */
  heardMs: number;
}

export interface Silence {
  boxId: string;
  scope: OutageScope;
  /** slug of the region, where the scope is one that has a name */
  region?: string;
  /** other boxes at the same location, and how many of them are silent too */
  neighbours: number;
  silentNeighbours: number;
}

/**
 * The boxes that are silent at `nowMs`.
 * `region`: every box of two locations or more, of all or of a region; `location`: every box of a location with several; `box`: others there are heard, or there
 * are none.
 * @param regions of several that are silent, one within the other, the largest is named
 */
export function silences(boxes: readonly Watched[], nowMs: number, regions: Regions = new Map()): Silence[] {
  const isSilent = ({ heardMs }: Watched): boolean => nowMs - heardMs >= SILENT_MS;
  const isQuiet = ({ heardMs }: Watched): boolean => nowMs - heardMs >= SILENT_MS - TOGETHER_MS;
  const isOut = (some: readonly Watched[]): boolean =>
    new Set(some.map(({ location }) => location)).size > 1 && some.every(isQuiet);
  const inRegion = (region: string) =>
    boxes.filter(({ location }) => regionsOf(location, regions).includes(region));
  const isAllOut = isOut(boxes);
  const outRegions = new Set([...regions.values()].flat().filter((region) => isOut(inRegion(region))));
  const at = new Map<string, { boxes: number; quiet: number }>();
  for (const box of boxes) {
    if (box.location === undefined) continue;
    const counts = at.get(box.location) ?? { boxes: 0, quiet: 0 };
    at.set(box.location, counts);
    counts.boxes += 1;
    if (isQuiet(box)) counts.quiet += 1;
  }
  return boxes.filter(isSilent).map(({ boxId, location }) => {
    // Without itself, which is quiet as well.
    const here = (location === undefined ? undefined : at.get(location)) ?? { boxes: 1, quiet: 1 };
    const [neighbours, silentNeighbours] = [here.boxes - 1, here.quiet - 1];
    const isLocation = neighbours > 0 && silentNeighbours === neighbours;
    const region = isAllOut ? undefined : regionsOf(location, regions).findLast((one) => outRegions.has(one));
    const scope = isAllOut || region !== undefined ? 'region' : isLocation ? 'location' : 'box';
    return { boxId, scope, neighbours, silentNeighbours, ...(region === undefined ? {} : { region }) };
  });
}
