/** Keys from a store (`opq_boxes.public_key`), polled. The store itself comes as a function, so that this room knows none. */
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import type { AllowEntry, AllowSource, SourceContent } from './allow-list.js';
import { parseBoxId } from './certificate.js';
import { parsePublicKey } from './key.js';

/** What a store says of its boxes' keys. */
export interface BoxKeys {
  /** boxes without a key have none here */
  boxes: readonly { boxId: string; publicKey?: string | undefined }[];
  /** why these may be keys of before, where somebody remembers them for a database that is unavailable */
  outdated?: string | undefined;
}

export type ReadBoxKeys = () => Promise<BoxKeys>;

/** So that a change takes effect within 5 s, also where the reply takes a while or the sockets were closed just before (disconnector.ts). */
const POLL_MS = 2000;
const ANSWER_MS = 10_000;

export class StoreSource implements AllowSource {
  readonly name: string;
  readonly pollMs: number;
  readonly #read: ReadBoxKeys;
  readonly #log: Logger;
  #complained = new Set<string>();

  /** @param name shown in status and logs, without user and password */
  constructor(name: string, read: ReadBoxKeys, log: Logger, pollMs = POLL_MS) {
    this.name = name;
    this.pollMs = pollMs;
    this.#read = read;
    this.#log = log;
  }

  /** @throws where the store does not answer within 10 s */
  async read(): Promise<SourceContent> {
    const entries: AllowEntry[] = [];
    const complained = new Set<string>();
    const { boxes, outdated } = await withTimeout(this.#read());
    for (const box of boxes) {
      if (box.publicKey === undefined || box.publicKey === '') continue;
      const where = `box ${box.boxId.slice(0, 20)}: public_key`;
      try {
        entries.push({
          boxId: parseBoxId(box.boxId, where),
          publicKey: parsePublicKey(box.publicKey, where),
        });
      } catch (error) {
        const message = messageOf(error);
        if (!this.#complained.has(message))
          this.#log.warn({ source: this.name, error: message }, 'bad key in the store');
        complained.add(message);
      }
    }
    this.#complained = complained;
    return { entries, revoked: [], error: outdated };
  }

  /** A store does not report changes: it is polled. */
  watch(): () => void {
    return () => undefined;
  }
}

async function withTimeout<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
