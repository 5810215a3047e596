/**
 * How measurements of meters enter the stream: as a Box 3 would send them, over CURVE with the gateway's key, to the triggering broker's interface for boxes. While nobody
 * subscribes there (the broker or the service does not run, or the key is refused), the newest wait.
 */
import { type Clock, repeat } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { MeterSettings } from '../../config/settings.js';
import { curveClientOptions } from '../../daemon/curve-client.js';
import { type MetricValues, measurement } from '../../proto/index.js';
import { connectTo } from '../../zmq/connect.js';
import type { CurveClientOptions } from '../../zmq/curve.js';
import { boxLike, type XPublisher } from '../../zmq/sockets.js';
import type { Reading } from './reading.js';

const MOST_WAITING = 10_000;
/** Key files are read again so often while there is no connection: the server's key may have been changed. */
const KEYS_MS = 10_000;
/** What is queued may still be sent so long. */
const LINGER_MS = 500;

export interface MeterStreamStatus {
  /** somebody receives what is sent */
  connected: boolean;
  /** Unix ms since when */
  since_ms: number;
  sent: number;
  waiting: number;
  dropped: number;
}

export interface MeterStreamOptions {
  settings: Pick<MeterSettings, 'interface' | 'serverKey' | 'cert'>;
  clock: Clock;
  log: Logger;
}

/** @throws MakaiError KEY_FILE_IO, KEY_INVALID, SECRET_EXPOSED for the key files */
export async function openMeterStream(options: MeterStreamOptions): Promise<MeterStream> {
  return new MeterStream(await keysOf(options), options);
}

export class MeterStream implements Running {
  readonly #options: MeterStreamOptions;
  readonly #log: ThrottledLog;
  readonly #looking: Running;
  readonly #waiting: { boxId: number; frames: [string, Uint8Array] }[] = [];
  /** topics that are subscribed to */
  readonly #subscribed = new Set<string>();
  #keys: CurveClientOptions;
  #socket: XPublisher;
  #sinceMs: number;
  #sent = 0;
  #dropped = 0;

  /** Use `openMeterStream`. */
  constructor(keys: CurveClientOptions, options: MeterStreamOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#log = new ThrottledLog(log, { clock });
    this.#keys = keys;
    this.#sinceMs = clock.now();
    this.#socket = this.#open();
    this.#looking = repeat(() => this.#lookAtKeys(), KEYS_MS, clock);
  }

  /** A metric that the meter does not give is left out, as by a Box 3 that does not know it yet. */
  send(boxId: number, { frequency, thd, timestampMs, voltage }: Reading): void {
    const metrics: Record<string, MetricValues> = {};
    for (const [name, value] of Object.entries({ rms: voltage, f: frequency, thd }))
      if (value !== undefined) metrics[name] = { min: value, max: value, average: value };
    const frames: [string, Uint8Array] = [
      String(boxId).padStart(4, '0'),
      measurement.encode({ boxId, timestampMs, metrics }),
    ];
    this.#waiting.push({ boxId, frames });
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#flush();
  }

  status(): MeterStreamStatus {
    return {
      connected: this.#subscribed.size > 0,
      since_ms: this.#sinceMs,
      sent: this.#sent,
      waiting: this.#waiting.length,
      dropped: this.#dropped,
    };
  }

  async stop(): Promise<void> {
    await this.#looking.stop();
    this.#socket.linger = LINGER_MS;
    this.#socket.close();
  }

  #open(): XPublisher {
    const socket = boxLike.xPublisher({
      ...{ ...this.#keys, sendTimeout: 0, linger: 0 },
      // All that waits is sent in one go when somebody subscribes.
      sendHighWaterMark: MOST_WAITING,
    });
    this.#subscribed.clear();
    connectTo(socket, this.#options.settings.interface);
    this.#read(socket).catch((error: unknown) => {
      if (!socket.closed) this.#log.error({ err: error }, 'the subscriptions of the stream cannot be read');
    });
    return socket;
  }

  /** Subscriptions come as messages: 1 and a topic, and 0 and the topic where it ends, also with the connection. */
  async #read(socket: XPublisher): Promise<void> {
    for await (const [frame] of socket) {
      if (socket !== this.#socket || frame === undefined) continue;
      const before = this.#subscribed.size > 0;
      const topic = frame.subarray(1).toString('latin1');
      if (frame[0] === 1) this.#subscribed.add(topic);
      else this.#subscribed.delete(topic);
      const isConnected = this.#subscribed.size > 0;
      if (isConnected === before) continue;
      this.#sinceMs = this.#options.clock.now();
      this.#options.log.info({ connected: isConnected }, 'the stream of meters');
      this.#flush();
    }
  }

  #flush(): void {
    if (this.#subscribed.size === 0) return;
    for (const { boxId, frames } of this.#waiting.splice(0)) {
      this.#sent += 1;
      this.#socket.send(frames).catch((error: unknown) => {
        // The queue of libzmq is full, or it is being stopped.
        this.#sent -= 1;
        this.#dropped += 1;
        this.#log.warn({ err: error, boxId }, 'a measurement of a meter was dropped');
      });
    }
  }

  async #lookAtKeys(): Promise<void> {
    if (this.#subscribed.size > 0) return;
    try {
      const keys = await keysOf(this.#options);
      if (JSON.stringify(keys) === JSON.stringify(this.#keys)) return;
      this.#keys = keys;
      this.#options.log.info('the keys of the stream of meters were changed');
      const old = this.#socket;
      this.#socket = this.#open();
      old.close();
    } catch (error) {
      this.#log.warn({ err: messageOf(error) }, 'the keys of the stream of meters cannot be read');
    }
  }
}

async function keysOf({ settings }: MeterStreamOptions): Promise<CurveClientOptions> {
  const keys = await curveClientOptions({ serverKey: settings.serverKey, cert: settings.cert });
  if (keys === undefined) throw new Error('no key files');
  return keys;
}
