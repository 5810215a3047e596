/** A quantity of a box over the time of the recording, with the windows that the plugin asked for behind it. */
import { COLOURS } from '../../../reports/html/style.js';
import {
  decimalsOf,
  GRID,
  label,
  line,
  linear,
  MARGIN,
  picture,
  ticks,
  WIDTH,
  xy,
} from '../../../reports/html/svg.js';
import { escaped, fixed } from '../../../reports/html/text.js';
import type { Bin } from './trace.js';

export interface Window {
  startMs: number;
  endMs: number;
  text: string;
  colour: string;
}

export interface Chart {
  title: string;
  unit: string;
  colour: string;
  bins: readonly Bin[];
  windows: readonly Window[];
  span: { fromMs: number; toMs: number };
}

const HEIGHT = 170;

export function chart({ bins, colour, span, title, windows }: Chart): string {
  const [low, high] = padded(bins);
  const seconds = (span.toMs - span.fromMs) / 1000;
  const x = linear([span.fromMs, span.toMs], [MARGIN.left, WIDTH - MARGIN.right]);
  const y = linear([low, high], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const yTicks = ticks(low, high, 4);
  const xTicks = ticks(0, seconds, 8);
  const [yDecimals, xDecimals] = [decimalsOf(yTicks), decimalsOf(xTicks)];
  const bottom = HEIGHT - MARGIN.bottom;
  const parts = [
    ...windows.map(({ startMs, endMs, text, colour: fill }) => {
      const from = Math.max(MARGIN.left, x(startMs));
      const to = Math.min(WIDTH - MARGIN.right, x(endMs));
      if (to < from) return '';
      return `<rect x="${xy(from)}" y="${MARGIN.top}" width="${xy(Math.max(1, to - from))}" height="${bottom - MARGIN.top}" fill="${fill}" fill-opacity="0.16"><title>${escaped(text)}</title></rect>`;
    }),
    ...yTicks.map(
      (at) =>
        line(MARGIN.left, y(at), WIDTH - MARGIN.right, y(at), GRID) +
        label(MARGIN.left - 6, y(at) + 4, fixed(at, yDecimals), 'end'),
    ),
    ...xTicks.map((at) => {
      const place = x(span.fromMs + 1000 * at);
      return (
        line(place, MARGIN.top, place, bottom, GRID) +
        label(place, bottom + 16, `${fixed(at, xDecimals)} s`, place > WIDTH - 30 ? 'end' : 'middle')
      );
    }),
    path(
      bins.filter((bin) => bin.high > bin.low),
      (bin) => `M${xy(x(bin.ms))} ${xy(y(bin.low))}V${xy(y(bin.high))}`,
      `stroke="${colour}" stroke-opacity="0.35" stroke-width="1"`,
    ),
    path(
      bins,
      (bin, i) =>
        `${i === 0 ? 'M' : 'L'}${xy(x(bin.ms))} ${xy(y(bin.mean))}${bins.length === 1 ? 'h0.01' : ''}`,
      `stroke="${colour}" stroke-width="1.3" stroke-linejoin="round" stroke-linecap="round"`,
    ),
  ];
  return picture(HEIGHT, title, parts.join(''));
}

function path(bins: readonly Bin[], draw: (bin: Bin, i: number) => string, style: string): string {
  return bins.length === 0 ? '' : `<path d="${bins.map(draw).join('')}" ${style} fill="none"/>`;
}

function padded(bins: readonly Bin[]): [low: number, high: number] {
  if (bins.length === 0) return [0, 1];
  const low = bins.reduce((lowest, bin) => Math.min(lowest, bin.low), Number.POSITIVE_INFINITY);
  const high = bins.reduce((highest, bin) => Math.max(highest, bin.high), Number.NEGATIVE_INFINITY);
  const pad = 0.06 * (high - low) || Math.max(0.01, Math.abs(high) * 0.01);
  return [low - pad, high + pad];
}

export const REQUEST_COLOUR = COLOURS.limit;
export const INCIDENT_COLOUR = COLOURS.thd;
