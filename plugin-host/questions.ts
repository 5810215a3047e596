/** What a plugin's thread asks the main thread for, and waits for. */
import type { PluginHistory } from '../plugins/sdk/plugin.js';
import { MAX_HISTORY_PIECES } from './limits.js';
import type { Question, Reply } from './messages.js';
import type { StateBody } from './plugin-memory.js';

export class Questions {
  readonly #ask: (id: number, question: Question) => void;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;
  #pieces = 0;

  constructor(ask: (id: number, question: Question) => void) {
    this.#ask = ask;
  }

  /** What the plugin kept. */
  async state(): Promise<StateBody | undefined> {
    return (await this.#put({ what: 'state' })) as StateBody | undefined; // our own main thread replied
  }

  /** As `PluginContext.history`. */
  readonly history = async (boxId: number, fromMs: number, toMs: number): Promise<PluginHistory> => {
    if (![boxId, fromMs, toMs].every(Number.isFinite)) throw new TypeError('history: expected three numbers');
    if (++this.#pieces > MAX_HISTORY_PIECES)
      throw new RangeError(`history: more than ${MAX_HISTORY_PIECES} pieces`);
    return (await this.#put({ what: 'history', boxId, fromMs, toMs })) as PluginHistory; // as above
  };

  answer(reply: Reply): void {
    const asked = this.#open.get(reply.id);
    this.#open.delete(reply.id);
    if ('error' in reply) asked?.reject(new Error(reply.error));
    else asked?.resolve(reply.value);
  }

  #put(question: Question): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#ask(id, question);
    });
  }
}
