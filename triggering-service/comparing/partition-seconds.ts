/** What the owner of a partition knows of its boxes, and the second that goes on. */
import type { MeasurementColumns } from '../../proto/columns.js';
import { UNKNOWN_LOCATION } from '../../store/boxes.js';
import { BoxSecond } from './box-second.js';
import {
  addBox,
  emptyGroup,
  emptySummary,
  type Group,
  groupKey,
  LISTED,
  orderSilent,
  type Summary,
} from './summary.js';

/** A box not heard for so long is silent, ms. A Box 3 sends one measurement per second. */
export const SILENT_MS = 3000;
/** One that is silent for longer is counted and not listed, ms. */
export const LISTED_MS = 900_000;
/** And forgotten after this, ms. */
const FORGET_MS = 24 * 3_600_000;
/** Locations of one partition; boxes of further ones are summarised with those that have none. */
export const MAX_GROUPS = 256;

/** What is asked about a box. */
export interface BoxPlaces {
  location(boxId: number): string;
  /** a meter sends when it likes: it is never silent */
  isMeter(boxId: number): boolean;
}

interface Box {
  location: string;
  heardMs: number;
  timestampMs: number;
  flags: number;
  /** its measurements of this second; undefined: none came yet */
  second: BoxSecond | undefined;
}

export class PartitionSeconds {
  readonly #partition: number;
  readonly #places: BoxPlaces;
  readonly #boxes = new Map<number, Box>();
  #groups = new Map<string, Group>();

  constructor(partition: number, places: BoxPlaces) {
    this.#partition = partition;
    this.#places = places;
  }

  /** Takes a measurement in. @param heardMs when the relay received it, Unix ms: every owner of the partition says the same */
  add(columns: MeasurementColumns, i: number, heardMs: number): void {
    const boxId = columns.boxId[i] ?? 0;
    let box = this.#boxes.get(boxId);
    if (box === undefined) {
      box = { location: UNKNOWN_LOCATION, heardMs, timestampMs: 0, flags: 0, second: undefined };
      this.#boxes.set(boxId, box);
    }
    box.heardMs = Math.max(box.heardMs, heardMs);
    box.timestampMs = columns.timestampMs[i] ?? 0;
    box.flags = columns.flags[i] ?? 0;
    box.second ??= new BoxSecond();
    box.second.add(columns, i);
  }

  /** A box that sent before it was ours. @param heardMs when the relay received it, Unix ms */
  learn(boxId: number, heardMs: number): void {
    const known = this.#boxes.get(boxId);
    if (known !== undefined) {
      known.heardMs = Math.max(known.heardMs, heardMs);
      return;
    }
    const location = this.#places.location(boxId);
    this.#boxes.set(boxId, { location, heardMs, timestampMs: heardMs, flags: 0, second: undefined });
  }

  /** The second has ended; the next one begins. */
  end(nowMs: number): Summary {
    const summary = emptySummary();
    for (const [boxId, box] of this.#boxes) {
      const { second } = box;
      const silentMs = nowMs - box.heardMs;
      if (silentMs > FORGET_MS) this.#boxes.delete(boxId);
      const isMeter = this.#places.isMeter(boxId);
      if (second === undefined && (isMeter || silentMs > FORGET_MS)) continue;
      if (second !== undefined) box.location = this.#places.location(boxId);
      const group = this.#groupOf(box.location);
      if (second !== undefined) addBox(group, second);
      box.second = undefined;
      if (isMeter) continue;
      group.boxes += 1;
      if (second !== undefined) group.heard += 1;
      if (silentMs < SILENT_MS) continue;
      group.silent += 1;
      const { flags, heardMs, location, timestampMs } = box;
      if (silentMs < LISTED_MS) summary.silent.push({ boxId, location, heardMs, timestampMs, flags });
    }
    summary.groups = this.#groups;
    this.#groups = new Map();
    orderSilent(summary, LISTED);
    return summary;
  }

  #groupOf(location: string): Group {
    const isKnown = location !== UNKNOWN_LOCATION;
    const key = groupKey(location, isKnown ? -1 : this.#partition);
    const found = this.#groups.get(key);
    if (found !== undefined) return found;
    // One place is kept for those without a location.
    if (isKnown && this.#groups.size >= MAX_GROUPS - 1) return this.#groupOf(UNKNOWN_LOCATION);
    const made = emptyGroup(location, isKnown ? -1 : this.#partition);
    this.#groups.set(key, made);
    return made;
  }
}
