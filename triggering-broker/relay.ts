/**
 * The way of the measurements: boxes' sockets → XSUB (CURVE) → libzmq's own proxy, in a thread of its own → XPUB → services. No JavaScript
 * sees a message. Subscriptions go the other way, so a box sends only what somebody behind the broker has subscribed to.
 *
 * A socket in the proxy cannot be unbound. To cut a box off the proxy is ended, which closes both sockets, and all is opened anew on the
 * same endpoints. The proxy must be ended before the process exits, or it hangs.
 */
import { setTimeout } from 'node:timers/promises';
import { Proxy as NativeProxy, XPublisher, XSubscriber } from 'zeromq';
import { MakaiError, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { bindWhenFree } from '../zmq/bind-when-free.js';
import { Connections } from '../zmq/connections.js';
import type { CurveServerOptions } from '../zmq/curve.js';

export interface RelayOptions {
  /** for boxes: `interface`, and `interface_next` with the server's next key */
  front: { endpoint: string; curve: CurveServerOptions }[];
  /** for services; plain without `curve` */
  back: { endpoint: string; curve?: CurveServerOptions | undefined };
  /** a peer that sends a longer frame is disconnected */
  messageBytes: number;
  /** messages kept for a subscriber that is slower than the stream; libzmq drops further ones */
  queueMessages: number;
  log: Logger;
}

/** A dead connection is found by TCP: ZeroMQ's own heartbeats are not known to every box. */
const KEEPALIVE = { tcpKeepalive: 1, tcpKeepaliveIdle: 30, tcpKeepaliveInterval: 10, tcpKeepaliveCount: 3 };
/** After a reopening all boxes come at once. */
const BACKLOG = 1024;
/** What subscribers have not been sent yet when we close is sent within this time. */
const LINGER_MS = 500;
/** Subscribers come back within a fraction of a second; until then boxes' measurements would go nowhere. */
const SUBSCRIBERS_BACK_MS = 1000;
const RETRY_MS = 1000;
/** A subscriber that does not read is dropped after this time without an acknowledgement from its TCP, and its queue with it. */
const NOT_READING_MS = 30_000;
/**
 * Subscriptions on their way to one box. libzmq drops further ones without a word (by itself beyond 1000), also when it sends a box that comes
 * back all there are; a box without its own subscription sends nothing.
 */
const SUBSCRIPTIONS_WAITING = 10_000;

interface Proxied {
  proxy: NativeProxy;
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

  /** Where boxes connect, in the order of the options, with the ports that `*` became. They stay the same over a reopening. */
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

  /** Opens all for the first time. @throws MakaiError ENDPOINT_IN_USE, with nothing left open */
  start(): Promise<void> {
    return this.#inTurn(() => this.#open(0));
  }

  /** Ends the proxy; fulfilled when both sockets are closed. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#close());
  }

  /** Opens all on the endpoints of before, and tries until it can. */
  reopen(signal: AbortSignal = this.#stop.signal): Promise<void> {
    return this.#inTurn(async () => {
      while (!signal.aborted && !this.#stop.signal.aborted && this.#proxied === undefined) {
        try {
          await this.#open(RETRY_MS);
        } catch (error) {
          this.#options.log.error({ error: messageOf(error) }, 'sockets cannot be opened anew yet');
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

  async #open(patienceMs: number): Promise<void> {
    const { back: backOptions, front: fronts, messageBytes, queueMessages } = this.#options;
    const common = { ...KEEPALIVE, backlog: BACKLOG, maxMessageSize: messageBytes };
    const back = new FirstPartPublisher({
      ...common,
      ...backOptions.curve,
      sendHighWaterMark: queueMessages,
      linger: LINGER_MS,
      tcpMaxRetransmitTimeout: NOT_READING_MS,
    });
    const front = new XSubscriber({ ...common, linger: 0, sendHighWaterMark: SUBSCRIPTIONS_WAITING });
    try {
      this.subscribers.attach(back);
      this.boxes.attach(front);
      this.#backEndpoint = await bind(back, this.#backEndpoint, patienceMs);
      await this.#subscribersBack();
      for (const [index, { curve }] of fronts.entries()) {
        // Keys hold for the endpoints bound after they are set, so one socket can have an endpoint for each pair.
        Object.assign(front, curve);
        this.#frontEndpoints[index] = await bind(front, this.#frontEndpoints[index] ?? '', patienceMs);
      }
    } catch (error) {
      front.close();
      back.close();
      throw error;
    }
    this.#run(new NativeProxy(front, back));
  }

  #run(proxy: NativeProxy): void {
    const { log } = this.#options;
    const ended = proxy.run().catch((error: unknown) => {
      log.warn({ error: messageOf(error) }, 'the proxy ended: sockets are opened anew');
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

  /** Boxes are let in when the subscribers of before are back, or have had their time. */
  async #subscribersBack(): Promise<void> {
    const until = performance.now() + SUBSCRIBERS_BACK_MS;
    while (this.subscribers.connected < this.#subscribersBefore && performance.now() < until) {
      if (this.#stop.signal.aborted) return;
      await setTimeout(10);
    }
  }
}

/** libzmq's ZMQ_ONLY_FIRST_SUBSCRIBE, which zeromq.js has no name for. */
const ONLY_FIRST_SUBSCRIBE = 108;

/**
 * Takes a subscription only in the first part of a message. Otherwise libzmq swallows a later part that looks like one, what is left
 * promises a part that never comes, and the proxy ends with EAGAIN: two frames of a subscriber would cut off everybody for a moment. (What
 * begins with a subscription can still do it; see docs/reliability.md.)
 */
class FirstPartPublisher extends XPublisher {
  constructor(options: ConstructorParameters<typeof XPublisher>[0]) {
    super(options);
    this.setBoolOption(ONLY_FIRST_SUBSCRIBE, true);
  }
}

/** @returns where the socket is now; a `*` has become a port */
async function bind(socket: XPublisher | XSubscriber, endpoint: string, patienceMs: number): Promise<string> {
  try {
    await bindWhenFree(socket, endpoint, patienceMs);
  } catch (error) {
    throw new MakaiError('ENDPOINT_IN_USE', `${endpoint} cannot be opened: ${messageOf(error)}`, {
      hint: 'See who has the port (`ss -ltnp`), or name another endpoint in the configuration.',
      cause: error,
    });
  }
  return socket.lastEndpoint ?? endpoint;
}
