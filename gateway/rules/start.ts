/** Starts the rules: the file comes from the store, messages from MQTT and from the gateway itself. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, repeat } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import {
  type CompiledLogic,
  type CompiledRules,
  checkRules,
  EMPTY_FILE,
  type MadeMessage,
  mistakeLine,
  type RuleAlert,
  type RuleCounts,
  RuleEngine,
  topicMatches,
} from '../../rules/index.js';
import type { RuleRegistry, RulesDocument } from '../../store/store.js';
import type { GatewayMessage, Publish } from '../message.js';
import type { Shared } from '../state/shared.js';
import { HandingOn } from './handing-on.js';
import { type Firing, KeptAlerts } from './kept-alerts.js';

const LOOK_MS = 2000;
/** What rules publish and waits for the disk; what is more is dropped, and counted. */
const MAX_WAITING = { messages: 10_000, characters: 16 * 2 ** 20 };

export interface RulesOptions {
  /** for a copy of the rules, and for their alerts until these are taken */
  folder: string;
  /** with other gateways; left out: it is the only one */
  shared?: Shared;
  /** @throws MakaiError STORE_UNAVAILABLE */
  store: () => RuleRegistry;
  publish: Publish;
  /** Takes an alert. The same may come again after a crash. @param atMs when the rule fired or was over, Unix ms */
  alert: (alert: RuleAlert, atMs: number) => Promise<void>;
  /** rules that are firing as far as the store knows. @throws MakaiError STORE_UNAVAILABLE */
  firing: () => Promise<readonly Firing[]>;
  onTopicsChanged: () => void;
  clock: Clock;
  log: Logger;
}

export interface Rules extends Running {
  handle(message: Pick<GatewayMessage, 'topic' | 'text'>): void;
  /** topic filters of messages that rules read */
  topics(): readonly string[];
  /** `waiting`: messages and alerts that nobody has taken yet */
  status(): RuleCounts & { rules: number; waiting: number; lost: number };
}

