/** Locations by their coordinates: on tiles where the service names a tile server, else on a plain grid, so that no other host is asked. */
import type { Incident, Location } from '../../../web-service/api/index.js';
import { worstSeverity } from '../../logic/incidents.js';
import { placed } from '../../logic/map.js';
import { fixed } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { placedOnTiles, TILE } from '../../logic/tiles.js';
import { useWidth } from '../parts/width.js';
import { useSession } from '../session.js';
import { linkTo } from '../state.js';

const HEIGHT = 320;

export function LocationMap({
  locations,
  incidents,
}: {
  locations: readonly Location[];
  incidents: readonly Incident[];
}) {
  const [element, measured] = useWidth<HTMLDivElement>();
  const template = useSession()?.page.map_tiles;
  const width = Math.max(200, measured);
  const grid = template === undefined ? placed(locations, width, HEIGHT) : undefined;
  const map = template === undefined ? undefined : placedOnTiles(locations, template, width, HEIGHT);
  return (
    <div ref={element}>
      <svg class="plot map" width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`}>
        <title>{text.charts.map}</title>
        {map?.tiles.map(({ url, x, y }) => (
          <image key={`${url} ${Math.round(x)}`} href={url} x={x} y={y} width={TILE} height={TILE} />
        ))}
        {grid?.grid.map(({ at, degrees, isLatitude }) => (
          <g key={`${isLatitude} ${degrees}`}>
            {isLatitude ? (
              <line class="grid" x1={0} x2={width} y1={at} y2={at} />
            ) : (
              <line class="grid" x1={at} x2={at} y1={0} y2={HEIGHT} />
            )}
            <text x={isLatitude ? 4 : at + 3} y={isLatitude ? at - 3 : HEIGHT - 4}>
              {fixed(degrees, 3)}°
            </text>
          </g>
        ))}
        {(map?.points ?? grid?.points ?? []).map(({ location, x, y }) => (
          <Place key={location.slug} location={location} incidents={incidents} x={x} y={y} />
        ))}
      </svg>
      {template === undefined ? null : <p class="quiet">{text.charts.tilesFrom(hostOf(template))}</p>}
    </div>
  );
}

function hostOf(template: string): string {
  return /^https?:\/\/([^/]+)/.exec(template)?.[1] ?? template;
}

function Place({
  incidents,
  location,
  x,
  y,
}: {
  incidents: readonly Incident[];
  location: Location;
  x: number;
  y: number;
}) {
  const own = incidents.filter((one) => one.location === location.slug);
  const severity = worstSeverity(own);
  const boxes = `${location.box_ids.length} ${text.nav.boxes.toLowerCase()}`;
  const count = own.length === 0 ? '' : ` (${own.length}, ${text.severity[severity]})`;
  const label = `${location.slug}${count}: ${boxes}, ${text.overview.incidents(String(own.length), own.length)}`;
  return (
    <a
      href={linkTo('events', undefined, { location: location.slug })}
      class={`mark ${own.length === 0 ? 'ok' : severity}`}
      aria-label={label}
    >
      <title>{label}</title>
      <circle class="pt" cx={x} cy={y} r={6 + 2 * Math.sqrt(location.box_ids.length)} />
      <text x={x + 14} y={y + 4}>
        {location.slug}
        {count}
      </text>
    </a>
  );
}
