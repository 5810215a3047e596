/** A box that is a libzmq PUB socket with its defaults, as existing boxes are, and connects again within 100 to 200 ms. */
import { Publisher } from 'zeromq';
import * as proto from '../../proto/index.js';
import type { FaultLine } from './line.js';

const EVERY_MS = 50;

/** What is sent while there is no connection stays in the box. */
export class QueueingBox {
  readonly sent = new Set<number>();
  /** times of measurements that the box still had when the broker came back */
  readonly kept = new Set<number>();
  readonly #id: number;
  readonly #socket: Publisher;
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  #last = 0;

  constructor(id: number, endpoint: string, curve: Awaited<ReturnType<FaultLine['curve']>>) {
    this.#id = id;
    this.#socket = new Publisher({ ...curve });
    this.#socket.linger = 0;
    this.#socket.events.on('handshake', () => {
      this.#connected = true;
    });
    this.#socket.events.on('disconnect', () => {
      this.#connected = false;
    });
    this.#socket.connect(endpoint);
  }

  get connected(): boolean {
    return this.#connected;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#send(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  close(): void {
    this.stop();
    this.#socket.close();
  }

  async #send(): Promise<void> {
    const timeMs = Math.max(Date.now(), this.#last + 1);
    this.#last = timeMs;
    this.sent.add(timeMs);
    if (!this.#connected) this.kept.add(timeMs);
    await this.#socket.send(this.#message(timeMs));
  }

  /** Odd ids are Box 2, even ids Box 3. */
  #message(timeMs: number): [string, Uint8Array] {
    const id = this.#id;
    if (id % 2 === 1)
      return [String(id), proto.triggerMessage.encode({ id, time: timeMs, frequency: 60, rms: 120 })];
    const value = (average: number) => ({ min: average, max: average, average });
    const metrics = { f: value(60), rms: value(120) };
    return [
      String(id).padStart(4, '0'),
      proto.measurement.encode({ boxId: id, timestampMs: timeMs, metrics }),
    ];
  }
}
