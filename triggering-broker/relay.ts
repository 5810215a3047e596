/**
 * The path of the measurements: boxes' sockets → XSUB (CURVE) → libzmq's own proxy, in a thread of its own → XPUB → services. No JavaScript
 * sees a message. Subscriptions go the other way, so a box sends only what a service behind the broker has subscribed to.
 *
 * The backend opens first. Boxes are let in when the services that were there have subscribed again: what a box queued meanwhile it sends
 * as soon as it has connected, and without a subscriber it would be lost.
 *
 * A socket in the proxy cannot be unbound. To disconnect a box the proxy is ended, which closes both sockets, and both are reopened on the
 * same endpoints. The proxy must be ended before the process exits, or it hangs.
 */
import { setTimeout } from 'node:timers/promises';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Turn } from '../common/turn.js';
import { BIND_TIMEOUT_MS, bindAt, type Place } from '../zmq/bind.js';
import { Connections } from '../zmq/connections.js';
import { bindInside } from '../zmq/inside.js';
import { type RunningProxy, runProxy } from '../zmq/proxy.js';
import { bound, type XPublisher } from '../zmq/sockets.js';
import { type Expected, readSubscriptions, subscribeMessage } from './subscriptions.js';

export interface RelayOptions {
  /** for boxes: `interface`, and `interface_next` with the server's next key */
  front: Place[];
  /** for services; plain without `curve` */
  back: Place;
  /** a peer that sends a longer frame is disconnected */
  messageBytes: number;
  /** messages kept for a subscriber that is slower than the stream; libzmq drops further ones */
  queueMessages: number;
  /** how long boxes wait for subscribers after the start, ms; 0 to 0 lets them in immediately */
  subscribersWait?: SubscribersWait | undefined;
  /** a subscriber in this process, in a thread of its own */
  inside?: InsideSubscriber | undefined;
  log: Logger;
}

export interface InsideSubscriber {
  /** The backend is open at this endpoint (`inproc://`) too. Fulfilled when it has subscribed there: boxes are let in afterwards. */
  follow(endpoint: string): Promise<void>;
}

export interface SubscribersWait {
  minMs: number;
  maxMs: number;
}

/** Time to send what is still queued for subscribers when the sockets are closed. */
const LINGER_MS = 500;
/**
 * A broker that starts does not know who subscribed to the last one. Services of ours reconnect within 100 ms, others within 200 ms, and
 * boxes keep some minutes of measurements. Where no service runs boxes are let in all the same.
 */
const FRESH_WAIT: SubscribersWait = { minMs: 1000, maxMs: 5000 };
/** Subscribers come back within a fraction of a second, unless they stopped at the same time. */
const REOPEN_MAX_MS = 5000;
const RETRY_MS = 1000;
/**
 * Subscriptions on their way to one box. libzmq drops further ones silently (its default is 1000), also when it sends them all to a box that
 * reconnects; a box that misses its own subscription sends nothing.
 */
const SUBSCRIPTIONS_WAITING = 10_000;
/** A ZAP domain that nobody is asked about. */
const NOBODY = 'nobody';

interface Proxied {
  proxy: RunningProxy;
  /** fulfilled when the proxy has ended and both sockets are closed */
  ended: Promise<void>;
}

/** Of this process: names inside it must differ. */
let relays = 0;

export class Relay implements Running {
  readonly boxes = new Connections();
  readonly subscribers = new Connections();
  readonly #options: RelayOptions;
  readonly #stop = new AbortController();
  readonly #frontEndpoints: string[];
  #backEndpoint: string;
  #proxied: Proxied | undefined;
  /** of the last proxy; undefined: none has run */
  #subscribersBefore: number | undefined;
  #failures = 0;
  readonly #number: number;
  /** how often the backend was opened */
  #opened = 0;
  /** opening and closing, one after the other */
  readonly #turn = new Turn();

