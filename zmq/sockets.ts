/**
 * Opens ZeroMQ sockets with the project's options. Three kinds:
 * - `bound`: sockets of ours that peers connect to,
 * - `connecting`: sockets of ours that connect to one of the brokers,
 * - `boxLike`: sockets of the simulated box, with libzmq's defaults as existing boxes have them.
 * An option given by the caller wins. IPv4 or IPv6 is decided by `bindAt` (bind.ts) and `connectTo` (connect.ts), endpoint by endpoint.
 */
import {
  Context,
  Publisher,
  Pull,
  Push,
  Request,
  Router,
  type Socket,
  type SocketOptions,
  Subscriber,
  XPublisher,
  XSubscriber,
} from 'zeromq';

export type { Context, Publisher, Pull, Push, Request, Router, Socket, Subscriber, XPublisher, XSubscriber };

const BOUND = {
  // A dead connection is found by TCP: not every box answers ZeroMQ's own heartbeats.
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 30,
  tcpKeepaliveInterval: 10,
  tcpKeepaliveCount: 3,
  // When sockets are reopened all peers come at the same time.
  backlog: 1024,
  linger: 0,
} as const;

const CONNECTING = {
  // Heartbeats detect a half-open connection, which is then reopened.
  heartbeatInterval: 5000,
  heartbeatTimeout: 15_000,
  // libzmq waits this long and up to as long again, at random: a broker that was restarted has its services back within 100 ms. It does not
  // back off: a try costs next to nothing, and what boxes queued meanwhile arrives as soon as the broker is there.
  reconnectInterval: 50,
  reconnectMaxInterval: 0,
  // A host that is down does not refuse: without this a try would last as long as TCP's own, minutes.
  connectTimeout: 2000,
  linger: 0,
} as const;

/** A subscriber that does not read is dropped after this time without an acknowledgement from its TCP, and its queue with it, ms. */
const NOT_READING_MS = 30_000;

/** What a peer may send: one with a longer frame is disconnected. */
interface Bounded {
  maxMessageSize: number;
}

export const bound = {
  pull: (options: Bounded & SocketOptions<Pull>): Pull => new Pull({ ...BOUND, ...options }),
  publisher: (options: Bounded & SocketOptions<Publisher>): Publisher =>
    new Publisher({ ...BOUND, tcpMaxRetransmitTimeout: NOT_READING_MS, ...options }),
  /** Reports every subscription and every end of one. */
  xPublisher: (options: Bounded & SocketOptions<XPublisher>): XPublisher => {
    const socket = new XPublisher({ ...BOUND, ...options });
    socket.verbosity = 'allSubsUnsubs';
    return socket;
  },
  /** Behind a proxy: takes a subscription only in the first part of a message. */
  proxiedPublisher: (options: Bounded & SocketOptions<XPublisher>): XPublisher =>
    new FirstPartPublisher({ ...BOUND, tcpMaxRetransmitTimeout: NOT_READING_MS, ...options }),
  xSubscriber: (options: Bounded & SocketOptions<XSubscriber>): XSubscriber =>
    new XSubscriber({ ...BOUND, ...options }),
  /**
   * Does what a REP socket does, on a ROUTER (`envelopeOf` in replier.ts). With REP, libzmq keeps about 8 kB for good for each connection
   * under an identity that is in use (the newcomer is never let in, and what waits in its pipe is never read), so one client could fill the
   * memory by connecting again and again. A ROUTER can hand the identity over to the newcomer instead; REP does not have that option. (The
   * connection that lost its identity may stay open in a rare race, libzmq's issue 4407: seen for 6 of 60,000 hostile connections.)
   */
  replier: (options: Bounded & SocketOptions<Router>): Router =>
    new Router({ ...BOUND, handover: true, ...options }),
  /** For peers in this process (`inproc://`). */
  inProcess: (): Router => new Router({ linger: 0 }),
};

export const connecting = {
  subscriber: (options: SocketOptions<Subscriber> = {}): Subscriber =>
    new Subscriber({ ...CONNECTING, ...options }),
  push: (options: SocketOptions<Push> = {}): Push => new Push({ ...CONNECTING, ...options }),
  request: (options: SocketOptions<Request> = {}): Request => new Request({ ...CONNECTING, ...options }),
};

export const boxLike = {
  xPublisher: (options: SocketOptions<XPublisher>): XPublisher => new XPublisher(options),
  subscriber: (options: SocketOptions<Subscriber>): Subscriber => new Subscriber(options),
  push: (options: SocketOptions<Push>): Push => new Push(options),
};

/** A context with threads of its own. */
export function newContext(options: ConstructorParameters<typeof Context>[0]): Context {
  return new Context(options);
}

/** libzmq's ZMQ_ONLY_FIRST_SUBSCRIBE, which zeromq.js has no name for. */
const ONLY_FIRST_SUBSCRIBE = 108;

/**
 * Otherwise libzmq swallows a later part that looks like a subscription, what is left promises a part that never comes, and the proxy ends
 * with EAGAIN: two frames of a subscriber would disconnect everyone for a moment. (What begins with a subscription can still do it; see
 * docs/reliability.md.)
 */
class FirstPartPublisher extends XPublisher {
  constructor(options: SocketOptions<XPublisher>) {
    super(options);
    this.setBoolOption(ONLY_FIRST_SUBSCRIBE, true);
  }
}
