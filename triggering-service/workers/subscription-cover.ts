/**
 * What a worker subscribes to. A subscription is a prefix of topics, and topics are decimal ids, so a share of the ids is a set of
 * prefixes. They cover every topic known to be ours, as few as possible that are known to be another worker's, and topics that are not
 * known yet, so that a new box is received with its first message. Ids of one block have one owner, so prefixes go no deeper than a block.
 */
import type { KnownTopic } from './topics.js';

const DIGITS = '0123456789';
/** Digits of the longest id, and one more. */
const DEEPEST = 11;

export interface CoverOptions {
  /** consecutive ids that have one owner: a power of ten */
  block: number;
  /** max number of prefixes; beyond it shorter ones are used, which also bring messages of others */
  limit: number;
}

/** @returns prefixes of which none is a prefix of another one */
export function subscriptionCover(known: readonly KnownTopic[], { block, limit }: CoverOptions): string[] {
  const topics = [...known].sort((a, b) => (a.topic < b.topic ? -1 : 1));
  const inBlock = Math.round(Math.log10(block));
  for (let depth = DEEPEST; depth > 0; depth--) {
    const prefixes = new CoverSearch(topics, inBlock, depth, limit).prefixes();
    if (prefixes) return prefixes;
  }
  return [''];
}

class CoverSearch {
  readonly #topics: readonly KnownTopic[];
  readonly #inBlock: number;
  readonly #depth: number;
  readonly #limit: number;
  readonly #found: string[] = [];

  constructor(topics: readonly KnownTopic[], inBlock: number, depth: number, limit: number) {
    this.#topics = topics;
    this.#inBlock = inBlock;
    this.#depth = depth;
    this.#limit = limit;
  }

  /** undefined: more than the limit */
  prefixes(): string[] | undefined {
    this.#visit('', 0, this.#topics.length);
    return this.#found.length > this.#limit ? undefined : this.#found;
  }

  /** Topics `from` to `to - 1` are those that begin with the prefix. */
  #visit(prefix: string, from: number, to: number): void {
    if (this.#found.length > this.#limit) return;
    let own = 0;
    let oneBlock = true;
    for (let at = from; at < to; at++) {
      const known = this.#topics[at];
      if (known?.own) own += 1;
      if (known?.topic.length !== prefix.length + this.#inBlock) oneBlock = false;
    }
    const first = this.#topics[from];
    const mustSubscribe = own > 0 && (prefix.length >= this.#depth || (first?.own && first.topic === prefix));
    if (own === to - from || mustSubscribe) this.#found.push(prefix);
    else if (own === 0 && (oneBlock || prefix.length >= this.#depth)) return;
    else this.#visitLonger(prefix, first?.topic === prefix ? from + 1 : from, to);
  }

  #visitLonger(prefix: string, from: number, to: number): void {
    let at = from;
    for (const digit of DIGITS) {
      const start = at;
      while (at < to && this.#topics[at]?.topic[prefix.length] === digit) at += 1;
      this.#visit(prefix + digit, start, at);
    }
  }
}
