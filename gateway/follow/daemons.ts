/** Asks the other daemons every few seconds whether they run, and what is wrong with boxes. */
import type { BoxFinding } from '../../common/box-findings.js';
import { type Clock, repeat } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { KIND_NAMES, type Kind } from '../../config/kind-names.js';
import { statusEndpointOf } from '../../config/locate.js';
import { parseStatusEndpoint } from '../../config/types.js';
import { collectBoxHealth } from '../../daemon/box-health.js';
import { readStatus } from '../../daemon/status/client.js';
import { topicOf } from '../documents/topics.js';
import type { FollowedDaemon, Follower } from '../followed.js';
import type { RetainedSender } from '../send/retained.js';

/** Every daemon but this one. */
const OTHERS = KIND_NAMES.filter((kind) => kind !== 'gateway');
const EVERY_MS = 3000;

export interface DaemonFollowerOptions {
  /** addresses that the configuration names */
  named: Partial<Readonly<Record<Kind, string>>>;
  /** of this daemon; undefined: it serves none */
  ownAddress: () => string | undefined;
  /** false until it is known which meters there are: until then none of their findings has ended */
  knowsMeters: () => boolean;
  retained: RetainedSender;
  followers: readonly Follower[];
  clock: Clock;
  log: Logger;
}

export class DaemonFollower implements Running {
  readonly #options: DaemonFollowerOptions;
  readonly #log: ThrottledLog;
  readonly #daemons = new Map<Kind, FollowedDaemon>();
  /** by box, as text; those without findings that were never published are left out */
  readonly #health = new Map<string, string>();
  /** boxes with findings from before the start, until it is known whether these last; undefined: not read yet */
  #before: Set<string> | undefined;
  #loop: Running | undefined;

  constructor(options: DaemonFollowerOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log, { clock: options.clock });
  }

  start(): void {
    this.#loop = repeat(() => this.#look(), EVERY_MS, this.#options.clock);
    void this.#look();
  }

  running(): Record<string, boolean> {
    return Object.fromEntries([...this.#daemons].map(([kind, { running }]) => [kind, running]));
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  async #look(): Promise<void> {
    try {
      const statuses = await Promise.all(OTHERS.map((kind) => this.#ask(kind)));
      for (const status of statuses) await this.#noteDaemon(status);
      await this.#noteHealth();
    } catch (error) {
      this.#log.error({ err: error }, 'the state of daemons and boxes could not be passed on');
    }
  }

  async #ask(daemon: Kind): Promise<FollowedDaemon & { daemon: Kind }> {
    const since_ms = this.#options.clock.now();
    try {
      const address = parseStatusEndpoint(this.#endpointOf(daemon));
      if (address === undefined) throw new Error('its configuration has no status server');
      const { daemon: name, details, version } = await readStatus(address);
      if (name !== daemon) throw new Error(`the ${name} replies at this address`);
      return { daemon, running: true, since_ms, version, details };
    } catch (error) {
      return { daemon, running: false, since_ms, reason: messageOf(error) };
    }
  }

  async #noteDaemon(status: FollowedDaemon & { daemon: Kind }): Promise<void> {
    const { followers, retained } = this.#options;
    const before = this.#daemons.get(status.daemon);
    const isSame = before?.running === status.running && before.version === status.version;
    const now = isSame ? { ...status, since_ms: before.since_ms } : status;
    if (!isSame) for (const follower of followers) await follower.daemon?.(now);
    this.#daemons.set(status.daemon, now);
    const { details: _, ...shown } = now;
    // A reason that changes is no news.
    if (!isSame) retained.put(topicOf('daemon', { daemon: status.daemon }), shown);
  }

  /** A daemon that does not reply says nothing of its findings: they stay as they were. */
  async #noteHealth(): Promise<void> {
    // Before the others are asked: meters that become known meanwhile may be missing in the reply.
    const isKnown = this.#options.knowsMeters();
    const { missing, records } = await collectBoxHealth((daemon) => this.#endpointOf(daemon));
    if (missing.length > 0 || !isKnown) return;
    const now = new Map(records.map(({ box_id, findings }) => [box_id, findings.map(plain)]));
    for (const box of this.#health.keys()) if (!now.has(box)) now.set(box, []);
    this.#before ??= new Set(await this.#boxesWithFindings());
    const before = this.#before;
    for (const box of before) if (!now.has(box)) now.set(box, []);
    // A meter that was not heard since the start may be as silent as before.
    for (const { box_id, findings, meter } of records)
      if (before.has(box_id) && findings.length === 0 && isUnknown(meter)) now.delete(box_id);
    for (const [box_id, findings] of now) {
      const text = JSON.stringify(findings);
      if (this.#health.get(box_id) === text) continue;
      const isNews = this.#health.has(box_id) || before.has(box_id) || findings.length > 0;
      if (isNews)
        for (const follower of this.#options.followers) await follower.findings?.({ box_id, findings });
      this.#health.set(box_id, text);
      before.delete(box_id);
      this.#options.retained.put(topicOf('health', { box_id }), { box_id, findings });
    }
  }

  async #boxesWithFindings(): Promise<string[]> {
    const lists = this.#options.followers.map((follower) => follower.boxesWithFindings?.() ?? []);
    return (await Promise.all(lists)).flat();
  }

  #endpointOf(daemon: Kind): string {
    if (daemon === 'gateway') return this.#options.ownAddress() ?? 'off';
    return this.#options.named[daemon] ?? statusEndpointOf(daemon);
  }
}

const isUnknown = (meter: object = {}): boolean => 'is_unknown' in meter && meter.is_unknown === true;

const plain = ({ code, info, since_ms }: BoxFinding): BoxFinding => ({ code, since_ms, info });
