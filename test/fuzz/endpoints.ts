/** Every endpoint of every daemon: how an input is sent, and how to check that the endpoint still works. */
import { Dealer, Publisher, Push, Subscriber, XSubscriber } from 'zeromq';
import type { Kind } from '../../config/index.js';
import * as proto from '../../proto/index.js';
import { until } from '../keys/helpers.js';
import { BOX2, type DaemonUnderTest } from './line.js';
import type { SeedKind } from './seeds.js';
import { tcpSender } from './tcp-sender.js';

/** An opened connection to an endpoint. */
export interface Entrance {
  send(frames: readonly Uint8Array[]): Promise<void>;
  /** resolves when all inputs have been processed and the endpoint works; rejects when it does not work */
  works(): Promise<void>;
  close(): void;
}

export interface EndpointTarget {
  /** setting in the daemon's file */
  name: string;
  kind: Kind;
  seeds: SeedKind;
  /** one connection per input, so much slower */
  connections?: true;
  open(daemon: DaemonUnderTest): Promise<Entrance>;
}

const SENDER = { linger: 0, sendHighWaterMark: 1000 };
const at = (daemon: DaemonUnderTest, field: string): string => String(daemon.config[field]);

export const ENDPOINTS: readonly EndpointTarget[] = [
  { kind: 'triggering-broker', name: 'interface', seeds: 'stream', open: measurements },
  {
    kind: 'triggering-broker',
    name: 'backend',
    seeds: 'subscription',
    open: (d) => upstream(d, 'backend', measurementArrives),
  },
  {
    kind: 'acquisition-broker',
    name: 'box_pub',
    seeds: 'subscription',
    open: (d) => upstream(d, 'box_pub', eventIsAnnounced, d.curve(BOX2)),
  },
  { kind: 'acquisition-broker', name: 'box_pull', seeds: 'reply', open: replies },
  { kind: 'acquisition-broker', name: 'backend_pull', seeds: 'request', open: requests },
  {
    kind: 'acquisition-broker',
    name: 'backend_pub',
    seeds: 'subscription',
    open: (d) => upstream(d, 'backend_pub', eventIsAnnounced),
  },
  {
    kind: 'acquisition-broker',
    name: 'zmq_event_endpoint',
    seeds: 'subscription',
    open: (d) => upstream(d, 'zmq_event_endpoint', eventIsAnnounced),
  },
  { kind: 'acquisition-broker', name: 'zmq_event_id_endpoint', seeds: 'number', open: numbers },
  ...(['interface', 'backend'] as const).map((name) => raw('triggering-broker', name, measurementArrives)),
  ...(['box_pub', 'box_pull', 'backend_pull', 'zmq_event_id_endpoint'] as const).map((name) =>
    raw('acquisition-broker', name, eventIsAnnounced),
  ),
  { kind: 'triggering-service', name: 'zmq_trigger_endpoint', seeds: 'stream', open: stream },
  { kind: 'triggering-service', name: 'status', seeds: 'http', connections: true, open: http },
  { kind: 'triggering-broker', name: 'status', seeds: 'http', connections: true, open: http },
  { kind: 'acquisition-broker', name: 'status', seeds: 'http', connections: true, open: http },
];

/** A strange message can end the proxy of the triggering broker, which then reopens its sockets (docs/reliability.md). */
const REOPENED_MS = 10_000;

function raw(kind: Kind, name: string, works: (daemon: DaemonUnderTest) => Promise<void>): EndpointTarget {
  const open = async (daemon: DaemonUnderTest): Promise<Entrance> => {
    const { port } = new URL(at(daemon, name).replace('tcp:', 'http:'));
    // The triggering broker opens its port for boxes once somebody has subscribed.
    await works(daemon);
    const sender = tcpSender('127.0.0.1', Number(port), kind === 'triggering-broker' ? REOPENED_MS : 0);
    return {
      send: sender.send,
      works: async () => {
        await sender.idle();
        await works(daemon);
      },
      close: sender.close,
    };
  };
  return { kind, name: `${name} (bytes on TCP)`, seeds: 'zmtp', connections: true, open };
}

async function http(daemon: DaemonUnderTest): Promise<Entrance> {
  const sender = tcpSender(daemon.status.host, daemon.status.port);
  const works = async (): Promise<void> => {
    await sender.idle();
    await daemon.details();
  };
  return { send: sender.send, works, close: sender.close };
}

/** Frames as an admitted box sends them. */
async function measurements(daemon: DaemonUnderTest): Promise<Entrance> {
  const listener = new Subscriber({ linger: 0 });
  listener.subscribe('');
  const box = new Publisher({ ...SENDER, ...daemon.curve(BOX2) });
  let last = '';
  void (async () => {
    for await (const [topic] of listener) last = topic?.toString() ?? '';
  })();
  const marked = async (mark: string): Promise<void> => {
    await until(async () => {
      await box.send([mark, '']);
      return last === mark;
    });
  };
  box.connect(at(daemon, 'interface'));
  listener.connect(at(daemon, 'backend'));
  await marked('begin');
  let sent = 0;
  return {
    // PUB drops what does not fit its queue, so wait at intervals.
    send: async (frames) => {
      await box.send([...frames]);
      sent += 1;
      if (sent % 500 === 0) await marked(`mark ${sent}`);
    },
    works: () => marked('end'),
    close: () => {
      box.close();
      listener.close();
    },
  };
}

