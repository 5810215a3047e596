/**
 * Hears what no worker has subscribed to: for a short while, again and again, everything, on a connection of its own, so that a flood
 * costs no worker a measurement. It finds boxes whose id is the beginning of another's (1, where 10 belongs to another worker).
 */
import { Subscriber } from 'zeromq';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { CONNECT_OPTIONS, type CurveClientOptions } from '../../stream/stream-socket.js';

/** Every Box 2 sends six times in this time, a Box 3 as shipped once. */
export const SCOUT_MS = 1500;
export const SCOUT_EVERY_MS = 60_000;
/** Messages that wait; what does not fit is heard another time. */
const HIGH_WATER_MARK = 10_000;
/** Digits of the longest topic that a box sends. */
const LONGEST_TOPIC = 10;

export interface ScoutOptions {
  endpoint: string;
  curve: CurveClientOptions | undefined;
  log: Logger;
  /** most topics told at one time */
  limit: number;
  /** told each time, also of topics that were told before: who was told may have had no room, or have forgotten */
  heard: (topics: string[]) => void;
  everyMs?: number;
}

export class Scout implements Running {
  readonly #options: ScoutOptions;
  readonly #timer: NodeJS.Timeout;
  #scouting: Promise<void> | undefined;
  #end: () => void = () => undefined;

  constructor(options: ScoutOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#scouting ??= this.#scout().finally(() => {
        this.#scouting = undefined;
      });
    }, options.everyMs ?? SCOUT_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#end();
    await this.#scouting;
  }

  async #scout(): Promise<void> {
    const { endpoint, curve, log, limit, heard } = this.#options;
    const socket = new Subscriber({ receiveHighWaterMark: HIGH_WATER_MARK, ...CONNECT_OPTIONS, ...curve });
    const found = new Set<string>();
    this.#end = () => socket.close();
    const timer = setTimeout(this.#end, SCOUT_MS);
    try {
      socket.connect(endpoint);
      socket.subscribe();
      for await (const [topic] of socket)
        if (topic && topic.length <= LONGEST_TOPIC && found.size < limit) found.add(topic.toString('latin1'));
    } catch (error) {
      log.warn({ code: codeOf(error), detail: messageOf(error) }, 'looking for new boxes failed');
    } finally {
      clearTimeout(timer);
      socket.close();
    }
    if (found.size > 0) heard([...found]);
  }
}
