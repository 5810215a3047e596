/** Follows events, incidents and groups in the store, and publishes them: each once it is stored, and again when it has changed. */
import { BackOff } from '../../common/backoff.js';
import { type Clock, pause } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { silentBoxes } from '../../store/boxes.js';
import { GOES_ON } from '../../store/incidents.js';
import type { EventDocument, EventReader, IncidentReader, NewIds } from '../../store/store.js';
import type { Follower } from '../followed.js';
import type { Message } from '../state/outbox.js';
import type { State } from '../state/state.js';
import type { WatchedKind } from '../state/watched.js';
import { MQTT_NEWS, type News, type NewsOf } from './news.js';
import { Numbered } from './numbered.js';

export type FollowedStore = NewIds & Pick<EventReader, 'event'> & Pick<IncidentReader, 'incident'>;

const POLL_MS = 500;
const WOKEN_POLL_MS = 100;
/** After a notice the store is looked into more often for so long. */
const WOKEN_MS = 5000;
const BACK_OFF = { firstMs: 250, maxMs: 10_000 };
/** Replies of boxes to one event come in this time. */
const EVENT_MS = 90_000;
/** Groups settle, and incidents of other waveforms join them, in this time. */
const INCIDENT_MS = 20 * 60_000;
/** A group is known so long, so that its incidents do not publish it again. */
const GROUP_MS = 24 * 3_600_000;
/** What is watched is read again after a share of the time since it was published first. */
const AGAIN = { share: 0.25, minMs: 500, maxMs: 30_000 };
const READ_AGAIN = 100;
const AGAIN_HELPS = new Set(['STORE_UNAVAILABLE', 'STORE_ACCESS_DENIED', 'GATEWAY_OUTBOX_FULL']);

export interface StoredFollowerOptions {
  store: () => FollowedStore;
  state: State;
  followers: readonly Follower[];
  /** what is published; left out: messages for MQTT */
  news?: NewsOf;
  /** hears each message that goes out */
  onMessage: (message: Message) => void;
  clock: Clock;
  log: Logger;
}

export interface StoredStatus {
  events: number;
  incidents: number;
  groups: number;
  /** published again, because they had changed */
  changed: number;
  failures: number;
}

