/** How much memory a reader may take: a few bytes of a file can claim any amount. */
import { type Place, unreadable } from './problems.js';

/** A file may unfold to this many times its size... */
const TIMES = 20;
/** ... and a small one to this much, bytes, where the reader does not say otherwise. */
const AT_LEAST = 1_048_576;

/** Bytes that a reader may still hold. What is asked for is taken off before it is allocated. */
export class Budget {
  readonly #whole: number;
  readonly #input: number;
  #left: number;

  /**
   * @param inputBytes size of the file
   * @param atLeast what a reader may take of any file, bytes
   */
  constructor(inputBytes: number, atLeast = AT_LEAST) {
    this.#input = inputBytes;
    this.#whole = TIMES * inputBytes + atLeast;
    this.#left = this.#whole;
  }

  get left(): number {
    return this.#left;
  }

  /** @throws MakaiError when it is more than is left */
  take(bytes: number, place: Place): void {
    if (!(bytes >= 0 && bytes <= this.#left)) {
      throw unreadable(
        place,
        `unfolds to more than ${this.#whole} bytes, from ${this.#input} of the file`,
        'It is damaged, or made to exhaust memory.',
      );
    }
    this.#left -= bytes;
  }

  /** What was taken is held no longer. */
  giveBack(bytes: number): void {
    this.#left = Math.min(this.#whole, this.#left + bytes);
  }
}
