/** How a chart is zoomed and moved: wheel, pinch, drag, keys. Drags that select are uPlot's own. */
import { inside, panned, type Range, zoomed } from '../../logic/range.js';

export interface Zoom {
  range: Range;
  /** how far out it goes */
  limits: Range;
  /** ms, how far in */
  minSpan: number;
  onRange: (range: Range) => void;
}

/** + and − zoom at the middle, brackets move, 0 shows all. @returns whether the key was one of these */
export function zoomKey(key: string, { limits, minSpan, onRange, range }: Zoom): boolean {
  const middle = (range.fromMs + range.toMs) / 2;
  if (key === '+' || key === '=') onRange(zoomed(range, 0.5, middle, limits, minSpan));
  else if (key === '-' || key === '−') onRange(zoomed(range, 2, middle, limits, minSpan));
  else if (key === '[' || key === 'ArrowLeft') onRange(panned(range, -0.25, limits));
  else if (key === ']' || key === 'ArrowRight') onRange(panned(range, 0.25, limits));
  else if (key === '0' || key === 'Home') onRange(limits);
  else return false;
  return true;
}

/**
 * Listens on the plot's area.
 * @param zoom what holds now
 * @returns what ends it
 */
export function listenZoom(area: HTMLElement, zoom: () => Zoom | undefined): () => void {
  const fingers = new Map<number, number>();
  const msAt = (clientX: number, range: Range): number => {
    const { left, width } = area.getBoundingClientRect();
    return range.fromMs + ((clientX - left) / Math.max(1, width)) * (range.toMs - range.fromMs);
  };
  const wheel = (event: WheelEvent): void => {
    const now = zoom();
    if (now === undefined || event.deltaY === 0) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    const factor = Math.exp(Math.max(-120, Math.min(120, pixels)) * 0.004);
    now.onRange(zoomed(now.range, factor, msAt(event.clientX, now.range), now.limits, now.minSpan));
  };
  const down = (event: PointerEvent): void => {
    if (event.pointerType === 'touch') fingers.set(event.pointerId, event.clientX);
  };
  const move = (event: PointerEvent): void => {
    const before = fingers.get(event.pointerId);
    const now = zoom();
    if (before === undefined || now === undefined) return;
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, x]) => x);
    fingers.set(event.pointerId, event.clientX);
    const [other] = others;
    const span = now.range.toMs - now.range.fromMs;
    if (other === undefined) {
      const share = (before - event.clientX) / Math.max(1, area.clientWidth);
      now.onRange(panned(now.range, share, now.limits));
      return;
    }
    const factor = Math.max(20, Math.abs(before - other)) / Math.max(20, Math.abs(event.clientX - other));
    const next = zoomed(
      now.range,
      factor,
      msAt((event.clientX + other) / 2, now.range),
      now.limits,
      now.minSpan,
    );
    const shift = ((before - event.clientX) / 2 / Math.max(1, area.clientWidth)) * span;
    now.onRange(inside({ fromMs: next.fromMs + shift, toMs: next.toMs + shift }, now.limits));
  };
  const up = (event: PointerEvent): void => void fingers.delete(event.pointerId);
  area.addEventListener('wheel', wheel, { passive: false });
  area.addEventListener('pointerdown', down);
  area.addEventListener('pointermove', move);
  for (const name of ['pointerup', 'pointercancel', 'pointerleave'] as const) area.addEventListener(name, up);
  return () => {
    area.removeEventListener('wheel', wheel);
    area.removeEventListener('pointerdown', down);
    area.removeEventListener('pointermove', move);
    for (const name of ['pointerup', 'pointercancel', 'pointerleave'] as const)
      area.removeEventListener(name, up);
  };
}

/** Shift-drag with a mouse moves the range. @returns a listener for mousedown that takes such drags */
export function panOnShift(
  area: () => HTMLElement,
  zoom: () => Zoom | undefined,
): (event: MouseEvent) => boolean {
  return (event) => {
    const start = zoom();
    if (!event.shiftKey || event.button !== 0 || start === undefined) return false;
    event.preventDefault();
    const move = (moved: MouseEvent): void => {
      const share = (event.clientX - moved.clientX) / Math.max(1, area().clientWidth);
      start.onRange(panned(start.range, share, start.limits));
    };
    const up = (): void => {
      document.removeEventListener('mousemove', move);
      document.removeEventListener('mouseup', up);
    };
    document.addEventListener('mousemove', move);
    document.addEventListener('mouseup', up);
    return true;
  };
}
