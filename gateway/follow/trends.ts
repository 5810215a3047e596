/** Follows the trends in the store. They wait there while the broker is unavailable: the position of a box moves on when the broker has confirmed them. */
import { z } from 'zod';
import { BackOff } from '../../common/backoff.js';
import { type Clock, pause, within } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { MeasurementReader, TrendDocument } from '../../store/store.js';
import { topicOf } from '../documents/topics.js';
import type { Link } from '../mqtt/link.js';
import type { Message } from '../state/outbox.js';
import type { State } from '../state/state.js';

const EVERY_MS = 5000;
const BACK_OFF = { firstMs: 1000, maxMs: 30_000 };
/** After a longer outage only the newest hours are published. */
const CAUGHT_UP_MS = 24 * 3_600_000;
/** Of one box, in one round. */
const PAGE = 500;
/** Boxes at the same time. */
const BOXES = 50;
/** A stop waits so long for those that are under way. */
const STOP_MS = 1000;

export type ShownTrend = Omit<TrendDocument, 'expire_at' | 'unflagged'>;

const positions = z.record(z.string(), z.number());

export interface TrendFollowerOptions {
  store: () => Pick<MeasurementReader, 'newestByBox' | 'trends'>;
  state: State;
  link: Pick<Link, 'publish'> & { status(): { connected: boolean } };
  /** what is published of a trend; left out: a message for MQTT */
  message?: (trend: ShownTrend) => Message;
  /** hears each message that goes out */
  onMessage: (message: Message) => void;
  clock: Clock;
  log: Logger;
}

export class TrendFollower implements Running {
  readonly #options: TrendFollowerOptions;
  readonly #log: ThrottledLog;
  readonly #stopping = new AbortController();
  readonly #backOff = new BackOff(BACK_OFF);
  /** by box, ms of the newest trend that was published */
  #positions: Record<string, number> | undefined;
  #loop: Promise<void> = Promise.resolve();
  #ended = false;
  published = 0;

  constructor(options: TrendFollowerOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log, { clock: options.clock });
  }

  start(): void {
    this.#loop = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await within(this.#loop, STOP_MS, this.#options.clock);
    this.#ended = true;
  }

  async #follow(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let pauseMs = EVERY_MS;
      try {
        if (this.#options.link.status().connected) await this.#round();
        this.#backOff.reset();
      } catch (error) {
        pauseMs = this.#backOff.next();
        if (codeOf(error) === 'MQTT_STOPPED') return;
        if (!signal.aborted)
          this.#log.warn({ err: error, code: codeOf(error) }, 'trends wait: published later');
      }
      await pause(clock, pauseMs, signal);
    }
  }

  async #round(): Promise<void> {
    const { clock, state, store } = this.#options;
    const newest = await store().newestByBox();
    const known = this.#known();
    const later = newest.filter(
      ({ boxId, trendMs }) => trendMs !== undefined && trendMs > (known?.[boxId] ?? 0),
    );
    const positions = known ?? {};
    // Before the first start nothing was followed: what is stored is not published.
    if (known === undefined) for (const { boxId, trendMs } of later) positions[boxId] = trendMs ?? 0;
    for (let i = 0; known !== undefined && i < later.length && !this.#stopping.signal.aborted; i += BOXES) {
      const part = later.slice(i, i + BOXES).map(async ({ boxId }) => {
        const fromMs = Math.max((positions[boxId] ?? 0) + 1, clock.now() - CAUGHT_UP_MS);
        positions[boxId] = Math.max(positions[boxId] ?? 0, await this.#publish(boxId, fromMs));
      });
      await Promise.all(part);
      // The file is closed then.
      if (this.#ended) return;
      state.positions.put('trends', positions);
    }
    if (known === undefined) state.positions.put('trends', positions);
    this.#positions = positions;
  }

  #known(): Record<string, number> | undefined {
    if (this.#positions !== undefined) return this.#positions;
    const kept = positions.safeParse(this.#options.state.positions.get('trends'));
    return kept.success ? kept.data : undefined;
  }

  /** @returns ms of the last one */
  async #publish(boxId: string, fromMs: number): Promise<number> {
    const { link, message: messageFor = trendMessage, onMessage, store } = this.#options;
    let lastMs = 0;
    const sent: Promise<void>[] = [];
    for await (const { expire_at: _, unflagged: __, ...trend } of store().trends(boxId, {
      fromMs,
      limit: PAGE,
    })) {
      const message = messageFor(trend);
      onMessage(message);
      const confirmed = link.publish(message);
      // It may fail before all are read, and is waited for only then.
      confirmed.catch(() => undefined);
      sent.push(confirmed);
      lastMs = Math.max(lastMs, trend.timestamp_ms);
    }
    await Promise.all(sent);
    this.published += sent.length;
    return lastMs;
  }
}

function trendMessage(trend: ShownTrend): Message {
  return {
    topic: topicOf('trend', { box_id: trend.box_id }),
    payload: JSON.stringify(trend),
    retain: false,
  };
}
