/** What a reader found odd and read all the same. */
import { type Place, placeText } from './problems.js';

export interface FormatWarning extends Place {
  /** one sentence that names both numbers where two statements of a file contradict each other */
  text: string;
  /** how often the same was seen, this one included */
  times: number;
}

/** Of one kind the first is kept and the rest counted, so that a damaged file of a million lines gives a few warnings. */
export class Warnings {
  readonly #kinds = new Map<string, FormatWarning>();

  /**
   * @param kind word for the kind, unique within the reader: 'sample-number'
   * @param text what was found and what was done about it
   */
  add(kind: string, place: Place, text: string): void {
    const known = this.#kinds.get(kind);
    if (known !== undefined) known.times += 1;
    else this.#kinds.set(kind, { ...place, text, times: 1 });
  }

  has(kind: string): boolean {
    return this.#kinds.has(kind);
  }

  get all(): readonly FormatWarning[] {
    return [...this.#kinds.values()];
  }
}

/** A warning as a person reads it: file and place, what, how often. */
export function warningText(warning: FormatWarning): string {
  const often = warning.times > 1 ? ` (${warning.times} times; this is the first)` : '';
  return `${placeText(warning)}: ${warning.text}${often}`;
}
