/**
 * Messages against filters and rules. A message from outside is filtered; it and what the filters made of it go to the rules; what rules publish (topics
 * with `!`) goes to filters and rules again, in order. Circles are refused in the file (loops.ts); a message from outside leads to at most `MAX_MADE` others.
 */
import type { Clock } from '../common/clock.js';
import type { CompiledLogic, CompiledRules, Plan } from './compiled.js';
import type { Severity } from './file.js';
import { HeldMessages } from './held.js';
import { type Ended, type Fired, Lasting, Room } from './lasting.js';
import { MADE_BY_RULES } from './topics.js';

/** Longer payloads are not looked at. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** Messages that one message from outside may lead to. */
export const MAX_MADE = 1000;

/** Of a logic entry that is looked at with each message. Held messages are far fewer. */
const ALWAYS = 2 ** 30;

export interface MadeMessage {
  topic: string;
  payload: string;
}

/** A rule with `severity` or `notify` fired, or is over. */
export interface RuleAlert {
  state: 'firing' | 'resolved';
  /** of the rule, `CompiledLogic.key` */
  rule: string;
  /** of the message; empty where several topics are looked at together */
  subject: string;
  severity: Severity;
  notify: readonly string[];
  /** what the rule publishes: topic with `!`, payload */
  message: MadeMessage;
}

export interface EngineOutput {
  publish(message: MadeMessage): void;
  alert(alert: RuleAlert): void;
}

/** Since the start. */
export interface RuleCounts {
  messages: number;
  /** not JSON, or JSON that is no object */
  notJson: number;
  tooLong: number;
  /** on topics that only rules and filters publish to */
  own: number;
  made: number;
  /** not made, because there were too many of one message, or one was too long */
  dropped: number;
  /** messages that could not be held: too many, or too long together */
  notHeld: number;
}

export class RuleEngine {
  readonly counts: RuleCounts = {
    ...{ messages: 0, notJson: 0, tooLong: 0, own: 0, made: 0, dropped: 0, notHeld: 0 },
  };
  readonly #rules: CompiledRules;
  readonly #output: EngineOutput;
  readonly #clock: Clock;
  readonly #held: HeldMessages;
  /** by the index of the logic entry; undefined: it works as in the seed */
  readonly #lasting: (Lasting | undefined)[] = [];
  /** by the index of the logic entry: the number of the last message that touched it */
  readonly #touchedBy: number[];
  /** by the index of the logic entry; 0: a message that meets none of its statements changes nothing */
  readonly #busy: Int32Array;
  readonly #firedAt = new Map<CompiledLogic, number>();
  #message = 0;
  /** made, and not yet looked at */
  readonly #queue: (MadeMessage & { filtered: boolean })[] = [];
  #isAtWork = false;

