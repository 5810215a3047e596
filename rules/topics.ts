/** Topics and topic filters of MQTT (MQTT 3.1.1, 4.7), and an index that finds what is to be done with a topic without looking at every entry. */

/** Characters of a topic in a file. By the protocol 65,535 bytes are allowed; a topic that long would be a mistake. */
const MAX_TOPIC = 1024;
/** Longer ones are searched for again each time, so that a peer cannot fill the memory with them. */
const MAX_TOPIC_REMEMBERED = 256;

/** What rules publish begins with this: nothing else may. */
export const MADE_BY_RULES = '!';

/** @returns what is wrong with a topic filter, undefined where nothing is */
export function patternMistake(pattern: string): string | undefined {
  const plain = textMistake(pattern);
  if (plain !== undefined) return plain;
  const levels = pattern.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1))
      return '# stands alone as the last level';
    if (level.includes('+') && level !== '+') return '+ stands alone as a level';
  }
  return undefined;
}

/** @returns what is wrong with a topic to publish to, undefined where nothing is */
export function topicMistake(topic: string): string | undefined {
  if (/[+#]/.test(topic)) return 'a topic to publish to has no wildcards + and #';
  return textMistake(topic);
}

function textMistake(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (text.length > MAX_TOPIC) return `it has more than ${MAX_TOPIC} characters`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a topic may not have
  return /[\u0000-\u001f\u007f]/.test(text) ? 'it has control characters' : undefined;
}

/** Whether a filter matches a topic. A wildcard at the beginning matches no topic that begins with `$` (4.7.2) or `!`. */
export function topicMatches(pattern: string, topic: string): boolean {
  const index = new TopicIndex<true>(asFound);
  index.add(pattern, true);
  return index.find(topic).length > 0;
}

interface Node<T> {
  readonly children: Map<string, Node<T>>;
  /** of patterns that end here */
  readonly entries: T[];
  /** of patterns that end in `#` here */
  readonly rest: T[];
}

const emptyNode = <T>(): Node<T> => ({ children: new Map(), entries: [], rest: [] });

/** What was found, as it is. */
export const asFound = <T>(found: readonly T[]): readonly T[] => found;

/** Entries by topic filter. What was found for a topic, and made of it, is remembered for a bounded number of topics. */
export class TopicIndex<T, Found = readonly T[]> {
  readonly #root = emptyNode<T>();
  readonly #found = new Map<string, Found>();
  readonly #finish: (found: readonly T[]) => Found;
  readonly #remembered: number;

  constructor(finish: (found: readonly T[]) => Found, remembered = 10_000) {
    this.#finish = finish;
    this.#remembered = remembered;
  }

  add(pattern: string, entry: T): void {
    this.#found.clear();
    let node = this.#root;
    for (const level of pattern.split('/')) {
      if (level === '#') {
        node.rest.push(entry);
        return;
      }
      const child = node.children.get(level) ?? emptyNode<T>();
      node.children.set(level, child);
      node = child;
    }
    node.entries.push(entry);
  }

  find(topic: string): Found {
    const known = this.#found.get(topic);
    if (known !== undefined) return known;
    const entries: T[] = [];
    collect(this.#root, topic.split('/'), 0, entries);
    const found = this.#finish(entries);
    if (topic.length > MAX_TOPIC_REMEMBERED) return found;
    if (this.#found.size >= this.#remembered) this.#found.clear();
    this.#found.set(topic, found);
    return found;
  }
}

function collect<T>(node: Node<T>, levels: readonly string[], depth: number, found: T[]): void {
  const level = levels[depth];
  const isHidden =
    depth === 0 && (level?.startsWith('$') === true || level?.startsWith(MADE_BY_RULES) === true);
  // `a/#` also matches `a`.
  if (!isHidden) found.push(...node.rest);
  if (level === undefined) {
    found.push(...node.entries);
    return;
  }
  const next = node.children.get(level);
  if (next !== undefined) collect(next, levels, depth + 1, found);
  const any = node.children.get('+');
  // A level may itself be called "+" by a peer that breaks the rule for topics: it is then found once.
  if (any !== undefined && any !== next && !isHidden) collect(any, levels, depth + 1, found);
}
