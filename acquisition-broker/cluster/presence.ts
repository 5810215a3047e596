/** Says to the other brokers every 2 s that this one is there, and which boxes it has when that has changed. */
import { type Clock, repeat } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import { DIALECTS } from '../../proto/index.js';
import type { ConnectedBoxes } from '../boxes/connected-boxes.js';
import { encode, type Presence } from './messages.js';

const EVERY_MS = 2_000;
/** Boxes often come together: what changed is said so much later. */
const GATHER_MS = 100;

export interface PresenceDeps {
  clock: Clock;
  member: string;
  name: string;
  boxes: Pick<ConnectedBoxes, 'idsHere' | 'anonymousHere'>;
  send(data: Uint8Array): void;
}

export class PresenceOfThis implements Running {
  readonly #deps: PresenceDeps;
  #revision = 0;
  /** the boxes of this revision */
  #said = '';
  #mustSayAll = true;
  #isStopped = false;
  #running: Running | undefined;
  #cancelSoon: (() => void) | undefined;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  start(): void {
    const say = async (): Promise<void> => this.#say();
    this.#running ??= repeat(say, EVERY_MS, this.#deps.clock);
  }

  /** There is a connection: who hears this for the first time does not know the boxes, nor are those of the others known. */
  connected(): void {
    this.#mustSayAll = true;
    this.#say({ wantsBoxes: true });
  }

  /** A box connected, or the connection of one ended. */
  changed(): void {
    if (this.#running === undefined || this.#isStopped) return;
    this.#cancelSoon ??= this.#deps.clock.after(GATHER_MS, () => this.#say());
  }

  /** Somebody does not know the boxes of this broker. */
  asked(): void {
    this.#mustSayAll = true;
    this.changed();
  }

  /** The boxes of another one are not known. */
  ask(): void {
    this.#say({ wantsBoxes: true });
  }

  /** The last that is said. */
  async stop(): Promise<void> {
    this.#say({ isLeaving: true });
    this.#isStopped = true;
    await this.#running?.stop();
  }

  #say({ isLeaving = false, wantsBoxes = false } = {}): void {
    if (this.#isStopped) return;
    const { boxes, member, name, send } = this.#deps;
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    const here: NonNullable<Presence['boxes']> = Object.fromEntries(
      DIALECTS.map((dialect) => [
        dialect.name,
        { ids: boxes.idsHere(dialect), anonymous: boxes.anonymousHere(dialect) },
      ]),
    );
    const text = JSON.stringify(here);
    if (text !== this.#said) {
      this.#said = text;
      this.#revision += 1;
      this.#mustSayAll = true;
    }
    const head = { member, name, revision: this.#revision, isLeaving, wantsBoxes };
    send(encode(this.#mustSayAll ? { ...head, boxes: here } : head));
    this.#mustSayAll = false;
  }
}