  /** @param firing lasting rules that were firing when another engine stopped: they are over when they no longer hold */
  constructor(
    rules: CompiledRules,
    output: EngineOutput,
    clock: Clock,
    firing: readonly { rule: string; subject: string }[] = [],
  ) {
    this.#rules = rules;
    this.#output = output;
    this.#clock = clock;
    this.#busy = Int32Array.from(rules.logic, ({ holdsAlone }) => (holdsAlone ? ALWAYS : 0));
    this.#held = new HeldMessages(this.#busy, () => {
      this.counts.notHeld += 1;
    });
    const room = new Room();
    this.#touchedBy = rules.logic.map(() => 0);
    for (const logic of rules.logic.filter((one) => one.lasting)) {
      const subjects = firing.filter(({ rule }) => rule === logic.key).map(({ subject }) => subject);
      const lasting = new Lasting(logic, clock, subjects, room, {
        fired: (fired) => this.#lastingFired(logic, fired),
        ended: (ended) => this.#lastingEnded(logic, ended),
        notHeld: () => {
          this.counts.notHeld += 1;
        },
      });
      this.#lasting[logic.index] = lasting;
      this.#noteBusy(logic, lasting);
    }
  }

  /** A message from outside. */
  take(topic: string, payload: string | Uint8Array): void {
    const { filters, statements } = this.#rules;
    this.counts.messages += 1;
    if (topic.startsWith(MADE_BY_RULES) || this.#isOfFilter(topic)) {
      this.counts.own += 1;
      return;
    }
    if (filters.find(topic).length === 0 && statements.find(topic).uses.length === 0) return;
    if (payload.length > MAX_PAYLOAD_BYTES) {
      this.counts.tooLong += 1;
      return;
    }
    const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString('utf8');
    this.#work({ topic, payload: text, filtered: false });
  }

  /** Lasting rules that fired and are not over: for the engine that takes the place of this one. */
  firing(): { rule: string; subject: string }[] {
    return this.#rules.logic.flatMap(({ index, key }) =>
      (this.#lasting[index]?.firing() ?? []).map((subject) => ({ rule: key, subject })),
    );
  }

  /** No rule fires any more. */
  stop(): void {
    for (const lasting of this.#lasting) lasting?.stop();
  }

  /** Whether a filter publishes to this topic. What it made is given to the rules here, so that nothing is filtered twice. */
  #isOfFilter(topic: string): boolean {
    const { filters, subtopics } = this.#rules;
    if (subtopics.size === 0) return false;
    for (let slash = topic.indexOf('/'); slash >= 0; slash = topic.indexOf('/', slash + 1)) {
      const subtopic = topic.slice(slash + 1);
      if (!subtopics.has(subtopic)) continue;
      if (filters.find(topic.slice(0, slash)).some((filter) => filter.subtopic === subtopic)) return true;
    }
    return false;
  }

  #work(first: MadeMessage & { filtered: boolean }): void {
    this.#queue.push(first);
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      let looked = 0;
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        looked += 1;
        if (looked <= MAX_MADE) this.#look(next);
        else this.counts.dropped += 1;
      }
    } finally {
      this.#isAtWork = false;
    }
  }

  #look({ filtered, payload, topic }: MadeMessage & { filtered: boolean }): void {
    const filters = filtered ? [] : this.#rules.filters.find(topic);
    const plan = this.#rules.statements.find(topic);
    if (filters.length === 0 && plan.uses.length === 0) return;
    const message = parsed(payload);
    if (message === undefined) {
      this.counts.notJson += 1;
      return;
    }
    const { programs } = this.#rules;
    programs.begin(message);
    for (const filter of filters) {
      for (const { condition, newPayload } of filter.statements) {
        if (!programs.isMet(condition)) continue;
        const text = newPayload === '' ? payload : newPayload;
        this.#make({ topic: `${topic}/${filter.subtopic}`, payload: text }, true);
      }
    }
    if (plan.uses.length > 0) this.#rule(topic, payload, plan);
    programs.end();
  }

  #rule(topic: string, text: string, { logic, programs, uses }: Plan): void {
    const touched: CompiledLogic[] = [];
    this.#message += 1;
    this.#held.begin(topic, text);
    let before = -1;
    let isMet = false;
    for (let at = 0; at < programs.length; at += 1) {
      const program = programs[at] ?? 0;
      if (program !== before) isMet = this.#rules.programs.isMet(program);
      before = program;
      const index = logic[at] ?? 0;
      // Nearly always: nothing else is read then.
      if (!isMet && this.#busy[index] === 0) continue;
      const use = uses[at];
      if (use === undefined) continue;
      const { statement } = use;
      const lasting = this.#lasting[index];
      if (lasting === undefined) this.#held.put(statement, topic, isMet);
      else lasting.put(use, topic, text, isMet, () => this.#rules.programs.isMet(statement.relaxed));
      if (this.#touchedBy[index] === this.#message) continue;
      this.#touchedBy[index] = this.#message;
      touched.push(use.logic);
    }
    let fired = false;
    for (const one of touched) {
      const lasting = this.#lasting[one.index];
      if (lasting === undefined) {
        if (this.#fires(one)) fired = true;
        continue;
      }
      lasting.decide(topic, text);
      this.#noteBusy(one, lasting);
    }
    if (fired) this.#held.empty();
  }

  #noteBusy({ holdsAlone, index }: CompiledLogic, lasting: Lasting): void {
    this.#busy[index] = holdsAlone ? ALWAYS : lasting.isIdle ? 0 : 1;
  }

  /** A rule as in the seed. */
  #fires(logic: CompiledLogic): boolean {
    if (!logic.holds((index) => this.#held.isMet(logic, index))) return false;
    const now = this.#clock.monotonic();
    if (logic.cooldownMs > 0) {
      if (now - (this.#firedAt.get(logic) ?? -Infinity) < logic.cooldownMs) return false;
      this.#firedAt.set(logic, now);
    }
    const payload = logic.newPayload === '' ? this.#held.inUse(logic) : logic.newPayload;
    this.#make({ topic: logic.topic, payload }, false);
    return true;
  }

  #lastingFired(logic: CompiledLogic, { messages, subject }: Fired): void {
    const payload = logic.newPayload === '' ? messages : logic.newPayload;
    const message = { topic: logic.topic, payload };
    this.#make(message, false);
    if (logic.alert !== undefined)
      this.#output.alert({ state: 'firing', rule: logic.key, subject, message, ...logic.alert });
  }

  #lastingEnded(logic: CompiledLogic, { messages, subject }: Ended): void {
    if (logic.alert === undefined) return;
    const message = { topic: logic.topic, payload: messages };
    this.#output.alert({ state: 'resolved', rule: logic.key, subject, message, ...logic.alert });
  }

  #make(message: MadeMessage, filtered: boolean): void {
    if (message.payload.length > MAX_PAYLOAD_BYTES) {
      this.counts.dropped += 1;
      return;
    }
    this.counts.made += 1;
    this.#output.publish(message);
    this.#work({ ...message, filtered });
  }
}

/** @returns undefined for what is no object in JSON */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Counted by the caller: whoever publishes may send anything.
    return undefined;
  }
}
