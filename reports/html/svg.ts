/** Parts of charts: scales, ticks, marks. All sizes are in the units of a view box 720 wide. */
import { COLOURS } from './style.js';
import { escaped } from './text.js';

export const WIDTH = 720;
export const MARGIN = { left: 52, right: 14, top: 10, bottom: 28 } as const;

export type Scale = (value: number) => number;

export function linear([from, to]: readonly [number, number], [low, high]: readonly [number, number]): Scale {
  const size = to - from || 1;
  return (value) => low + ((value - from) / size) * (high - low);
}

/** Coordinates to a tenth: a picture of thousands of points stays small. */
export const xy = (value: number): string => String(Math.round(value * 10) / 10);

/** About so many round values in [from, to]. */
export function ticks(from: number, to: number, about: number): number[] {
  const raw = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => raw <= factor * power * 1.0001) ?? 10);
  const found: number[] = [];
  for (let at = Math.ceil(from / step - 1e-9); at * step <= to + 1e-9 * step; at += 1)
    found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** Decimals with which such ticks differ. */
export function decimalsOf(values: readonly number[]): number {
  const step = Math.abs((values[1] ?? 1) - (values[0] ?? 0)) || 1;
  return Math.max(0, Math.min(4, Math.ceil(-Math.log10(step) - 1e-9)));
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${xy(x1)}" y1="${xy(y1)}" x2="${xy(x2)}" y2="${xy(y2)}" ${style}/>`;
}

export function label(
  x: number,
  y: number,
  text: string,
  anchor: 'start' | 'middle' | 'end',
  more = '',
): string {
  return `<text x="${xy(x)}" y="${xy(y)}" text-anchor="${anchor}"${more}>${escaped(text)}</text>`;
}

export const GRID = `stroke="${COLOURS.grid}" stroke-width="1"`;
export const LIMIT = `stroke="${COLOURS.limit}" stroke-width="1.2" stroke-dasharray="6 3"`;

/** A picture with a text for those who do not see it. */
export function picture(height: number, title: string, body: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">${body}</svg>`;
}
