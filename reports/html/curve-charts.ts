/** The ITIC curve and SEMI F47 with all incidents as points. */
import { iticLower, iticUpper, semiF47Recommended, semiF47Required } from '../../signal/classify/index.js';
import type { CurvePoint } from '../incidents.js';
import { COLOURS } from './style.js';
import { GRID, label, line, linear, MARGIN, picture, type Scale, WIDTH, xy } from './svg.js';

export type Mark = 'inside' | 'below' | 'above';

export interface MarkedPoint extends CurvePoint {
  mark: Mark;
  /** shown where the pointer rests */
  text: string;
}

const HEIGHT = 330;
const MARKS: Record<Mark, { colour: string; path: string }> = {
  inside: { colour: COLOURS.voltage, path: 'm-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0' },
  below: { colour: '#b35c00', path: 'm-3.6 -3.6h7.2v7.2h-7.2z' },
  above: { colour: '#a11212', path: 'm0 -4.6l4.4 8h-8.8z' },
};

/** A mark by itself, for a legend. */
export function markIcon(mark: Mark): string {
  const { colour, path } = MARKS[mark];
  return `<svg viewBox="0 0 14 12" aria-hidden="true"><path d="M7 6${path}" fill="${colour}"/></svg>`;
}

interface Axes {
  /** s, powers of ten */
  seconds: readonly [number, number];
  percent: readonly [number, number];
  percentTicks: readonly number[];
}

const ITIC: Axes = {
  seconds: [1e-4, 100],
  percent: [0, 250],
  percentTicks: [0, 50, 70, 90, 110, 140, 200, 250],
};
const SEMI: Axes = {
  seconds: [1e-3, 100],
  percent: [0, 100],
  percentTicks: [0, 20, 40, 50, 70, 80, 90, 100],
};
const SECONDS = [1e-4, 1e-3, 0.01, 0.1, 1, 10, 100];
const NAMES = ['0.1 ms', '1 ms', '10 ms', '100 ms', '1 s', '10 s', '100 s'];

function scales({ percent, seconds }: Axes): { x: Scale; y: Scale } {
  const [first, last] = [Math.log10(seconds[0]), Math.log10(seconds[1])];
  const log = linear([first, last], [MARGIN.left, WIDTH - MARGIN.right]);
  return {
    x: (value) => log(Math.log10(Math.max(seconds[0], Math.min(seconds[1], value)))),
    y: (value) =>
      linear(percent, [HEIGHT - MARGIN.bottom, MARGIN.top])(
        Math.max(percent[0], Math.min(percent[1], value)),
      ),
  };
}

function frame(axes: Axes, { x, y }: { x: Scale; y: Scale }): string {
  const shown = SECONDS.map((at, i) => ({ at, text: NAMES[i] ?? '' })).filter(
    ({ at }) => at >= axes.seconds[0],
  );
  return [
    ...axes.percentTicks.map(
      (at) =>
        line(MARGIN.left, y(at), WIDTH - MARGIN.right, y(at), GRID) +
        label(MARGIN.left - 6, y(at) + 4, `${at} %`, 'end'),
    ),
    ...shown.map(({ at, text }, i) => {
      const anchor = i === 0 ? 'start' : i === shown.length - 1 ? 'end' : 'middle';
      return (
        line(x(at), MARGIN.top, x(at), HEIGHT - MARGIN.bottom, GRID) +
        label(x(at), HEIGHT - MARGIN.bottom + 16, text, anchor)
      );
    }),
  ].join('');
}

function marks(points: readonly MarkedPoint[], { x, y }: { x: Scale; y: Scale }): string {
  return points
    .map(({ mark, percent, seconds, text }) => {
      const { colour, path } = MARKS[mark];
      const at = `M${xy(x(seconds))} ${xy(y(percent))}`;
      return `<path d="${at}${path}" fill="${colour}" fill-opacity="0.75" stroke="#fff" stroke-width="0.6"><title>${text}</title></path>`;
    })
    .join('');
}

/** Points of a curve at many times, so that slopes and steps come out as they are. */
function traced(
  axes: Axes,
  of: (seconds: number) => number | undefined,
  { x, y }: { x: Scale; y: Scale },
): string {
  const [first, last] = [Math.log10(axes.seconds[0]), Math.log10(axes.seconds[1])];
  const steps = 1200;
  let d = '';
  for (let i = 0; i <= steps; i += 1) {
    const seconds = 10 ** (first + ((last - first) * i) / steps);
    const percent = of(seconds);
    if (percent === undefined) continue;
    d += `${d === '' ? 'M' : 'L'}${xy(x(seconds))} ${xy(y(percent))}`;
  }
  return d;
}

const CURVE = 'fill="none" stroke="#1b1f24" stroke-width="1.6" stroke-linejoin="round"';

export function iticChart(points: readonly MarkedPoint[]): string {
  const s = scales(ITIC);
  const upper = traced(ITIC, iticUpper, s);
  const lower = traced(ITIC, iticLower, s);
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const top = MARGIN.top;
  const bottom = HEIGHT - MARGIN.bottom;
  return picture(
    HEIGHT,
    `ITIC curve with ${points.length} incidents`,
    [
      `<path d="${upper}L${right} ${top}L${left} ${top}Z" fill="#a11212" fill-opacity="0.07"/>`,
      `<path d="${lower}L${right} ${bottom}L${left} ${bottom}Z" fill="#b35c00" fill-opacity="0.08"/>`,
      frame(ITIC, s),
      `<path d="${upper}" ${CURVE}/><path d="${lower}" ${CURVE}/>`,
      label(right - 8, s.y(225), 'prohibited', 'end', ' font-style="italic"'),
      label(s.x(0.0012), s.y(100) + 4, 'no interruption in function', 'start', ' font-style="italic"'),
      label(right - 8, s.y(25), 'no damage', 'end', ' font-style="italic"'),
      marks(points, s),
    ].join(''),
  );
}

/** @param nominalFrequency Hz: the curves begin at one cycle */
export function semiChart(points: readonly MarkedPoint[], nominalFrequency: number): string {
  const s = scales(SEMI);
  const required = traced(SEMI, (seconds) => semiF47Required(seconds, nominalFrequency), s);
  const recommended = traced(SEMI, (seconds) => semiF47Recommended(seconds, nominalFrequency), s);
  const end = ` V${xy(HEIGHT - MARGIN.bottom)}`;
  const start = `M${xy(s.x(1 / nominalFrequency))} ${xy(HEIGHT - MARGIN.bottom)}L`;
  return picture(
    HEIGHT,
    `SEMI F47 with ${points.length} sags and interruptions`,
    [
      frame(SEMI, s),
      `<path d="${recommended}" ${CURVE} stroke-dasharray="6 3"/>`,
      `<path d="${start}${required.slice(1)}${end}" ${CURVE}/>`,
      label(
        s.x(0.0012),
        s.y(55),
        'equipment must keep working above the line',
        'start',
        ' font-style="italic"',
      ),
      marks(points, s),
    ].join(''),
  );
}
