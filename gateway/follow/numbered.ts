/**
 * Follows what has rising ids: every id above the position is taken once it is stored, also one that is stored after a higher one. The position is kept on disk.
 */
import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import type { NewIds, NumberedKind } from '../../store/store.js';
import type { State } from '../state/state.js';

/** Read at a time. */
const PAGE = 200;
/** An id that was given and is not stored is waited for so long: a spool may hold it. */
const MISSING_MS = 24 * 3_600_000;
const MOST_MISSING = 1000;
/** Looked for so often, so many at a time. */
const LOOK_MS = 5000;
const LOOKED_FOR = 50;

const position = z.object({
  highest: z.number(),
  /** ids below it that are not stored yet, and since when that is known */
  missing: z.array(z.tuple([z.number(), z.number()])),
});
type Position = z.output<typeof position>;

export interface NumberedOptions {
  kind: NumberedKind;
  state: State;
  clock: Clock;
  /** Publishes one. @returns what is to be written together with the position; undefined where it is not stored. @throws where it must be tried again */
  take(id: number): Promise<(() => void) | undefined>;
}

export class Numbered {
  readonly #options: NumberedOptions;
  #position: Position | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(options: NumberedOptions) {
    this.#options = options;
  }

  /** Takes what is new. @returns how many. @throws what the store, the outbox or `take` throws: the rest is taken the next time */
  async follow(store: NewIds, signal: AbortSignal): Promise<number> {
    const { clock, kind } = this.#options;
    const now = await this.begin(store);
    let taken = 0;
    const ids = await store.idsAfter(kind, now.highest, PAGE);
    for (const id of ids) {
      if (signal.aborted) return taken;
      const write = await this.#options.take(id);
      const before = this.#position ?? now;
      const gap = gapBetween(before.highest, id, clock.now());
      const missing = [
        ...before.missing,
        ...gap,
        ...(write === undefined ? [[id, clock.now()] as const] : []),
      ];
      this.#move({ highest: id, missing: missing.slice(-MOST_MISSING).map(([one, ms]) => [one, ms]) }, write);
      taken += 1;
    }
    if (clock.monotonic() - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = clock.monotonic();
      taken += await this.#lookForMissing(signal);
    }
    return taken;
  }

  /** Finds the position, so that what is stored from now on is followed: what was stored before the first start is not. @throws what the store throws */
  async begin(store: NewIds): Promise<Position> {
    if (this.#position !== undefined) return this.#position;
    const { kind, state } = this.#options;
    const kept = position.safeParse(state.positions.get(kind));
    const highest = kept.success ? undefined : await store.highestId(kind);
    const begin = kept.success ? kept.data : { highest: highest ?? 0, missing: [] };
    if (!kept.success) this.#move(begin, undefined);
    this.#position = begin;
    return begin;
  }

  async #lookForMissing(signal: AbortSignal): Promise<number> {
    const { clock, take } = this.#options;
    let taken = 0;
    for (const [id, sinceMs] of this.#position?.missing.slice(0, LOOKED_FOR) ?? []) {
      if (signal.aborted || this.#position === undefined) return taken;
      const write = await take(id);
      const isOver = write !== undefined || clock.now() - sinceMs > MISSING_MS;
      const { highest, missing } = this.#position;
      const others = missing.filter(([one]) => one !== id);
      // To the end of the list, so that all have their turn.
      this.#move({ highest, missing: isOver ? others : [...others, [id, sinceMs]] }, write);
      if (write !== undefined) taken += 1;
    }
    return taken;
  }

  #move(to: Position, write: (() => void) | undefined): void {
    const { kind, state } = this.#options;
    state.together(() => {
      write?.();
      state.positions.put(kind, to);
    });
    this.#position = to;
  }
}

function gapBetween(highest: number, id: number, nowMs: number): (readonly [number, number])[] {
  const first = Math.max(highest + 1, id - MOST_MISSING);
  return Array.from({ length: id - first }, (_, i) => [first + i, nowMs] as const);
}
