/** A bridge to a second broker: topics go in, out or both ways, with prefixes; what comes back is not passed on again. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { RecentMap } from '../../common/recent-map.js';
import type { BridgeTopic } from '../../config/index.js';
import { isTopic, matches } from '../mqtt/filters.js';
import type { Incoming, Link, LinkStatus, Outgoing } from '../mqtt/link.js';
import { ValueSender } from '../send/values.js';

/** What was passed on is expected back for so long, and so many of them. */
const EXPECTED_MS = 30_000;
const MOST_EXPECTED = 20_000;

export interface BridgeOptions {
  local: Link;
  remote: Link;
  topics: readonly BridgeTopic[];
  /** messages that wait, each way */
  most: number;
  clock: Clock;
  log: Logger;
}

export interface BridgeStatus extends LinkStatus {
  /** as brokers show their bridges */
  buffer_size: number;
  buffer_max: number;
  buffer_dropped: number;
  in: number;
  out: number;
  /** messages that came back, and were not passed on again */
  loops: number;
}

export class Bridge implements Running {
  readonly #options: BridgeOptions;
  readonly #in: ValueSender;
  readonly #out: ValueSender;
  /** what was published, by side, topic and payload: how often it may come back, and until when */
  readonly #expected = new RecentMap<string, { times: number; untilMs: number }>(MOST_EXPECTED);
  readonly #ends: (() => Promise<void>)[] = [];
  #loops = 0;

  constructor(options: BridgeOptions) {
    this.#options = options;
    const { local, log, most, remote } = options;
    this.#in = new ValueSender(local, most, log);
    this.#out = new ValueSender(remote, most, log);
  }

  async start(): Promise<void> {
    const { local, remote, topics } = this.#options;
    for (const { direction, filter, localPrefix, remotePrefix } of topics) {
      if (direction !== 'in')
        this.#ends.push(
          await local.subscribe(
            `${localPrefix}${filter}`,
            (message) => this.#pass('local', message, localPrefix, remotePrefix, filter),
            { own: true },
          ),
        );
      if (direction !== 'out')
        this.#ends.push(
          await remote.subscribe(`${remotePrefix}${filter}`, (message) =>
            this.#pass('remote', message, remotePrefix, localPrefix, filter),
          ),
        );
    }
    await remote.open();
  }

  status(): BridgeStatus {
    return {
      ...this.#options.remote.status(),
      buffer_size: this.#in.waiting + this.#out.waiting,
      buffer_max: 2 * this.#options.most,
      buffer_dropped: this.#in.dropped + this.#out.dropped,
      in: this.#in.published,
      out: this.#out.published,
      loops: this.#loops,
    };
  }

  async stop(): Promise<void> {
    const { remote } = this.#options;
    remote.endHearing();
    for (const end of this.#ends.splice(0)) await end();
    await remote.stop();
  }

  #pass(from: 'local' | 'remote', message: Incoming, cut: string, put: string, filter: string): void {
    const rest = message.topic.slice(cut.length);
    if (!message.topic.startsWith(cut) || !matches(filter, rest)) return;
    if (this.#isExpected(from, message)) {
      this.#loops += 1;
      return;
    }
    const topic = `${put}${rest}`;
    if (!isTopic(topic)) return;
    const to = from === 'local' ? 'remote' : 'local';
    const { payload, retain } = message;
    const outgoing: Outgoing = { topic, payload, retain, isPassedOn: true };
    this.#expect(to, outgoing);
    (to === 'remote' ? this.#out : this.#in).put(outgoing);
  }

  /** It comes back only where that side is listened to. */
  #expect(side: 'local' | 'remote', { payload, topic }: Outgoing): void {
    const isHeard = this.#options.topics.some(
      ({ direction, filter, localPrefix, remotePrefix }) =>
        direction !== (side === 'local' ? 'in' : 'out') &&
        matches(`${side === 'local' ? localPrefix : remotePrefix}${filter}`, topic),
    );
    if (!isHeard) return;
    const key = keyOf(side, topic, payload);
    const times = (this.#expected.get(key)?.times ?? 0) + 1;
    this.#expected.set(key, { times, untilMs: this.#options.clock.monotonic() + EXPECTED_MS });
  }

  #isExpected(side: 'local' | 'remote', { payload, topic }: Incoming): boolean {
    const key = keyOf(side, topic, payload);
    const expected = this.#expected.get(key);
    if (expected === undefined) return false;
    this.#expected.delete(key);
    if (expected.untilMs < this.#options.clock.monotonic()) return false;
    if (expected.times > 1) this.#expected.set(key, { ...expected, times: expected.times - 1 });
    return true;
  }
}

function keyOf(side: string, topic: string, payload: Buffer | string): string {
  return createHash('sha256').update(`${side}\0${topic}\0`).update(payload).digest('base64');
}
