/** Incidents on a time line: a lane per location; height is depth, colour and shape are the kind. What lies too close together is one mark with its number. */
import type { Incident } from '../../../web-service/api/index.js';
import { depthOf, kindOf, severityOf } from '../../logic/incidents.js';
import { type Mark, marksOf } from '../../logic/marks.js';
import { formatRoute } from '../../logic/route.js';
import { className, text } from '../../logic/text.js';
import { timeTicks } from '../../logic/ticks.js';
import { dateTime, type Zone } from '../../logic/time.js';
import { KIND_PATH, QUANTITY_OF } from '../parts/marks.js';
import { useWidth } from '../parts/width.js';
import { linkTo, useChoices } from '../state.js';

const LANE = 34;
const AXIS = 22;
const RIGHT = 30;
/** Lanes drawn; more locations share the last one. */
const MAX_LANES = 12;

export function Timeline({
  incidents,
  fromMs,
  toMs,
}: {
  incidents: readonly Incident[];
  fromMs: number;
  toMs: number;
}) {
  const [element, measured] = useWidth<HTMLDivElement>();
  const { zone } = useChoices();
  const width = Math.max(1, measured);
  const lanes = [...new Set(incidents.map((one) => one.location))].sort();
  const shownLanes = lanes.slice(0, MAX_LANES);
  const isNarrow = width < 560;
  const left = isNarrow ? 8 : 120;
  const height = Math.max(1, shownLanes.length) * LANE + AXIS;
  const x = (ms: number): number =>
    left + ((ms - fromMs) / (toMs - fromMs)) * Math.max(1, width - left - RIGHT);
  const ticks = timeTicks(fromMs, toMs, Math.max(2, Math.floor((width - left) / 110)), zone);
  return (
    <div ref={element}>
      <svg class="plot timeline" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        <title>{text.overview.timeline}</title>
        {ticks.map(({ label, ms }) => (
          <g key={ms}>
            <line class="grid" x1={x(ms)} x2={x(ms)} y1={0} y2={height - AXIS} />
            <text x={x(ms)} y={height - 6} text-anchor={x(ms) > width - 40 ? 'end' : 'middle'}>
              {label}
            </text>
          </g>
        ))}
        {shownLanes.map((lane, i) => (
          <g key={lane}>
            <line class="grid" x1={0} x2={width} y1={(i + 1) * LANE} y2={(i + 1) * LANE} />
            <text x={isNarrow ? 2 : 10} y={isNarrow ? i * LANE + 12 : i * LANE + LANE / 2 + 4}>
              {lane === 'UNKNOWN' ? text.box.unknownLocation : lane.slice(0, 18)}
            </text>
          </g>
        ))}
        {marksOf(incidents, x).map((mark) => (
          <MarkLink
            key={`${mark.location} ${mark.lines[0]?.key}`}
            mark={mark}
            y={Math.min(MAX_LANES - 1, lanes.indexOf(mark.location)) * LANE}
            zone={zone}
          />
        ))}
      </svg>
    </div>
  );
}

function MarkLink({ mark, y, zone }: { mark: Mark; y: number; zone: Zone }) {
  const { count, lead, x } = mark;
  const kind = kindOf(lead);
  const bar = 4 + depthOf(lead) * (LANE - 14);
  const bottom = y + LANE - 3;
  const label = labelOf(mark, zone);
  const isNeutral = kind === 'outage' || kind === 'other';
  return (
    <g>
      <a
        href={hrefOf(mark)}
        aria-label={label}
        class={isNeutral ? `mark ${severityOf(lead)}` : QUANTITY_OF[kind]}
      >
        <title>{label}</title>
        <rect x={x - 10} y={y} width={20} height={LANE} fill="transparent" />
        <line x1={x} x2={x} y1={bottom} y2={bottom - bar} stroke="currentColor" stroke-width="2.5" />
        <path
          d={KIND_PATH[kind]}
          transform={`translate(${x.toFixed(1)} ${(bottom - bar).toFixed(1)})`}
          fill="currentColor"
        />
      </a>
      {count > 1 ? (
        <text x={x + 7} y={bottom - 1} font-size="10">
          {count}
        </text>
      ) : null}
    </g>
  );
}

/** One disturbance opens its event, or the box of an outage; several open the list of them. */
function hrefOf({ lead, lines, location }: Mark): string {
  if (lines.length === 1) {
    return lead.event_id >= 0 ? linkTo('events', String(lead.event_id)) : linkTo('boxes', lead.box_id);
  }
  return formatRoute('events', undefined, [
    ['from', String(Math.floor((lines[0]?.startMs ?? 0) - 1000))],
    ['to', String(Math.ceil((lines.at(-1)?.startMs ?? 0) + 1000))],
    ['location', location === 'UNKNOWN' ? undefined : location],
  ]);
}

function labelOf({ count, lead, lines }: Mark, zone: Zone): string {
  const [first] = lines;
  const what = className(lead.classifications[0] ?? 'UNDEFINED');
  const time = dateTime(first?.startMs ?? lead.start_timestamp_ms, zone);
  if (lines.length > 1) return `${time}: ${text.overview.severalHere(count, what)}`;
  return `${time}: ${first?.sentence ?? `${what}, ${text.box.inText(lead.box_id)}`}`;
}
