/** A quantity over time: its ten-minute values as a line, gaps as gaps, limits as dashed lines. */
import { type Span, TEN_MINUTES_MS } from '../windows.js';
import { COLOURS } from './style.js';
import {
  decimalsOf,
  GRID,
  LIMIT,
  label,
  line,
  linear,
  MARGIN,
  picture,
  type Scale,
  ticks,
  WIDTH,
  xy,
} from './svg.js';
import { fixed } from './text.js';

export interface TimePoint {
  /** end of the ten minutes, Unix ms */
  endMs: number;
  value: number;
  low: number;
  high: number;
  counts: boolean;
}

export interface TimeChart {
  title: string;
  unit: string;
  colour: string;
  points: readonly TimePoint[];
  limits: readonly { value: number; text: string }[];
  span: Span;
}

const HEIGHT = 190;
/** More points than columns of the picture: each column shows its lowest and highest. */
const COLUMNS = WIDTH - MARGIN.left - MARGIN.right;

export function timeChart({ colour, limits, points, span, title, unit }: TimeChart): string {
  const values = [...points.flatMap(({ high, low }) => [low, high]), ...limits.map(({ value }) => value)];
  const [low, high] = padded(values);
  const x = linear([span.startMs, span.endMs], [MARGIN.left, WIDTH - MARGIN.right]);
  const y = linear([low, high], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const yTicks = ticks(low, high, 5);
  const decimals = decimalsOf(yTicks);
  const parts = [
    ...yTicks.map(
      (at) =>
        line(MARGIN.left, y(at), WIDTH - MARGIN.right, y(at), GRID) +
        label(MARGIN.left - 6, y(at) + 4, fixed(at, decimals), 'end'),
    ),
    ...timeTicks(span).map(
      ({ at, text }) =>
        line(x(at), MARGIN.top, x(at), HEIGHT - MARGIN.bottom, GRID) +
        label(x(at), HEIGHT - MARGIN.bottom + 16, text, x(at) > WIDTH - 30 ? 'end' : 'middle'),
    ),
    ...limits.map(({ text, value }) => limitLine(y(value), text)),
    label(4, MARGIN.top + 4, unit, 'start', ' font-weight="600"'),
    bands(points, x, y, colour),
    curve(points, x, y, colour),
    ...points.filter(({ counts }) => !counts).map((point) => leftOut(x(middle(point)), y(point.value))),
  ];
  return picture(HEIGHT, title, parts.join(''));
}

const middle = ({ endMs }: TimePoint): number => endMs - TEN_MINUTES_MS / 2;

function padded(values: readonly number[]): [low: number, high: number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low)) return [0, 1];
  const pad = 0.06 * (high - low) || 1;
  return [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad];
}

function limitLine(y: number, text: string): string {
  return (
    line(MARGIN.left, y, WIDTH - MARGIN.right, y, LIMIT) +
    label(WIDTH - MARGIN.right - 4, y - 3, text, 'end', ` style="fill:${COLOURS.limit}"`)
  );
}

/** What the ten minutes' values lay between, as a pale area behind the line. */
function bands(points: readonly TimePoint[], x: Scale, y: Scale, colour: string): string {
  const columns = new Map<number, { low: number; high: number }>();
  for (const point of points) {
    const from = Math.floor(x(point.endMs - TEN_MINUTES_MS));
    const to = Math.max(from, Math.ceil(x(point.endMs)) - 1);
    for (let column = from; column <= to; column += 1) {
      const known = columns.get(column);
      columns.set(column, {
        low: Math.min(known?.low ?? point.low, point.low),
        high: Math.max(known?.high ?? point.high, point.high),
      });
    }
  }
  const d = [...columns]
    .filter(([, { high, low }]) => high > low)
    .map(([column, { high, low }]) => `M${column + 0.5} ${xy(y(low))}V${xy(y(high))}`)
    .join('');
  return d === ''
    ? ''
    : `<path d="${d}" stroke="${colour}" stroke-opacity="0.22" stroke-width="1" fill="none"/>`;
}

function curve(points: readonly TimePoint[], x: Scale, y: Scale, colour: string): string {
  let d = '';
  let lastEnd = Number.NEGATIVE_INFINITY;
  for (const column of reduced(points, x)) {
    for (const point of column) {
      const isGap = point.endMs - lastEnd > TEN_MINUTES_MS;
      const at = `${xy(x(middle(point)))} ${xy(y(point.value))}`;
      // A single point between two gaps is a dot: a line of no length with round ends.
      d += isGap ? `M${at}h0.01` : `L${at}`;
      lastEnd = point.endMs;
    }
  }
  if (d === '') return '';
  return `<path d="${d}" stroke="${colour}" stroke-width="1.4" stroke-linejoin="round" stroke-linecap="round" fill="none"/>`;
}

/** Points by column of the picture; of many in one column the first, lowest, highest and last. */
function reduced(points: readonly TimePoint[], x: Scale): TimePoint[][] {
  if (points.length <= 2 * COLUMNS) return [[...points]];
  const columns = new Map<number, TimePoint[]>();
  for (const point of points) {
    const column = Math.floor(x(middle(point)));
    const list = columns.get(column) ?? [];
    columns.set(column, list);
    list.push(point);
  }
  return [...columns.values()].map((list) => {
    if (list.length <= 4) return list;
    const by = list.toSorted((a, b) => a.value - b.value);
    const kept = new Set([list[0], by[0], by.at(-1), list.at(-1)]);
    return list.filter((point) => kept.has(point));
  });
}

/** A cross: there is a value, and statements leave it out. */
function leftOut(x: number, y: number): string {
  return `<path d="M${xy(x - 3)} ${xy(y - 3)}l6 6m0 -6l-6 6" stroke="${COLOURS.axis}" stroke-width="1.1" fill="none"/>`;
}

const HOUR_MS = 3_600_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Ticks at whole hours, days or months of UTC; at most a dozen. */
function timeTicks({ endMs, startMs }: Span): { at: number; text: string }[] {
  const steps = [1, 2, 3, 6, 12, 24, 48, 168, 336, 744, 2208].map((hours) => hours * HOUR_MS);
  const step = steps.find((length) => (endMs - startMs) / length <= 12) ?? (endMs - startMs) / 12;
  const found: { at: number; text: string }[] = [];
  for (let at = Math.ceil(startMs / step) * step; at <= endMs; at += step) {
    const date = new Date(at);
    const dayText = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
    const isMidnight = at % (24 * HOUR_MS) === 0;
    found.push({ at, text: step < 24 * HOUR_MS && !isMidnight ? date.toISOString().slice(11, 16) : dayText });
  }
  return found;
}
