/** What charts draw besides their lines: limits, shaded spans, cursors, marks of flagged values. */
import type uPlot from 'uplot';

/** A colour of the theme by its name in theme.css. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export interface Extras {
  /** horizontal lines that the y range always holds */
  limits?: readonly { value: number; label: string }[] | undefined;
  /** shaded, in the chart's own time */
  spans?: readonly { from: number; to: number }[] | undefined;
  cursors?: { a?: number | undefined; b?: number | undefined } | undefined;
  /** times marked at the lower edge */
  marks?: readonly number[] | undefined;
}

/** Below the lines. */
export function paintSpans(u: uPlot, { spans = [] }: Extras): void {
  const { ctx } = u;
  const { height, left, top, width } = u.bbox;
  ctx.save();
  ctx.fillStyle = colour('shade');
  for (const { from, to } of spans) {
    const a = Math.max(left, u.valToPos(from, 'x', true));
    const b = Math.min(left + width, u.valToPos(to, 'x', true));
    if (b >= left && a <= left + width) ctx.fillRect(a, top, Math.max(2, b - a), height);
  }
  ctx.restore();
}

/** Above the lines. */
export function paintExtras(u: uPlot, extras: Extras): void {
  const { ctx } = u;
  const { height, left, top, width } = u.bbox;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  // uPlot leaves its own alignment behind
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.font = `${12 * scale}px system-ui, sans-serif`;
  ctx.lineWidth = scale;
  for (const { label, value } of extras.limits ?? []) {
    const y = Math.round(u.valToPos(value, 'y', true));
    ctx.strokeStyle = colour('limit');
    ctx.fillStyle = colour('limit');
    ctx.setLineDash([5 * scale, 4 * scale]);
    line(ctx, left, y, left + width, y);
    // above its line, below it at the upper edge
    ctx.fillText(label, left + 4 * scale, y - top < 14 * scale ? y + 12 * scale : y - 3 * scale);
  }
  ctx.setLineDash([]);
  ctx.fillStyle = colour('limit');
  for (const ms of extras.marks ?? []) {
    ctx.fillRect(u.valToPos(ms, 'x', true) - scale, top + height - 6 * scale, 2 * scale, 6 * scale);
  }
  const { a, b } = extras.cursors ?? {};
  for (const [name, ms] of [
    ['a', a],
    ['b', b],
  ] as const) {
    if (ms === undefined) continue;
    const x = Math.round(u.valToPos(ms, 'x', true));
    ctx.strokeStyle = colour(`cursor-${name}`);
    ctx.fillStyle = colour(`cursor-${name}`);
    ctx.lineWidth = 1.5 * scale;
    ctx.setLineDash(name === 'b' ? [6 * scale, 3 * scale] : []);
    line(ctx, x, top, x, top + height);
    ctx.fillText(name.toUpperCase(), x + 3 * scale, top + 11 * scale);
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
