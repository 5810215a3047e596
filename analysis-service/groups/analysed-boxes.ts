/** Which boxes' waveforms of each event are analysed. Bounded: the event that was added to longest ago is forgotten. */

/** Boxes of all events together: some megabytes. */
const MOST_BOXES = 50_000;

export class AnalysedBoxes {
  readonly #most: number;
  readonly #events = new Map<number, Set<string>>();
  #boxes = 0;

  constructor(most = MOST_BOXES) {
    this.#most = most;
  }

  /** Undefined for an event that is not known, or forgotten. */
  of(eventId: number): ReadonlySet<string> | undefined {
    return this.#events.get(eventId);
  }

  add(eventId: number, boxId: string): void {
    const boxes = this.#events.get(eventId) ?? new Set();
    this.#events.delete(eventId);
    this.#events.set(eventId, boxes);
    this.#boxes -= boxes.size;
    boxes.add(boxId);
    this.#boxes += boxes.size;
    for (const [oldest, its] of this.#events) {
      if (this.#boxes <= this.#most || oldest === eventId) return;
      this.#events.delete(oldest);
      this.#boxes -= its.size;
    }
  }
}
