/** Boxes that measure all the time: one libzmq PUB socket with a key of its own sends the measurements of all of them, at a rate that can be changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { curveKeyPair, Publisher } from 'zeromq';
import { triggerMessage } from '../../../proto/index.js';

const TURN_MS = 5;
/** What this process was too late for is not sent in one burst. */
const MOST_AT_ONCE_MS = 100;

export class Load {
  readonly #socket: Publisher;
  readonly #ids: readonly number[];
  /** when each box measured last, Unix ms */
  readonly #last: Float64Array;
  #running: Promise<void> | undefined;
  #isOver = false;
  /** measurements a second, of all boxes together */
  rate = 0;
  /** how many of the boxes send */
  active: number;
  sent = 0;

  constructor(endpoint: string, serverKey: string, ids: readonly number[]) {
    const { publicKey, secretKey } = curveKeyPair();
    this.#socket = new Publisher({ linger: 0, sendHighWaterMark: 0, reconnectInterval: 100 });
    Object.assign(this.#socket, {
      curveServerKey: serverKey,
      curvePublicKey: publicKey,
      curveSecretKey: secretKey,
    });
    this.#socket.connect(endpoint);
    this.#ids = ids;
    this.active = ids.length;
    this.#last = new Float64Array(ids.length);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  close(): void {
    this.#socket.close();
  }

  async #run(): Promise<void> {
    let beforeMs = performance.now();
    let due = 0;
    for (let next = 0; !this.#isOver; ) {
      const nowMs = performance.now();
      due += (Math.min(nowMs - beforeMs, MOST_AT_ONCE_MS) * this.rate) / 1000;
      beforeMs = nowMs;
      for (; due >= 1; due -= 1) {
        await this.#send(next);
        next = (next + 1) % this.active;
      }
      await sleep(TURN_MS);
    }
  }

  async #send(index: number): Promise<void> {
    const id = this.#ids[index] ?? 0;
    const time = Math.max(Date.now(), (this.#last[index] ?? 0) + 1);
    this.#last[index] = time;
    this.sent += 1;
    const rest = { thd: 0.02, lastGps: 0, currentCount: 0, flags: 0 };
    const payload = triggerMessage.encode({
      ...{ id, time, frequency: 60 + (time % 7) / 100, rms: 120 + (time % 11) / 10 },
      ...rest,
    });
    await this.#socket.send([String(id), Buffer.from(payload)]);
  }
}
