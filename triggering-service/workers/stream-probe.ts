/**
 * Finds topics that no worker is subscribed to: about once a minute it subscribes to everything for a short time, on its own connection, so
 * that a flood costs no worker a measurement. Such topics are ids that are the beginning of another id (1, where 10 belongs to another worker).
 */
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { connectTo } from '../../zmq/connect.js';
import type { CurveClientOptions } from '../../zmq/curve.js';
import { connecting } from '../../zmq/sockets.js';

/** Every Box 2 sends six times in this span, a Box 3 with its default settings once. */
export const PROBE_MS = 1500;
export const PROBE_EVERY_MS = 60_000;
/** Messages that wait; topics that do not fit are found another time. */
const HIGH_WATER_MARK = 10_000;
/** Digits of the longest topic that a box sends. */
const LONGEST_TOPIC = 10;

export interface StreamProbeOptions {
  endpoint: string;
  curve: CurveClientOptions | undefined;
  log: Logger;
  /** max number of topics reported per probe */
  limit: number;
  /** called after each probe, also with topics reported before: the receiver may have been full, or have forgotten them */
  found: (topics: string[]) => void;
  everyMs?: number;
}

export class StreamProbe implements Running {
  readonly #options: StreamProbeOptions;
  readonly #timer: NodeJS.Timeout;
  #probing: Promise<void> | undefined;
  #end: () => void = () => undefined;

  constructor(options: StreamProbeOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#probing ??= this.#probe().finally(() => {
        this.#probing = undefined;
      });
    }, options.everyMs ?? PROBE_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#end();
    await this.#probing;
  }

  async #probe(): Promise<void> {
    const { endpoint, curve, log, limit, found } = this.#options;
    const socket = connecting.subscriber({ receiveHighWaterMark: HIGH_WATER_MARK, ...curve });
    const topics = new Set<string>();
    this.#end = () => socket.close();
    const timer = setTimeout(this.#end, PROBE_MS);
    try {
      connectTo(socket, endpoint);
      socket.subscribe();
      for await (const [topic] of socket)
        if (topic && topic.length <= LONGEST_TOPIC && topics.size < limit)
          topics.add(topic.toString('latin1'));
    } catch (error) {
      log.warn({ err: error }, 'probe for unknown boxes failed');
    } finally {
      clearTimeout(timer);
      socket.close();
    }
    if (topics.size > 0) found([...topics]);
  }
}
