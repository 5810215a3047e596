/** The server-sent events: what is published goes to every viewer that wants it, and the newest are kept for those that connect again. */
import { randomBytes } from 'node:crypto';
import type { Topic } from '../api/live.js';

/** Events that a viewer may have missed. */
const KEPT = 2000;
const KEPT_BYTES = 16 * 2 ** 20;

export interface Message {
  id: number;
  topic: Topic;
  /** as it is sent */
  text: string;
}

export interface Listener {
  /** @param text one or more whole events */
  send(text: string): void;
  wants(topic: Topic): boolean;
}

export class Hub {
  /** of this process: ids of an earlier one say nothing here */
  readonly #run = randomBytes(6).toString('hex');
  readonly #listeners = new Set<Listener>();
  readonly #kept: Message[] = [];
  #bytes = 0;
  #next = 1;
  published = 0;

  get viewers(): number {
    return this.#listeners.size;
  }

  publish(topic: Topic, name: string, data: object): void {
    const id = this.#next;
    this.#next += 1;
    this.published += 1;
    const text = eventText(name, data, `${this.#run}-${id}`);
    this.#kept.push({ id, topic, text });
    this.#bytes += text.length;
    while (this.#kept.length > KEPT || this.#bytes > KEPT_BYTES)
      this.#bytes -= this.#kept.shift()?.text.length ?? 0;
    for (const listener of this.#listeners) if (listener.wants(topic)) listener.send(text);
  }

  /**
   * What a viewer has missed since an id that it had.
   * @returns undefined where that is not known
   */
  missed(lastId: string): Message[] | undefined {
    const [, run, number] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(lastId) ?? [];
    const id = Number(number);
    const oldest = this.#kept[0]?.id ?? this.#next;
    if (run !== this.#run || id + 1 < oldest || id >= this.#next) return undefined;
    return this.#kept.filter((message) => message.id > id);
  }

  add(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends the same text to all of some listeners. */
  listeners(): Iterable<Listener> {
    return this.#listeners;
  }
}

/** JSON has no line ends of its own. */
export function eventText(name: string, data: object, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
