/**
 * Messages that met a statement of a rule as in the seed, the newest of each topic, until a rule fires: then all are let go. Bounded: the oldest is
 * dropped for a new one.
 */
import type { CompiledLogic, CompiledStatement } from './compiled.js';
import { messagesJson } from './payload.js';

const MAX_TOPICS = 10_000;
/** Characters of the messages held together. */
const MAX_LENGTH = 8 * 1024 * 1024;

export class HeldMessages {
  /** topic → message, the oldest first */
  readonly #messages = new Map<string, string>();
  /** statement → topics whose message meets it */
  readonly #met = new Map<CompiledStatement, Set<string>>();
  readonly #dropped: () => void;
  readonly #busy: Int32Array;
  #length = 0;
  #current = '';

  /** @param busy by logic entry: how many of its statements are met by messages that are held, kept here */
  constructor(busy: Int32Array, dropped: () => void) {
    this.#busy = busy;
    this.#dropped = dropped;
  }

  /** A message came: what was held of its topic is replaced. */
  begin(topic: string, text: string): void {
    this.#forget(topic);
    this.#current = text;
  }

  put(statement: CompiledStatement, topic: string, isMet: boolean): void {
    if (!isMet) {
      if (this.#met.get(statement)?.delete(topic) === true) this.#count(statement, -1);
      return;
    }
    const topics = this.#met.get(statement) ?? new Set();
    if (!topics.has(topic)) this.#count(statement, 1);
    this.#met.set(statement, topics.add(topic));
    if (this.#messages.has(topic)) return;
    this.#messages.set(topic, this.#current);
    this.#length += this.#current.length;
    while (this.#messages.size > MAX_TOPICS || this.#length > MAX_LENGTH) {
      const [oldest] = this.#messages.keys();
      if (oldest === undefined || oldest === topic) return;
      this.#forget(oldest);
      for (const [one, met] of this.#met) if (met.delete(oldest)) this.#count(one, -1);
      this.#dropped();
    }
  }

  isMet(logic: CompiledLogic, index: number): boolean {
    const statement = logic.statements[index];
    return statement !== undefined && (this.#met.get(statement)?.size ?? 0) > 0;
  }

  /** The messages that meet statements of this logic, by topic, as JSON. */
  inUse(logic: CompiledLogic): string {
    const topics = new Set(logic.statements.flatMap((statement) => [...(this.#met.get(statement) ?? [])]));
    return messagesJson([...topics].map((topic) => [topic, this.#messages.get(topic) ?? 'null']));
  }

  empty(): void {
    for (const [one, met] of this.#met) this.#count(one, -met.size);
    this.#messages.clear();
    this.#met.clear();
    this.#length = 0;
  }

  #count({ usedBy }: CompiledStatement, by: number): void {
    for (const index of usedBy) this.#busy[index] = (this.#busy[index] ?? 0) + by;
  }

  #forget(topic: string): void {
    if (this.#messages.size === 0) return;
    this.#length -= this.#messages.get(topic)?.length ?? 0;
    this.#messages.delete(topic);
  }
}
