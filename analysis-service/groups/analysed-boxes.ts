/** Which boxes' waveforms of each event are analysed. Bounded: the event that was added to longest ago is forgotten. */

/** Boxes of all events together: some megabytes. */
const MOST_BOXES = 50_000;

export class AnalysedBoxes {
  readonly #isStored: ((eventId: number, boxId: string) => Promise<boolean>) | undefined;
  readonly #most: number;
  readonly #events = new Map<number, Set<string>>();
  #boxes = 0;

  /** @param isStored where other services analyse waveforms too: whether the store says that one is analysed */
  constructor(
    isStored: ((eventId: number, boxId: string) => Promise<boolean>) | undefined = undefined,
    most = MOST_BOXES,
  ) {
    this.#isStored = isStored;
    this.#most = most;
  }

  /** @param isReceived its waveform is stored. @throws what the store says */
  async has(eventId: number, boxId: string, isReceived: boolean): Promise<boolean> {
    if (this.of(eventId)?.has(boxId) === true) return true;
    if (!isReceived || (await this.#isStored?.(eventId, boxId)) !== true) return false;
    this.add(eventId, boxId);
    return true;
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
