/** Zoom and cursors of an event as they stand in the address: ms from the event's start, a tenth of a sample fine. */
import type { Range } from './range.js';

const NUMBER = /^-?\d{1,12}(\.\d{1,6})?$/;

function round(ms: number): string {
  return String(Number(ms.toFixed(3)));
}

export function parseMs(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

export const formatMs = round;

/** `1200.5~1400` */
export function parseSpan(text: string): Range | undefined {
  const [a = '', b = '', rest] = text.split('~');
  const [fromMs, toMs] = [parseMs(a), parseMs(b)];
  if (fromMs === undefined || toMs === undefined || rest !== undefined || toMs <= fromMs) return undefined;
  return { fromMs, toMs };
}

export function formatSpan({ fromMs, toMs }: Range): string {
  return `${round(fromMs)}~${round(toMs)}`;
}
