/** Keys from a store (`opq_boxes.public_key`), polled. The store is given as a function, so that keys/ does not import it. */
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import type { AllowEntry, AllowSource, SourceContent } from './allow-list.js';
import { parseBoxId } from './certificate.js';
import { parsePublicKey } from './key.js';

/** The keys of a store's boxes. */
export interface BoxKeys {
  /** boxes without a key have none here */
  boxes: readonly { boxId: string; publicKey?: string | undefined }[];
  /** why these keys may be outdated, where they are remembered while the database is unavailable */
  outdated?: string | undefined;
}

export type ReadBoxKeys = () => Promise<BoxKeys>;

/** So that a change takes effect within 5 s, also where the reply takes a while or the sockets were closed just before (disconnector.ts). */
const POLL_MS = 2000;
const REPLY_MS = 10_000;

export class StoreSource implements AllowSource {
  readonly name: string;
  readonly pollMs: number;
  readonly #read: ReadBoxKeys;
  readonly #log: Logger;
  #reported = new Set<string>();

  /** @param name shown in status and logs, without user and password */
  constructor(name: string, read: ReadBoxKeys, log: Logger, pollMs = POLL_MS) {
    this.name = name;
    this.pollMs = pollMs;
    this.#read = read;
    this.#log = log;
  }

  /** @throws where the store does not reply within 10 s */
  async read(): Promise<SourceContent> {
    const entries: AllowEntry[] = [];
    const reported = new Set<string>();
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
        if (!this.#reported.has(message))
          this.#log.warn({ source: this.name, error: message }, 'bad key in the store');
        reported.add(message);
      }
    }
    this.#reported = reported;
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
    timer = setTimeout(() => reject(new Error(`no answer within ${REPLY_MS / 1000} s`)), REPLY_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
