/**
 * The one open event of the fleet. A box joins when it passes a limit or leaves three sigma while the event is open. All times of a
 * box are of its own clock and are compared only with its own, so clocks that differ do no harm.
 */
import type { TriggerType } from '../sdk/plugin.js';

interface Member {
  startMs: number;
  /** newest measurement outside */
  endMs: number;
  /** newest measurement above a limit; -Infinity: never */
  lastAboveMs: number;
  /** newest measurement of any kind */
  latestMs: number;
  /** our clock when it came */
  heardMs: number;
  /** was above a limit less than the grace time ago, by its own clock, and is still heard */
  loud: boolean;
}

/** Windows to ask for: boxes whose intervals lie near each other share one. */
export interface Window {
  boxIds: number[];
  startMs: number;
  endMs: number;
}

export class FleetEvent {
  readonly type: TriggerType;
  /** greatest deviation from the reference, percent */
  magnitude = 0;
  readonly #graceMs: number;
  readonly #members = new Map<number, Member>();
  // Kept as measurements come, so that each costs the same however many boxes are in the event.
  #loud = 0;
  #longestMs = 0;

  /** @param graceMs how long a box must stay inside the limits before it is quiet */
  constructor(type: TriggerType, graceMs: number) {
    this.type = type;
    this.#graceMs = graceMs;
  }

  get size(): number {
    return this.#members.size;
  }

  /** A box that is above a limit (`above`) or outside three sigma; `sinceMs` is its last normal measurement. */
  join(boxId: number, sinceMs: number, timeMs: number, above: boolean, nowMs: number): void {
    let member = this.#members.get(boxId);
    if (member === undefined) {
      member = {
        startMs: sinceMs,
        endMs: timeMs,
        lastAboveMs: Number.NEGATIVE_INFINITY,
        latestMs: timeMs,
        heardMs: nowMs,
        loud: false,
      };
      this.#members.set(boxId, member);
    }
    member.endMs = timeMs;
    if (above) member.lastAboveMs = timeMs;
    this.#heard(member, timeMs, nowMs);
  }

  /** A normal measurement of a box: the first one after an excursion belongs to the window. */
  normal(boxId: number, timeMs: number, nowMs: number): void {
    const member = this.#members.get(boxId);
    if (member === undefined) return;
    if (member.latestMs === member.endMs) member.endMs = timeMs;
    this.#heard(member, timeMs, nowMs);
  }

  /** Every box that was above a limit has been inside them for the grace time of its own clock, or is silent. */
  get isOver(): boolean {
    return this.#loud === 0;
  }

  /** Whether some box's part has grown to `sliceMs`. */
  isLong(sliceMs: number): boolean {
    return this.#longestMs >= sliceMs;
  }

  /** Boxes not heard for the grace time by our clock no longer keep the event open. */
  dropSilent(nowMs: number): void {
    for (const member of this.#members.values()) {
      if (nowMs - member.heardMs >= this.#graceMs) this.#setLoud(member, false);
    }
  }

  /** Windows of the whole event, and, for an event that goes on, where the next ones begin. */
  take(nearMs: number): Window[] {
    const members = [...this.#members].sort(([idA, a], [idB, b]) => a.startMs - b.startMs || idA - idB);
    const windows: Window[] = [];
    for (const [boxId, member] of members) {
      const last = windows.at(-1);
      if (last !== undefined && member.startMs <= last.endMs + nearMs) {
        last.boxIds.push(boxId);
        if (member.endMs > last.endMs) last.endMs = member.endMs;
      } else {
        windows.push({ boxIds: [boxId], startMs: member.startMs, endMs: member.endMs });
      }
    }
    for (const member of this.#members.values()) {
      member.startMs = member.latestMs;
      member.endMs = member.latestMs;
    }
    this.#longestMs = 0;
    return windows.filter((window) => window.endMs > window.startMs);
  }

  #heard(member: Member, timeMs: number, nowMs: number): void {
    if (timeMs > member.latestMs) member.latestMs = timeMs;
    member.heardMs = nowMs;
    this.#setLoud(member, member.latestMs - member.lastAboveMs < this.#graceMs);
    const length = member.latestMs - member.startMs;
    if (length > this.#longestMs) this.#longestMs = length;
  }

  #setLoud(member: Member, loud: boolean): void {
    if (member.loud === loud) return;
    member.loud = loud;
    this.#loud += loud ? 1 : -1;
  }
}