/** Takes the place of the triggering broker: sends the stream to the service. */
async function stream(daemon: DaemonUnderTest): Promise<Entrance> {
  const broker = new Publisher({ linger: 0, sendHighWaterMark: 0 });
  await broker.bind(at(daemon, 'zmq_trigger_endpoint'));
  const messages = async (): Promise<number> => ((await daemon.details()) as { messages: number }).messages;
  const begin = await messages();
  // Wait until its subscription is active; after that nothing is dropped.
  await until(async () => {
    await broker.send(['0', 'begin']);
    return (await messages()) > begin;
  });
  let sent = 0;
  const before = await messages();
  return {
    send: async (frames) => {
      await broker.send([...frames]);
      sent += 1;
      if (sent % 5000 !== 0) return;
      await until(async () => (await messages()) - before >= sent - 100);
    },
    works: async () => {
      await until(async () => (await messages()) - before >= sent - 100);
      const was = ((await daemon.details()) as { measurements: number }).measurements;
      await until(async () => {
        const now = { id: BOX2, time: Date.now(), frequency: 60, rms: 120 };
        await broker.send([String(BOX2), proto.triggerMessage.encode(now)]);
        return ((await daemon.details()) as { measurements: number }).measurements > was;
      });
    },
    close: () => broker.close(),
  };
}

async function measurementArrives(daemon: DaemonUnderTest): Promise<void> {
  const entrance = await measurements(daemon);
  await entrance.works();
  entrance.close();
}

/** What a subscriber may send upstream: subscriptions, and any other message. */
async function upstream(
  daemon: DaemonUnderTest,
  field: string,
  works: (daemon: DaemonUnderTest) => Promise<void>,
  curve: object = {},
): Promise<Entrance> {
  const socket = new XSubscriber({ ...SENDER, ...curve });
  const connected = new Promise<void>((resolve) => socket.events.on('handshake', () => resolve()));
  socket.connect(at(daemon, field));
  await connected;
  void (async () => {
    for await (const _ of socket);
  })();
  return {
    send: (frames) => socket.send([...frames]),
    works: () => works(daemon),
    close: () => socket.close(),
  };
}

async function replies(daemon: DaemonUnderTest): Promise<Entrance> {
  const socket = new Push({ ...SENDER, ...daemon.curve(BOX2) });
  socket.connect(at(daemon, 'box_pull'));
  const pong = proto.requestData.encode({ type: 'PONG', sequenceNumber: 1, boxId: BOX2, time: Date.now() });
  let sent = 0;
  return {
    send: async (frames) => {
      sent += 1;
      await socket.send([...frames]);
    },
    works: async () => {
      await socket.send(pong);
      sent += 1;
      await until(async () => {
        const { replies: counts } = (await daemon.details()) as { replies: { received: number } };
        return counts.received >= sent;
      });
      await eventIsAnnounced(daemon);
    },
    close: () => socket.close(),
  };
}

async function requests(daemon: DaemonUnderTest): Promise<Entrance> {
  const socket = new Push(SENDER);
  socket.connect(at(daemon, 'backend_pull'));
  return {
    send: (frames) => socket.send([...frames]),
    works: () => eventIsAnnounced(daemon),
    close: () => socket.close(),
  };
}

/** A valid request is stored and announced. Earlier inputs have been read by then. */
async function eventIsAnnounced(daemon: DaemonUnderTest): Promise<void> {
  const listener = new Subscriber({ linger: 0 });
  listener.subscribe('evnew');
  const client = new Push({ linger: 0 });
  listener.connect(at(daemon, 'backend_pub'));
  client.connect(at(daemon, 'backend_pull'));
  const wanted = `fuzz ${process.hrtime.bigint()}`;
  const endMs = Date.now();
  let heard = false;
  void (async () => {
    for await (const _ of listener) heard = true;
  })();
  await until(async () => {
    await client.send(
      proto.requestEvent.encode({
        startMs: endMs - 100,
        endMs,
        triggerType: 'OTHER',
        percentMagnitude: 1,
        boxIds: [BOX2],
        requestee: wanted,
        description: wanted,
        requestData: false,
      }),
    );
    return heard;
  });
  client.close();
  listener.close();
}

/** A DEALER, so that envelopes can be wrong and requests can be sent before replies have arrived. */
async function numbers(daemon: DaemonUnderTest): Promise<Entrance> {
  const socket = new Dealer(SENDER);
  socket.connect(at(daemon, 'zmq_event_id_endpoint'));
  let asked = 0;
  let answered = 0;
  let inputs = 0;
  const listening = (async () => {
    for await (const _ of socket) answered += 1;
  })();
  const ask = async (frames: readonly Uint8Array[]): Promise<void> => {
    asked += 1;
    await socket.send([new Uint8Array(), ...frames]);
    await until(() => asked - answered < 1000);
  };
  return {
    send: async (frames) => {
      // Three of four have no empty delimiter frame: dropped without a reply, unless a mutation added one.
      inputs += 1;
      if (inputs % 4 !== 0) await socket.send([...frames]);
      else await ask(frames);
    },
    works: async () => {
      await ask([new Uint8Array()]);
      await until(() => answered >= asked);
      await eventIsAnnounced(daemon);
    },
    close: () => {
      socket.close();
      void listening;
    },
  };
}
