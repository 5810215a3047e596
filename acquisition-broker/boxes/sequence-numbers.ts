/**
 * Sequence numbers of Commands. They start at random, so that an old reply that a box kept in its queue does not fit a new
 * request, and are never 0 to 5: a Box 2 hears Commands too and takes 1 to 5 for its own message types (wire-protocols 3.2).
 */
import { randomInt } from 'node:crypto';

export const LEAST_SEQUENCE_NUMBER = 6;
const PAST_THE_LAST = 2 ** 32;

export class SequenceNumbers {
  #next: number;

  /** @param first where to begin; a random number by default */
  constructor(first: number = randomInt(LEAST_SEQUENCE_NUMBER, PAST_THE_LAST)) {
    this.#next = first >= LEAST_SEQUENCE_NUMBER && first < PAST_THE_LAST ? first : LEAST_SEQUENCE_NUMBER;
  }

  /** The next number for which `taken` is false. `taken` must not hold for all 2^32. */
  next(taken: (sequenceNumber: number) => boolean = () => false): number {
    for (;;) {
      const number = this.#next;
      this.#next = number + 1 < PAST_THE_LAST ? number + 1 : LEAST_SEQUENCE_NUMBER;
      if (!taken(number)) return number;
    }
  }
}
