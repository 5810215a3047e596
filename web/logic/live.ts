/** What is known of each box while the page is open: the newest value, and an hour of voltages for the sparkline. Bounded, whatever comes in. */

export interface LiveValue {
  boxId: string;
  timestampMs: number;
  voltage?: number | undefined;
  frequency?: number | undefined;
  thd?: number | undefined;
  transient?: number | undefined;
  flagged?: readonly string[] | undefined;
}

/** One box: the newest value, when it came by the page's clock, and lowest and highest voltage of each slot of the sparkline. */
export interface LiveBox {
  value: LiveValue;
  receivedMs: number;
}

/** A live number is stale when it is older. */
export const STALE_MS = 5000;
/** Slots of a sparkline: a minute each, an hour in all. */
export const SPARK_SLOTS = 60;
export const SPARK_SLOT_MS = 60_000;
const MAX_BOXES = 5000;

export class LiveBoxes {
  readonly #boxes = new Map<string, LiveBox>();

  /** Keeps a value if it is newer than what is known; a box's clock that was set back is followed after a minute. */
  take(value: LiveValue, nowMs: number): void {
    const known = this.#boxes.get(value.boxId);
    if (known === undefined && this.#boxes.size >= MAX_BOXES) return;
    const older = known !== undefined && value.timestampMs < known.value.timestampMs;
    if (older && nowMs - known.receivedMs < 60_000) return;
    this.#boxes.set(value.boxId, { value, receivedMs: nowMs });
  }

  get(boxId: string): LiveBox | undefined {
    return this.#boxes.get(boxId);
  }

  all(): LiveBox[] {
    return [...this.#boxes.values()];
  }

  get size(): number {
    return this.#boxes.size;
  }
}

/** Lowest and highest of a slot; null where nothing was measured. */
export type Slot = { min: number; max: number } | null;

export interface TimedMinMax {
  timestampMs: number;
  min: number;
  max: number;
}

/** Slots of equal length that end at `nowMs`. Values outside are left out; a slot without any is a gap. */
export function slotsOf(
  values: readonly TimedMinMax[],
  nowMs: number,
  slots = SPARK_SLOTS,
  slotMs = SPARK_SLOT_MS,
): Slot[] {
  const list: Slot[] = Array.from({ length: slots }, () => null);
  const startMs = nowMs - slots * slotMs;
  for (const { max, min, timestampMs } of values) {
    const i = Math.ceil((timestampMs - startMs) / slotMs) - 1;
    if (i < 0 || i >= slots) continue;
    const slot = list[i] ?? null;
    list[i] = slot === null ? { min, max } : { min: Math.min(slot.min, min), max: Math.max(slot.max, max) };
  }
  return list;
}

/** A sparkline's y range: the values, but never so narrow that noise looks like an event. */
export function sparkRange(
  slots: readonly Slot[],
  minSpan: number,
): { low: number; high: number } | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const slot of slots) {
    if (slot === null) continue;
    low = Math.min(low, slot.min);
    high = Math.max(high, slot.max);
  }
  if (low > high) return undefined;
  const missing = Math.max(0, minSpan - (high - low)) / 2;
  return { low: low - missing, high: high + missing };
}
