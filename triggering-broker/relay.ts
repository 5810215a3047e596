/**
 * The path of the measurements: boxes' sockets → XSUB (CURVE) → libzmq's own proxy, in a thread of its own → XPUB → services. No JavaScript
 * sees a message. Subscriptions go the other way, so a box sends only what a service behind the broker has subscribed to.
 *
 * A socket in the proxy cannot be unbound. To disconnect a box the proxy is ended, which closes both sockets, and both are reopened on the
 * same endpoints. The proxy must be ended before the process exits, or it hangs.
 */
import { setTimeout } from 'node:timers/promises';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { BIND_TIMEOUT_MS, bindAt, type Place } from '../zmq/bind.js';
import { Connections } from '../zmq/connections.js';
import { type RunningProxy, runProxy } from '../zmq/proxy.js';
import { bound } from '../zmq/sockets.js';

export interface RelayOptions {
  /** for boxes: `interface`, and `interface_next` with the server's next key */
  front: Place[];
  /** for services; plain without `curve` */
  back: Place;
  /** a peer that sends a longer frame is disconnected */
  messageBytes: number;
  /** messages kept for a subscriber that is slower than the stream; libzmq drops further ones */
  queueMessages: number;
  log: Logger;
}

/** Time to send what is still queued for subscribers when the sockets are closed. */
const LINGER_MS = 500;
/** Subscribers come back within a fraction of a second; until then boxes' measurements would go nowhere. */
const SUBSCRIBERS_BACK_MS = 1000;
const RETRY_MS = 1000;
/**
 * Subscriptions on their way to one box. libzmq drops further ones silently (its default is 1000), also when it sends them all to a box that
 * reconnects; a box that misses its own subscription sends nothing.
 */
const SUBSCRIPTIONS_WAITING = 10_000;

interface Proxied {
  proxy: RunningProxy;
  /** fulfilled when the proxy has ended and both sockets are closed */
  ended: Promise<void>;
}

export class Relay implements Running {
  readonly boxes = new Connections();
  readonly subscribers = new Connections();
  readonly #options: RelayOptions;
  readonly #stop = new AbortController();
  readonly #frontEndpoints: string[];
  #backEndpoint: string;
  #proxied: Proxied | undefined;
  #subscribersBefore = 0;
  #failures = 0;
  /** opening and closing, one after the other */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#frontEndpoints = options.front.map(({ endpoint }) => endpoint);
    this.#backEndpoint = options.back.endpoint;
  }

  /** Where boxes connect, in the order of the options, with the ports that `*` became. They stay the same when the sockets are reopened. */
  get frontEndpoints(): readonly string[] {
    return this.#frontEndpoints;
  }

  /** Where services connect. */
  get backEndpoint(): string {
    return this.#backEndpoint;
  }

  /** Whether messages are carried at this moment. */
  get isOpen(): boolean {
    return this.#proxied !== undefined;
  }

  /** How often the proxy ended by itself. */
  get failures(): number {
    return this.#failures;
  }

  /** Opens the sockets for the first time. @throws MakaiError ENDPOINT_IN_USE, with nothing left open */
  start(): Promise<void> {
    return this.#inTurn(() => this.#open(BIND_TIMEOUT_MS.first));
  }

  /** Ends the proxy; fulfilled when both sockets are closed. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#close());
  }

  /** Reopens the sockets on the same endpoints; tries until it can. */
  reopen(signal: AbortSignal = this.#stop.signal): Promise<void> {
    return this.#inTurn(async () => {
      while (!signal.aborted && !this.#stop.signal.aborted && this.#proxied === undefined) {
        try {
          await this.#open(RETRY_MS);
        } catch (error) {
          this.#options.log.error({ err: error }, 'sockets cannot be reopened yet');
          await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
        }
      }
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.close();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #open(timeoutMs: number): Promise<void> {
    const { back: backOptions, front: fronts, messageBytes, queueMessages } = this.#options;
    const back = bound.proxiedPublisher({
      maxMessageSize: messageBytes,
      ...backOptions.curve,
      sendHighWaterMark: queueMessages,
      linger: LINGER_MS,
    });
    const front = bound.xSubscriber({
      maxMessageSize: messageBytes,
      sendHighWaterMark: SUBSCRIPTIONS_WAITING,
    });
    try {
      this.subscribers.attach(back);
      this.boxes.attach(front);
      this.#backEndpoint = await bindAt(back, { ...backOptions, endpoint: this.#backEndpoint }, timeoutMs);
      await this.#subscribersBack();
      for (const [index, place] of fronts.entries()) {
        const endpoint = this.#frontEndpoints[index] ?? place.endpoint;
        this.#frontEndpoints[index] = await bindAt(front, { ...place, endpoint }, timeoutMs);
      }
    } catch (error) {
      front.close();
      back.close();
      throw error;
    }
    this.#run(runProxy(front, back));
  }

  #run(proxy: RunningProxy): void {
    const { log } = this.#options;
    const ended = proxy.ended.catch((error: unknown) => {
      log.warn({ err: error }, 'the proxy ended: reopening the sockets');
    });
    const proxied = { proxy, ended };
    this.#proxied = proxied;
    // Also where the process ends without a stop (a second signal, a mistake of ours): it would hang otherwise.
    const terminate = (): void => proxy.terminate();
    process.once('exit', terminate);
    void ended.then(() => {
      process.off('exit', terminate);
      if (this.#proxied !== proxied) return;
      this.#proxied = undefined;
      this.#failures += 1;
      return this.reopen();
    });
  }

  async #close(): Promise<void> {
    const proxied = this.#proxied;
    if (proxied === undefined) return;
    this.#subscribersBefore = this.subscribers.connected;
    this.#proxied = undefined;
    proxied.proxy.terminate();
    await proxied.ended;
  }

  /** Boxes may connect when as many subscribers as before are back, or a second has passed. */
  async #subscribersBack(): Promise<void> {
    const until = performance.now() + SUBSCRIBERS_BACK_MS;
    while (this.subscribers.connected < this.#subscribersBefore && performance.now() < until) {
      if (this.#stop.signal.aborted) return;
      await setTimeout(10);
    }
  }
}
