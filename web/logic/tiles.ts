/** Places on map tiles: Web Mercator (EPSG:3857), tiles of 256 px, numbered as on every tile server (z/x/y, y from north). */
import type { Location } from '../../web-service/api/index.js';

export interface OnTiles {
  points: { location: Location; x: number; y: number }[];
  tiles: { url: string; x: number; y: number }[];
}

export const TILE = 256;
const MARGIN = 48;
/** A single place is shown with the streets around it. */
const CLOSEST = 16;
/** Where the projection ends, degrees. */
const MAX_LATITUDE = 85.05;

/** Pixels of the whole world at a zoom. */
function worldOf(longitude: number, latitude: number, zoom: number): [number, number] {
  const size = TILE * 2 ** zoom;
  const lat = (Math.min(MAX_LATITUDE, Math.max(-MAX_LATITUDE, latitude)) * Math.PI) / 180;
  return [((longitude + 180) / 360) * size, ((1 - Math.asinh(Math.tan(lat)) / Math.PI) / 2) * size];
}

/** @param template address with `{z}`, `{x}` and `{y}` */
export function placedOnTiles(
  locations: readonly Location[],
  template: string,
  width: number,
  height: number,
): OnTiles {
  const known = locations.flatMap((location) =>
    location.coordinates === undefined ? [] : [{ location, at: location.coordinates }],
  );
  if (known.length === 0) return { points: [], tiles: [] };
  let zoom = CLOSEST;
  let world = known.map(({ at }) => worldOf(at[0], at[1], zoom));
  while (zoom > 0 && !fits(world, width, height)) {
    zoom -= 1;
    world = known.map(({ at }) => worldOf(at[0], at[1], zoom));
  }
  const left = middle(world.map(([x]) => x)) - width / 2;
  const top = middle(world.map(([, y]) => y)) - height / 2;
  return {
    points: known.map(({ location }, i) => ({
      location,
      x: (world[i]?.[0] ?? 0) - left,
      y: (world[i]?.[1] ?? 0) - top,
    })),
    tiles: tilesOf(template, zoom, left, top, width, height),
  };
}

function tilesOf(
  template: string,
  zoom: number,
  left: number,
  top: number,
  width: number,
  height: number,
): OnTiles['tiles'] {
  const count = 2 ** zoom;
  const tiles: OnTiles['tiles'] = [];
  for (let row = Math.max(0, Math.floor(top / TILE)); row < count && row * TILE < top + height; row += 1) {
    for (let column = Math.floor(left / TILE); column * TILE < left + width; column += 1) {
      // the world goes on to the east and west
      const x = ((column % count) + count) % count;
      const url = template.replace('{z}', String(zoom)).replace('{x}', String(x)).replace('{y}', String(row));
      tiles.push({ url, x: column * TILE - left, y: row * TILE - top });
    }
  }
  return tiles;
}

function fits(world: readonly [number, number][], width: number, height: number): boolean {
  return (
    spread(world.map(([x]) => x)) <= width - 2 * MARGIN &&
    spread(world.map(([, y]) => y)) <= height - 2 * MARGIN
  );
}

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

function middle(values: readonly number[]): number {
  return (Math.max(...values) + Math.min(...values)) / 2;
}