  constructor(options: RelayOptions) {
    this.#options = options;
    relays += 1;
    this.#number = relays;
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

  /**
   * Opens the sockets for the first time. Fulfilled when services can connect and the places for boxes are known to be free; boxes are let
   * in when services have subscribed.
   * @throws MakaiError ENDPOINT_IN_USE, with nothing left open
   */
  async start(): Promise<void> {
    const wait = this.#options.subscribersWait ?? FRESH_WAIT;
    const expected = { subscribers: undefined, ...wait };
    if (wait.maxMs === 0) return this.#turn.run(() => this.#open(BIND_TIMEOUT_MS.first, expected));
    let back: XPublisher | undefined;
    await this.#turn.run(async () => {
      back = await this.#openBack(BIND_TIMEOUT_MS.first);
      try {
        await this.#findPlaces(BIND_TIMEOUT_MS.first);
      } catch (error) {
        back.close();
        throw error;
      }
    });
    void this.#turn.run(() => this.#letIn(back, expected));
  }

  /** Ends the proxy; fulfilled when both sockets are closed. */
  close(): Promise<void> {
    return this.#turn.run(() => this.#close());
  }

  /** Reopens the sockets on the same endpoints; tries until it can. */
  reopen(signal: AbortSignal = this.#stop.signal): Promise<void> {
    return this.#turn.run(async () => {
      while (!signal.aborted && !this.#stop.signal.aborted && this.#proxied === undefined) {
        try {
          const subscribers = this.#subscribersBefore;
          const wait = subscribers === undefined ? FRESH_WAIT : { minMs: 0, maxMs: REOPEN_MAX_MS };
          await this.#open(RETRY_MS, { subscribers, ...wait });
        } catch (error) {
          if (this.#stop.signal.aborted) return;
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

  async #open(timeoutMs: number, expected: Expected): Promise<void> {
    await this.#openFront(await this.#openBack(timeoutMs), timeoutMs, expected);
  }

  async #openBack(timeoutMs: number): Promise<XPublisher> {
    const { back: place, log, messageBytes, queueMessages } = this.#options;
    const back = bound.proxiedPublisher({
      maxMessageSize: messageBytes,
      ...place.curve,
      sendHighWaterMark: queueMessages,
      linger: LINGER_MS,
    });
    try {
      this.subscribers.attach(back);
      this.#backEndpoint = await bindAt(back, { ...place, endpoint: this.#backEndpoint }, { timeoutMs, log });
      await this.#openInside(back);
      return back;
    } catch (error) {
      back.close();
      throw error;
    }
  }

  /** A name of its own each time: libzmq does not reconnect inside a process, and the socket before may not have given its name back yet. */
  async #openInside(back: XPublisher): Promise<void> {
    const { inside } = this.#options;
    if (inside === undefined) return;
    this.#opened += 1;
    await inside.follow(await bindInside(back, `makai-stream-${this.#number}-${this.#opened}`));
  }

  /**
   * Binds the places for boxes and gives them up again: their ports are known, and one in use fails the start. No box gets through a
   * handshake meanwhile, since its key is not asked for under this domain; it connects again as after any broken connection.
   */
  async #findPlaces(timeoutMs: number): Promise<void> {
    for (const [index, place] of this.#options.front.entries()) {
      const probe = bound.xSubscriber({ maxMessageSize: this.#options.messageBytes });
      try {
        const curve = place.curve && { ...place.curve, zapDomain: NOBODY };
        this.#frontEndpoints[index] = await bindAt(
          probe,
          { ...place, curve },
          { timeoutMs, log: this.#options.log },
        );
      } finally {
        probe.close();
      }
    }
  }

  /** The one inside makes no connection that is counted. */
  get #subscribersNow(): number {
    return this.subscribers.connected + (this.#options.inside === undefined ? 0 : 1);
  }

  /** Closes `back` where it fails. */
  async #openFront(back: XPublisher, timeoutMs: number, expected: Expected): Promise<void> {
    const { front: places, log, messageBytes } = this.#options;
    const front = bound.xSubscriber({
      maxMessageSize: messageBytes,
      sendHighWaterMark: SUBSCRIPTIONS_WAITING,
    });
    try {
      this.boxes.attach(front);
      const connected = () => this.#subscribersNow;
      const topics = await readSubscriptions(back, connected, expected, this.#stop.signal);
      this.#stop.signal.throwIfAborted();
      if (topics.length === 0 && expected.maxMs > 0 && expected.subscribers !== 0)
        log.warn(
          { waited_ms: expected.maxMs },
          'no service has subscribed: boxes are let in all the same, and what they send is lost until a service subscribes',
        );
      for (const topic of topics) await front.send(subscribeMessage(topic));
      for (const [index, place] of places.entries()) {
        const endpoint = this.#frontEndpoints[index] ?? place.endpoint;
        this.#frontEndpoints[index] = await bindAt(front, { ...place, endpoint }, { timeoutMs, log });
      }
    } catch (error) {
      front.close();
      back.close();
      throw error;
    }
    this.#run(runProxy(front, back));
  }

  /** The second half of the first start. A port that was taken meanwhile is waited for. */
  async #letIn(back: XPublisher | undefined, expected: Expected): Promise<void> {
    if (back === undefined) return;
    try {
      await this.#openFront(back, BIND_TIMEOUT_MS.again, expected);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#options.log.error({ err: error }, 'sockets cannot be opened yet');
      void this.reopen();
    }
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
      this.#subscribersBefore = this.#subscribersNow;
      this.#proxied = undefined;
      this.#failures += 1;
      return this.reopen();
    });
  }

  async #close(): Promise<void> {
    const proxied = this.#proxied;
    if (proxied === undefined) return;
    this.#subscribersBefore = this.#subscribersNow;
    this.#proxied = undefined;
    proxied.proxy.terminate();
    await proxied.ended;
  }
}
