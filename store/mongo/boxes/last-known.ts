/** A document that people and other programs edit: read again when it is old; an invalid one is reported and the last valid one stays in force. */
import type { Logger } from '../../../common/log.js';

/** What a parser says: the value, or what is wrong, each with the path of its field. */
export type Parsed<T> = { value: T } | { mistakes: string[] };

export class LastKnown<T> {
  readonly #name: string;
  readonly #read: () => Promise<unknown>;
  readonly #parse: (document: unknown) => Parsed<T>;
  readonly #log: Logger;
  #value: T | undefined;
  #reported = '';

  /**
   * @param name of the document, for the log
   * @param read gives the document or undefined (then there is none, which is not a mistake)
   */
  constructor(
    name: string,
    read: () => Promise<unknown>,
    parse: (document: unknown) => Parsed<T>,
    log: Logger,
  ) {
    this.#name = name;
    this.#read = read;
    this.#parse = parse;
    this.#log = log;
  }

  /** The last valid value, or undefined. */
  get value(): T | undefined {
    return this.#value;
  }

  /** Reads the document. @throws what reading throws; then the last valid value is untouched. */
  async refresh(): Promise<T | undefined> {
    const document = await this.#read();
    if (document === undefined || document === null) {
      this.#value = undefined;
      this.#reported = '';
      return undefined;
    }
    const parsed = this.#parse(document);
    if ('value' in parsed) {
      this.#value = parsed.value;
      this.#reported = '';
      return parsed.value;
    }
    const mistakes = parsed.mistakes.join('; ');
    if (mistakes !== this.#reported) {
      const inForce = this.#value === undefined ? 'none' : 'the last valid one';
      this.#log.error({ document: this.#name, mistakes: parsed.mistakes, inForce }, 'invalid document');
      this.#reported = mistakes;
    }
    return this.#value;
  }
}

/** A value read at most every `maxAgeMs`; readers at the same time share one read. A failed read leaves what is there. */
export class Cached<T> {
  readonly #read: () => Promise<T>;
  readonly #maxAgeMs: number;
  readonly #now: () => number;
  #readAt = Number.NEGATIVE_INFINITY;
  #entry: { value: T } | undefined;
  #reading: Promise<T> | undefined;

  constructor(read: () => Promise<T>, maxAgeMs: number, now: () => number) {
    this.#read = read;
    this.#maxAgeMs = maxAgeMs;
    this.#now = now;
  }

  /** @throws what the read throws, when there is no earlier value */
  async get(): Promise<T> {
    // A clock that was set back makes everything old.
    const age = this.#now() - this.#readAt;
    if (this.#entry !== undefined && age >= 0 && age < this.#maxAgeMs) return this.#entry.value;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    try {
      const value = await this.#reading;
      this.#entry = { value };
    } catch (error) {
      if (this.#entry === undefined) throw error;
    }
    this.#readAt = this.#now();
    return this.#entry.value;
  }

  /** The next `get` reads again. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }
}
