/** A Box 2 that sends what a test says, over CURVE: for clocks and values that no simulated box has. */
import { Publisher } from 'zeromq';
import type { Workspace } from '../../cli/up/workspace.js';
import { readPublicCertificate, readSecretCertificate } from '../../keys/files.js';
import { triggerMessage } from '../../proto/index.js';

/** As of a Box 2 at 60 Hz. */
const EVERY_MS = 167;

/** What a measurement holds; undefined: it is lost. */
export type Measurement = { timeMs: number; rms?: number; frequency?: number } | undefined;

export class SendingBox {
  readonly id: number;
  readonly #curve: object;
  #measurement: (nowMs: number, number: number) => Measurement;
  #socket: Publisher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #number = 0;
  #isCounted = false;
  readonly #sent: number[] = [];
  /** one after another, as a box does */
  #sending: Promise<void> = Promise.resolve();

  private constructor(id: number, curve: object, measurement: SendingBox['measurement']) {
    this.id = id;
    this.#curve = curve;
    this.#measurement = measurement;
  }

  /** @param measurement by our time, and how many came before it; without a voltage it gets one of its own */
  static async make(
    id: number,
    { keys }: Workspace,
    measurement: SendingBox['measurement'] = (timeMs) => ({ timeMs }),
  ): Promise<SendingBox> {
    const { publicKey: curveServerKey } = await readPublicCertificate(keys.serverPublic);
    const own = await readSecretCertificate(keys.boxSecret(String(id)));
    const curve = { curveServerKey, curvePublicKey: own.publicKey, curveSecretKey: own.secretKey.reveal() };
    return new SendingBox(id, curve, measurement);
  }

  set measurement(measurement: (nowMs: number, number: number) => Measurement) {
    this.#measurement = measurement;
  }

  get measurement(): (nowMs: number, number: number) => Measurement {
    return this.#measurement;
  }

  /** Voltages of all that was sent since `count`. */
  get sent(): readonly number[] {
    return this.#sent;
  }

  /** What is sent from here on must all be stored: the box is connected. */
  count(): void {
    this.#isCounted = true;
  }

  /** Connects, or leaves its connection for another one. */
  connect(endpoint: string): void {
    this.#socket?.close();
    this.#socket = new Publisher({ linger: 5000, ...this.#curve });
    this.#socket.connect(endpoint);
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#sending = this.#sending.then(() => this.#send());
    }, EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    this.#socket?.close();
  }

  async #send(): Promise<void> {
    this.#number += 1;
    const measurement = this.#measurement(Date.now(), this.#number);
    if (measurement === undefined) return;
    const { frequency = 60, rms = 115 + this.#number / 256, timeMs } = measurement;
    if (this.#isCounted) this.#sent.push(rms);
    const message = { id: this.id, time: Math.round(timeMs), frequency, rms };
    await this.#socket?.send([String(this.id), triggerMessage.encode(message)]);
  }
}
