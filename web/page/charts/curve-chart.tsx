/** ITIC or SEMI F47: voltage over duration, logarithmic in time, with a point for each sag and swell. */
import type { Incident } from '../../../web-service/api/index.js';
import {
  type Corner,
  CURVE_FROM_S,
  CURVE_TO_S,
  decadeName,
  decades,
  iticLowerCorners,
  iticUpperCorners,
  semiRecommendedCorners,
  semiRequiredCorners,
} from '../../logic/curves.js';
import { curvePoints, kindOf } from '../../logic/incidents.js';
import { duration, fixed } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { dateTime } from '../../logic/time.js';
import { hrefOfIncident } from '../parts/incident-table.js';
import { KIND_PATH } from '../parts/marks.js';
import { useWidth } from '../parts/width.js';
import { useChoices } from '../state.js';

const HEIGHT = 300;
const LEFT = 44;
const BOTTOM = 34;
const TOP = 10;
const RIGHT = 12;

interface Frame {
  width: number;
  topPercent: number;
  x: (seconds: number) => number;
  y: (percent: number) => number;
}

function frameOf(width: number, topPercent: number): Frame {
  const [from, to] = [Math.log10(CURVE_FROM_S), Math.log10(CURVE_TO_S)];
  return {
    width,
    topPercent,
    x: (seconds) =>
      LEFT +
      ((Math.log10(Math.min(CURVE_TO_S, Math.max(CURVE_FROM_S, seconds))) - from) / (to - from)) *
        Math.max(1, width - LEFT - RIGHT),
    y: (percent) =>
      TOP + (1 - Math.min(topPercent, Math.max(0, percent)) / topPercent) * (HEIGHT - TOP - BOTTOM),
  };
}

export function CurveChart({
  kind,
  incidents,
  nominalFrequency = 60,
}: {
  kind: 'itic' | 'semi';
  incidents: readonly Incident[];
  nominalFrequency?: number;
}) {
  const [element, width] = useWidth<HTMLDivElement>();
  const { zone } = useChoices();
  const points = curvePoints(incidents).filter(({ percent }) => kind === 'itic' || percent < 100);
  const topPercent = kind === 'itic' ? 300 : 120;
  const frame = frameOf(Math.max(200, width), topPercent);
  return (
    <div ref={element}>
      <svg class="plot" width={frame.width} height={HEIGHT} viewBox={`0 0 ${frame.width} ${HEIGHT}`}>
        <title>{kind === 'itic' ? text.charts.itic : text.charts.semi}</title>
        <Axes frame={frame} />
        {kind === 'itic' ? (
          <Itic frame={frame} />
        ) : (
          <Semi frame={frame} nominalFrequency={nominalFrequency} />
        )}
        {points.map(({ incident, percent, seconds }) => {
          const full = incidents.find((one) => one.incident_id === incident.incident_id);
          const label = `${dateTime(incident.start_timestamp_ms, zone)}, ${text.box.title(incident.box_id)}: ${fixed(percent, 0)} %, ${duration(seconds * 1000)}`;
          return (
            <a
              key={incident.incident_id}
              href={full === undefined ? '#/events' : hrefOfIncident(full)}
              class={percent < 100 ? 'q-voltage' : 'q-transient'}
              aria-label={label}
            >
              <title>{label}</title>
              <path
                class="pt"
                d={KIND_PATH[kindOf(incident)]}
                transform={`translate(${frame.x(seconds).toFixed(1)} ${frame.y(percent).toFixed(1)})`}
              />
            </a>
          );
        })}
      </svg>
    </div>
  );
}

function Axes({ frame: { topPercent, width, x, y } }: { frame: Frame }) {
  const step = topPercent > 200 ? 50 : 20;
  const percents = Array.from({ length: Math.floor(topPercent / step) + 1 }, (_, i) => i * step);
  const every = width < 420 ? 2 : 1;
  return (
    <>
      {percents.map((percent) => (
        <g key={percent}>
          <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(percent)} y2={y(percent)} />
          <text x={LEFT - 6} y={y(percent) + 4} text-anchor="end">
            {percent}
          </text>
        </g>
      ))}
      {decades(CURVE_FROM_S, CURVE_TO_S).map((seconds, i) => (
        <g key={seconds}>
          <line class="grid" x1={x(seconds)} x2={x(seconds)} y1={TOP} y2={HEIGHT - BOTTOM} />
          {i % every === 0 ? (
            <text
              x={x(seconds)}
              y={HEIGHT - BOTTOM + 14}
              text-anchor={i === 0 ? 'start' : seconds === CURVE_TO_S ? 'end' : 'middle'}
            >
              {decadeName(seconds)}
            </text>
          ) : null}
        </g>
      ))}
      <text x={width - RIGHT} y={HEIGHT - 4} text-anchor="end">
        {text.charts.axisDuration}
      </text>
      <text x={LEFT + 4} y={TOP + 11}>
        {text.charts.axisPercent}
      </text>
    </>
  );
}

function pathOf(corners: readonly Corner[], { x, y }: Frame): string {
  return corners
    .map(([t, percent], i) => `${i === 0 ? 'M' : 'L'}${x(t).toFixed(1)} ${y(percent).toFixed(1)}`)
    .join('');
}

function Itic({ frame }: { frame: Frame }) {
  const { width, x, y } = frame;
  const upper = pathOf(iticUpperCorners(), frame);
  const lower = pathOf(iticLowerCorners(), frame);
  return (
    <>
      <path class="area" d={`${upper}V${TOP}H${LEFT}Z`} />
      <path class="area" d={`${lower}V${y(0)}H${LEFT}Z`} />
      <path class="curve" d={upper} />
      <path class="curve" d={lower} />
      <text x={width - RIGHT - 6} y={y(210)} text-anchor="end">
        {text.charts.prohibited}
      </text>
      <text x={x(0.0002)} y={y(95)}>
        {text.charts.noInterruption}
      </text>
      <text x={width - RIGHT - 6} y={y(30)} text-anchor="end">
        {text.charts.noDamage}
      </text>
    </>
  );
}

function Semi({ frame, nominalFrequency }: { frame: Frame; nominalFrequency: number }) {
  return (
    <>
      <path class="curve" d={pathOf(semiRequiredCorners(nominalFrequency), frame)} />
      <path class="curve second" d={pathOf(semiRecommendedCorners(nominalFrequency), frame)} />
    </>
  );
}
