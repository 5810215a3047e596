/** Places on a plain grid: longitude and latitude to pixels, the same scale in both (at the middle latitude). */
import type { Location } from '../../web-service/api/index.js';

export interface Placed {
  points: { location: Location; x: number; y: number }[];
  grid: { degrees: number; isLatitude: boolean; at: number }[];
}

const MARGIN = 48;
/** Degrees: one location alone, or all at one place, still has an area around. */
const MIN_SPAN = 0.002;
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60];

export function placed(locations: readonly Location[], width: number, height: number): Placed {
  const known = locations.flatMap((location) => {
    const [longitude, latitude] = location.coordinates ?? [];
    return longitude === undefined || latitude === undefined ? [] : [{ location, longitude, latitude }];
  });
  if (known.length === 0) return { points: [], grid: [] };
  const longitudes = known.map((one) => one.longitude);
  const latitudes = known.map((one) => one.latitude);
  const middle = { lon: between(longitudes), lat: between(latitudes) };
  const squeeze = Math.max(0.01, Math.cos((middle.lat * Math.PI) / 180));
  const lonSpan = Math.max(MIN_SPAN, Math.max(...longitudes) - Math.min(...longitudes)) * squeeze;
  const latSpan = Math.max(MIN_SPAN, Math.max(...latitudes) - Math.min(...latitudes));
  /** pixels per degree of latitude */
  const scale = Math.min((width - 2 * MARGIN) / lonSpan, (height - 2 * MARGIN) / latSpan);
  const x = (longitude: number): number => width / 2 + (longitude - middle.lon) * squeeze * scale;
  const y = (latitude: number): number => height / 2 - (latitude - middle.lat) * scale;
  return {
    points: known.map(({ latitude, location, longitude }) => ({ location, x: x(longitude), y: y(latitude) })),
    grid: [
      ...lines(middle.lat - height / 2 / scale, middle.lat + height / 2 / scale, height / 90).map(
        (degrees) => ({
          degrees,
          isLatitude: true,
          at: y(degrees),
        }),
      ),
      ...lines(
        middle.lon - width / 2 / scale / squeeze,
        middle.lon + width / 2 / scale / squeeze,
        width / 130,
      ).map((degrees) => ({ degrees, isLatitude: false, at: x(degrees) })),
    ],
  };
}

function between(values: readonly number[]): number {
  return (Math.max(...values) + Math.min(...values)) / 2;
}

/** Round degrees in a range, about so many. */
function lines(from: number, to: number, count: number): number[] {
  const step = STEPS.find((one) => (to - from) / one <= Math.max(2, count)) ?? 90;
  const found: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i += 1) found.push(Number((i * step).toFixed(6)));
  return found;
}