export class StoredFollower implements Running {
  readonly #options: StoredFollowerOptions;
  readonly #log: ThrottledLog;
  readonly #news: NewsOf;
  readonly #stopping = new AbortController();
  readonly #backOff = new BackOff(BACK_OFF);
  readonly #events: Numbered;
  readonly #incidents: Numbered;
  readonly #status: StoredStatus = { events: 0, incidents: 0, groups: 0, changed: 0, failures: 0 };
  #wake = new AbortController();
  #wokenMs = Number.NEGATIVE_INFINITY;
  #expiredMs = Number.NEGATIVE_INFINITY;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: StoredFollowerOptions) {
    this.#options = options;
    const { clock, log, news = MQTT_NEWS, state } = options;
    this.#news = news;
    this.#log = new ThrottledLog(log, { clock });
    this.#events = new Numbered({ kind: 'event', state, clock, take: (id) => this.#takeEvent(id) });
    this.#incidents = new Numbered({ kind: 'incident', state, clock, take: (id) => this.#takeIncident(id) });
  }

  status(): StoredStatus {
    return { ...this.#status };
  }

  /** Fulfilled when what is stored from now on is followed; where the store is unavailable, once it is available again. */
  async start(): Promise<void> {
    try {
      const store = this.#options.store();
      await this.#events.begin(store);
      await this.#incidents.begin(store);
    } catch (error) {
      this.#log.warn({ err: error, code: codeOf(error) }, 'events and incidents wait: published later');
    }
    this.#loop = this.#follow();
  }

  /** A notice: looks into the store now. */
  wake(kind?: 'event' | 'incident', id?: number): void {
    const { clock, state } = this.#options;
    if (kind !== undefined && id !== undefined && Number.isSafeInteger(id))
      state.watched.wake(kind, id, clock.now());
    this.#wokenMs = clock.monotonic();
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#loop;
  }

  async #follow(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let pauseMs = clock.monotonic() - this.#wokenMs < WOKEN_MS ? WOKEN_POLL_MS : POLL_MS;
      try {
        const store = this.#options.store();
        const taken =
          (await this.#events.follow(store, signal)) + (await this.#incidents.follow(store, signal));
        await this.#readAgain();
        this.#backOff.reset();
        if (taken > 0) pauseMs = 0;
      } catch (error) {
        this.#status.failures += 1;
        pauseMs = this.#backOff.next();
        if (!signal.aborted)
          this.#log.warn({ err: error, code: codeOf(error) }, 'events and incidents wait: published later');
      }
      if (pauseMs > 0 && !signal.aborted) await pause(clock, pauseMs, this.#wake.signal);
    }
  }

  async #takeEvent(id: number): Promise<(() => void) | undefined> {
    const event = await this.#options.store().event(id);
    if (event === undefined) return undefined;
    const news = (known?: string): News => this.#news.event(event, known);
    return this.#newest('event', id, news, isComplete(event), async () => {
      for (const follower of this.#options.followers) await follower.event?.(event);
    });
  }

  async #takeIncident(id: number): Promise<(() => void) | undefined> {
    const incident = await this.#options.store().incident(id);
    if (incident === undefined) return undefined;
    const { group } = incident;
    const news = (known?: string): News => this.#news.incident(incident, known);
    const put = await this.#newest('incident', id, news, false, async () => {
      for (const follower of this.#options.followers) await follower.incident?.(incident);
    });
    if (group === undefined) return put;
    const groupNews = (known?: string): News => this.#news.group(group, known);
    const putGroup = await this.#newest('group', group.group_id, groupNews, false, async () => {
      for (const follower of this.#options.followers) await follower.group?.(group);
    });
    return () => {
      put();
      putGroup();
    };
  }

  /**
   * Passes on what is new or has changed.
   * @param isFinal it will not change any more
   * @returns what writes the messages, and what is watched
   */
  async #newest(
    kind: WatchedKind,
    id: number,
    newsSince: (known?: string) => News,
    isFinal: boolean,
    passOn: () => Promise<void>,
  ): Promise<() => void> {
    const { clock, onMessage, state } = this.#options;
    const known = state.watched.get(kind, id);
    const { messages, version: hash } = newsSince(known?.hash);
    const nowMs = clock.now();
    const isNews = known?.hash !== hash;
    if (isNews) await this.#passOn(passOn);
    return () => {
      if (isNews) {
        state.outbox.put(messages, nowMs);
        for (const one of messages) onMessage(one);
        if (known === undefined) this.#status[`${kind}s`] += 1;
        else this.#status.changed += 1;
      }
      const sinceMs = known?.since_ms ?? nowMs;
      const ageMs = nowMs - sinceMs;
      const againMs = Math.min(AGAIN.maxMs, Math.max(AGAIN.minMs, AGAIN.share * ageMs));
      // A group is not read by itself, but with its incidents.
      const dueMs = kind === 'group' ? Number.MAX_SAFE_INTEGER : nowMs + againMs;
      if (isFinal) state.watched.remove(kind, id);
      else state.watched.put(kind, { id, hash, since_ms: sinceMs }, dueMs);
    };
  }

  /** What an alert cannot be made of must not hold up all that comes after it. @throws where trying again helps */
  async #passOn(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (AGAIN_HELPS.has(codeOf(error) ?? '')) throw error;
      this.#status.failures += 1;
      this.#log.error(
        { err: error },
        'no alert could be made of what was stored; it is published all the same',
      );
    }
  }

  /** What may have changed since it was published. */
  async #readAgain(): Promise<void> {
    const { clock, state } = this.#options;
    for (const kind of ['event', 'incident'] as const) {
      for (const { id, since_ms } of state.watched.due(kind, clock.now(), READ_AGAIN)) {
        if (this.#stopping.signal.aborted) return;
        const write = kind === 'event' ? await this.#takeEvent(id) : await this.#takeIncident(id);
        const isOld = clock.now() - since_ms > (kind === 'event' ? EVENT_MS : INCIDENT_MS);
        const isOver = write === undefined || (isOld && !(kind === 'incident' && (await this.#goesOn(id))));
        state.together(() => {
          write?.();
          if (isOver) state.watched.remove(kind, id);
        });
      }
    }
    if (clock.monotonic() - this.#expiredMs < 60_000) return;
    this.#expiredMs = clock.monotonic();
    state.watched.expire('group', clock.now() - GROUP_MS);
  }

  async #goesOn(incidentId: number): Promise<boolean> {
    const incident = await this.#options.store().incident(incidentId);
    return incident?.end_timestamp_ms === GOES_ON;
  }
}

const isComplete = (event: EventDocument): boolean => silentBoxes(event).length === 0;
