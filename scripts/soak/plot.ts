/** Line charts as SVG text: a few series over minutes, axes with round numbers, no dependencies. */

export interface Series {
  name: string;
  /** x in minutes */
  points: readonly { x: number; y: number }[];
}

export interface Chart {
  title: string;
  /** unit of y */
  unit: string;
  series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 190;
const TOP = 34;
const BOTTOM = 40;
const COLOURS = ['#1f5fa8', '#c4541b', '#2f8f4e', '#7a3fa0', '#8a6d00', '#555555'];

/** The chart as an SVG document. Points that are not finite are left out. */
export function svgOf({ series, title, unit }: Chart): string {
  const all = series.flatMap(({ points }) => points.filter(isFinitePoint));
  const xMax = Math.max(1e-9, ...all.map(({ x }) => x));
  const yMax = roundUp(Math.max(1e-9, ...all.map(({ y }) => y)));
  const px = (x: number): string => (LEFT + (x / xMax) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const py = (y: number): string => (HEIGHT - BOTTOM - (y / yMax) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const lines = series.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = points.filter(isFinitePoint).map(({ x, y }) => `${px(x)},${py(y)}`);
    const legend = TOP + 10 + 18 * i;
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${path.join(' ')}"/>`,
      `<rect x="${WIDTH - RIGHT + 14}" y="${legend - 8}" width="12" height="3" fill="${colour}"/>`,
      `<text x="${WIDTH - RIGHT + 32}" y="${legend - 3}">${escaped(name)}</text>`,
    ].join('\n');
  });
  const yTicks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const y = py(part * yMax);
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#ddd"/><text x="${LEFT - 6}" y="${Number(y) + 4}" text-anchor="end">${shown(part * yMax)}</text>`;
  });
  const xTicks = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (part) =>
      `<text x="${px(part * xMax)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${shown(part * xMax)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#222">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="20" font-size="13" font-weight="bold">${escaped(title)} (${escaped(unit)})</text>`,
    ...yTicks,
    ...xTicks,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">minutes</text>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

function isFinitePoint({ x, y }: { x: number; y: number }): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

/** The next of 1, 2, 4, 5, 10 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10);
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
