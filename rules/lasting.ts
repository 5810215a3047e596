/**
 * A rule of ours, with a beginning and an end. It fires once when its operations have held for `for`, and is over when they no longer hold. Where all its statements
 * are on one topic filter, each topic is a subject of its own; otherwise the rule is.
 */
import type { Clock } from '../common/clock.js';
import type { CompiledLogic, Use } from './compiled.js';
import { messagesJson } from './payload.js';

/** Topics whose message meets a statement, and subjects, of one logic entry. */
const MAX_TOPICS = 10_000;
/** What is shown of a message that there is no room for. */
const NO_ROOM = 'null';

/** Room for the messages that all lasting rules hold together, in characters. */
export class Room {
  #left: number;

  constructor(characters = 8 * 2 ** 20) {
    this.#left = characters;
  }

  /** @returns the text, or `null` where there is no room for it */
  take(text: string): string {
    if (text.length > this.#left) return NO_ROOM;
    this.#left -= text.length;
    return text;
  }

  free(text: string | undefined): void {
    if (text !== undefined && text !== NO_ROOM) this.#left += text.length;
  }
}

export interface Fired {
  /** topic; empty: the rule as a whole */
  subject: string;
  /** that hold it up, by topic, as JSON */
  messages: string;
}
export type Ended = Fired;

interface Listener {
  fired(fired: Fired): void;
  ended(ended: Ended): void;
  notHeld(): void;
}

interface Subject {
  state: 'off' | 'pending' | 'on';
  /** monotonic ms; undefined: never */
  firedAt: number | undefined;
  cancel: () => void;
}

const nothing = (): void => undefined;

export class Lasting {
  readonly #logic: CompiledLogic;
  readonly #clock: Clock;
  readonly #listener: Listener;
  /** for each statement: topic → message that meets it */
  readonly #met: Map<string, string>[];
  readonly #room: Room;
  readonly #subjects = new Map<string, Subject>();
  /** statements that had no message yet, where something was firing before: until then nothing is over */
  readonly #unseen = new Set<number>();

  /** @param firing subjects that were firing before */
  constructor(logic: CompiledLogic, clock: Clock, firing: readonly string[], room: Room, listener: Listener) {
    this.#logic = logic;
    this.#clock = clock;
    this.#room = room;
    this.#listener = listener;
    this.#met = logic.statements.map(() => new Map());
    for (const subject of firing)
      this.#subjects.set(subject, { state: 'on', firedAt: undefined, cancel: nothing });
    if (firing.length > 0) for (const index of this.#met.keys()) this.#unseen.add(index);
  }

  /** Nothing is met, pending or on: a message that meets no statement changes nothing. */
  get isIdle(): boolean {
    return (
      this.#subjects.size === 0 && this.#unseen.size === 0 && this.#met.every((topics) => topics.size === 0)
    );
  }

  /** A message on a topic of the statement. `decide` follows when all statements have it. @param isMet by this message. @param isStillMet with the hysteresis */
  put({ index }: Use, topic: string, text: string, isMet: boolean, isStillMet: () => boolean): void {
    const met = this.#met[index];
    if (met === undefined) return;
    if (this.#unseen.size > 0) this.#unseen.delete(index);
    const before = (met.size > 0 && met.has(topic)) || this.#isOn(topic);
    const holds = before ? isStillMet() : isMet;
    if (met.size > 0) {
      this.#room.free(met.get(topic));
      met.delete(topic);
    }
    if (!holds) return;
    if (met.size >= MAX_TOPICS) {
      this.#listener.notHeld();
      return;
    }
    // Nobody sees the message of a rule that publishes something else.
    const shown = this.#logic.newPayload === '' ? this.#room.take(text) : NO_ROOM;
    if (shown !== text && this.#logic.newPayload === '') this.#listener.notHeld();
    met.set(topic, shown);
  }

  /** @param text of the message that was put last */
  decide(topic: string, text: string): void {
    const holds = this.#logic.holds((index) => this.#isMet(index, topic));
    if (!holds && this.#subjects.size === 0) return;
    const name = this.#logic.perTopic ? topic : '';
    const subject = this.#subjects.get(name);
    if (!holds) {
      if (subject !== undefined && this.#unseen.size === 0) this.#over(name, subject, [topic, text]);
      return;
    }
    if (subject !== undefined && subject.state !== 'off') return;
    if (subject === undefined && !this.#hasRoom()) {
      this.#listener.notHeld();
      return;
    }
    this.#begins(name, subject ?? { state: 'off', firedAt: undefined, cancel: nothing });
  }

  /** Subjects that are on. */
  firing(): string[] {
    return [...this.#subjects].filter(([, { state }]) => state === 'on').map(([name]) => name);
  }

  stop(): void {
    for (const { cancel } of this.#subjects.values()) cancel();
  }

  #isMet(index: number, topic: string): boolean {
    const met = this.#met[index];
    return met !== undefined && (this.#logic.perTopic ? met.has(topic) : met.size > 0);
  }

  /** After a restart the messages are gone, but not that it was on: the hysteresis still counts. */
  #isOn(topic: string): boolean {
    if (this.#subjects.size === 0) return false;
    return this.#subjects.get(this.#logic.perTopic ? topic : '')?.state === 'on';
  }

  #begins(name: string, subject: Subject): void {
    const { cooldownMs, forMs } = this.#logic;
    this.#subjects.set(name, subject);
    const now = this.#clock.monotonic();
    const cooled = subject.firedAt === undefined ? 0 : subject.firedAt + cooldownMs - now;
    const wait = Math.max(forMs, cooled);
    subject.state = 'pending';
    if (wait <= 0) this.#fire(name, subject);
    else subject.cancel = this.#clock.after(wait, () => this.#fire(name, subject));
  }

  #fire(name: string, subject: Subject): void {
    subject.state = 'on';
    subject.firedAt = this.#clock.monotonic();
    this.#listener.fired({ subject: name, messages: this.#inUse(name) });
  }

  #over(name: string, subject: Subject, newest: readonly [topic: string, text: string]): void {
    const { state } = subject;
    subject.cancel();
    subject.cancel = nothing;
    subject.state = 'off';
    if (this.#logic.cooldownMs === 0) this.#subjects.delete(name);
    if (state === 'on') this.#listener.ended({ subject: name, messages: messagesJson([newest]) });
  }

  /** Subjects that are off are remembered for their cooldown alone: they make room when it is over. */
  #hasRoom(): boolean {
    if (this.#subjects.size < MAX_TOPICS) return true;
    const since = this.#clock.monotonic() - this.#logic.cooldownMs;
    for (const [name, { firedAt, state }] of this.#subjects)
      if (state === 'off' && (firedAt ?? -Infinity) <= since) this.#subjects.delete(name);
    return this.#subjects.size < MAX_TOPICS;
  }

  #inUse(name: string): string {
    const messages = new Map<string, string>();
    for (const met of this.#met) {
      if (name === '') for (const [topic, text] of met) messages.set(topic, text);
      else {
        const text = met.get(name);
        if (text !== undefined) messages.set(name, text);
      }
    }
    return messagesJson([...messages]);
  }
}