export async function startRules(options: RulesOptions): Promise<Rules> {
  const { alert, clock, firing, folder, log, onTopicsChanged, publish, shared, store } = options;
  const throttled = new ThrottledLog(log, { clock });
  const copy = join(folder, 'rules.json');
  const kept = new KeptAlerts(folder, undefined, shared);
  const handing = new HandingOn({ kept, alert, clock, log });
  let rules: CompiledRules = compiled(EMPTY_FILE, log);
  let engine: RuleEngine | undefined;
  let changedMs = -1;
  /** the store knows of no alert of a rule that is not known here */
  let isCompared = false;
  const waiting = { messages: 0, characters: 0 };
  let lost = 0;
  let last: Promise<void> = Promise.resolve();
  /** One after the other, so that messages keep their order. */
  const queue = ({ payload, topic }: MadeMessage): void => {
    const { characters, messages } = waiting;
    if (messages >= MAX_WAITING.messages || characters + payload.length > MAX_WAITING.characters) {
      lost += 1;
      return;
    }
    waiting.messages += 1;
    waiting.characters += payload.length;
    last = last
      .then(() => publish(topic, payload))
      .catch((err: unknown) => {
        lost += 1;
        throttled.warn({ err }, 'what a rule made could not be handed on');
      })
      .finally(() => {
        waiting.messages -= 1;
        waiting.characters -= payload.length;
      });
  };
  const keep = (one: RuleAlert): void => {
    try {
      if (!kept.put(one, clock.now())) lost += 1;
    } catch (err) {
      lost += 1;
      throttled.error({ err, rule: one.rule }, 'an alert of a rule could not be kept on disk');
    }
    handing.wake();
  };
  const use = async (document: RulesDocument): Promise<void> => {
    const next = compiled(document.file, log);
    if (engine === undefined) await compare(kept.adopt.bind(kept));
    const goesOn = new Map(next.logic.filter((one) => one.alert).map((logic) => [logic.key, logic]));
    const [known, gone] = [[] as Firing[], [] as Firing[]];
    for (const one of kept.firing()) (mayEnd(goesOn.get(one.rule), one.subject) ? known : gone).push(one);
    for (const one of gone) keep(overOf(one));
    const before = [...known, ...(engine?.firing() ?? []).filter((one) => !kept.isFiring(one))];
    engine?.stop();
    rules = next;
    engine = new RuleEngine(next, { publish: queue, alert: keep }, clock, before);
    changedMs = document.changed_ms;
    onTopicsChanged();
    log.info({ rules: next.logic.length, topics: next.patterns.length }, 'rules are in force');
  };
  /** Once: an alert that is open in the store, and that nothing here would end. */
  const compare = async (unknown: (firing: Firing) => void): Promise<void> => {
    if (isCompared) return;
    try {
      const open = await firing();
      // Those whose end waits are there no longer, and ended by what waits.
      if (kept.waiting > 0) return;
      for (const one of open) if (!kept.isFiring(one)) unknown(one);
      isCompared = true;
    } catch (err) {
      throttled.warn({ err }, 'the open alerts of rules could not be read, it is tried again');
    }
  };
  const look = async (): Promise<void> => {
    if (engine !== undefined) await compare((one) => keep(overOf(one)));
    try {
      const document = await store().rules();
      if (document === undefined || document.changed_ms === changedMs) return;
      await use(document);
      mkdirSync(folder, { recursive: true, mode: 0o750 });
      writeFileSync(`${copy}.new`, JSON.stringify(document), { mode: 0o640 });
      renameSync(`${copy}.new`, copy);
    } catch (err) {
      throttled.warn({ err }, 'the rules could not be read, those in force stay');
    }
  };
  await look();
  if (engine === undefined) await use(copied(copy, log));
  handing.wake();
  const looks = repeat(look, LOOK_MS, clock);
  return {
    handle: ({ text, topic }) => {
      try {
        engine?.take(topic, text);
      } catch (err) {
        // Whoever has the message goes on with it.
        throttled.error({ err, topic }, 'the rules could not be applied to a message');
      }
    },
    topics: () => rules.patterns,
    status: () => ({
      ...(engine?.counts ?? NOTHING),
      rules: rules.logic.length,
      waiting: waiting.messages + kept.waiting,
      lost: lost + handing.lost,
    }),
    stop: async () => {
      await looks.stop();
      engine?.stop();
      await last;
      await handing.stop();
      kept.close();
    },
  };
}

const NOTHING: RuleCounts = {
  ...{ messages: 0, notJson: 0, tooLong: 0, own: 0, made: 0, dropped: 0, notHeld: 0 },
};

/** Whether a rule can still say that its alert is over: it is there, and reads that topic. */
function mayEnd(logic: CompiledLogic | undefined, subject: string): boolean {
  if (logic === undefined) return false;
  if (!logic.perTopic) return subject === '';
  return logic.statements.some(({ pattern }) => subject !== '' && topicMatches(pattern, subject));
}

/** Of a rule that was removed, or changed so that it reads other topics. */
const overOf = ({ rule, subject }: Firing): RuleAlert => ({
  ...{ state: 'resolved', rule, subject, severity: 'notice', notify: [] },
  message: { topic: '', payload: '' },
});

/** Rules with mistakes, which a program of another version may have written: none. */
function compiled(file: unknown, log: Logger): CompiledRules {
  const checked = checkRules(file);
  if (!('mistakes' in checked)) return checked.rules;
  log.error(
    { mistakes: checked.mistakes.map(mistakeLine) },
    'the stored rules have mistakes, none is in force',
  );
  const empty = checkRules(EMPTY_FILE);
  if ('mistakes' in empty) throw new Error('the empty file has mistakes');
  return empty.rules;
}

/** The copy, where the store was not there at the start. */
function copied(copy: string, log: Logger): RulesDocument {
  try {
    return JSON.parse(readFileSync(copy, 'utf8')) as RulesDocument;
  } catch (err) {
    if (codeOf(err) !== 'ENOENT') log.warn({ err }, 'the copy of the rules could not be read');
    return { file: EMPTY_FILE, changed_ms: -1, changed_by: '' };
  }
}
