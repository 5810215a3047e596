/** Keys from a store (`opq_boxes.public_key`), polled. The store is given as a function, so that keys/ does not import it. */
import { deadline, systemClock } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import type { AllowEntry, AllowSource, SourceContent } from './allow-list.js';
import { parseBoxId } from './certificate.js';
import { parsePublicKey } from './key.js';

/** The keys of a store's boxes. */
export interface BoxKeys {
  /** boxes without a key have none here */
  boxes: readonly { boxId: string; publicKey?: string | undefined; isMeter?: boolean }[];
  /** why these keys may be outdated, where they are remembered while the database is unavailable */
  outdated?: string | undefined;
}

/** What is taken from the store: the keys of boxes; the ids of meters, which come with the gateway's key. */
export interface StoreWants {
  keys: boolean;
  meters: boolean;
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

  readonly #wants: StoreWants;

  /** @param name shown in status and logs, without user and password */
  constructor(
    name: string,
    read: ReadBoxKeys,
    log: Logger,
    pollMs = POLL_MS,
    wants: StoreWants = { keys: true, meters: false },
  ) {
    this.name = name;
    this.#wants = wants;
    this.pollMs = pollMs;
    this.#read = read;
    this.#log = log;
  }

  /** @throws where the store does not reply within 10 s */
  async read(): Promise<SourceContent> {
    const entries: AllowEntry[] = [];
    const reported = new Set<string>();
    const { boxes, outdated } = await deadline(this.#read(), REPLY_MS, systemClock, noReply);
    for (const box of boxes) {
      if (!this.#wants.keys || box.publicKey === undefined || box.publicKey === '') continue;
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
    const meters = this.#wants.meters ? boxes.filter(({ isMeter }) => isMeter === true) : [];
    return { entries, revoked: [], ids: meters.map(({ boxId }) => boxId), error: outdated };
  }

  /** A store does not report changes: it is polled. */
  watch(): () => void {
    return () => undefined;
  }
}

function noReply(): Error {
  return new Error(`no reply within ${REPLY_MS / 1000} s`);
}
