/** A sparkline: min to max of each slot; gaps stay gaps. */
import { type Slot, sparkRange } from '../../logic/live.js';

const WIDTH = 120;
const HEIGHT = 26;

/** @param minSpan y range at the narrowest, unit of the values: noise must not look like an event */
export function Spark({ slots, minSpan, label }: { slots: readonly Slot[]; minSpan: number; label: string }) {
  const range = sparkRange(slots, minSpan);
  if (range === undefined) return <span class="quiet">–</span>;
  const y = (value: number): number => 2 + ((range.high - value) / (range.high - range.low)) * (HEIGHT - 4);
  const width = WIDTH / slots.length;
  const path = slots
    .map((slot, i) => {
      if (slot === null) return '';
      const [top, bottom] = [y(slot.max), y(slot.min)];
      const height = Math.max(1.6, bottom - top);
      return `M${(i * width).toFixed(1)} ${(top + (bottom - top - height) / 2).toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}h-${width.toFixed(1)}z`;
    })
    .join('');
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path d={path} fill="currentColor" />
    </svg>
  );
}
