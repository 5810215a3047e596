/** A small broker (MQTT 3.1.1) inside of the gateway, for an installation without one of its own. It keeps no sessions of clients. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AedesPublishPacket, type Client } from 'aedes';
import { type Clock, repeat } from '../../common/clock.js';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { readTlsOf } from '../../common/setting-files.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { GatewaySettings } from '../../config/index.js';
import type { Store } from '../../store/store.js';
import { matches } from '../mqtt/filters.js';
import { hand } from '../mqtt/hand.js';
import type { Hear, Link, LinkStatus, Outgoing, SubscribeOptions } from '../mqtt/link.js';
import { GuardedConnection } from './guarded.js';
import { People } from './people.js';

export const MAX_PACKET_BYTES = 256 * 1024;
const MOST_CONNECTIONS = 1000;
const CONNECT_MS = 10_000;
/** A client that does not read for so long is disconnected: it holds up the others. */
const DRAIN_MS = 5_000;
/** A user or token that was removed, or whose role or password changed, is disconnected after so long. */
const CHECK_MS = 15_000;
const NO_CERTIFICATE: Readonly<Record<string, string>> = {};

export interface EmbeddedOptions {
  settings: GatewaySettings['embedded'];
  store: () => Pick<Store, 'user' | 'token'>;
  clock: Clock;
  log: Logger;
}

export interface Embedded extends Link {
  /** refused by reason since the start */
  refused(): Record<string, number>;
  readonly clients: number;
}

/** It listens once it is opened. @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for the files of TLS */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { tls } = options.settings;
  const pair = tls === undefined ? NO_CERTIFICATE : readTlsOf('mqtt.tls', tls);
  const rejections = new Rejections(options.log, options.clock);
  const people = new People(options, rejections);
  const broker = await Aedes.createBroker({
    connectTimeout: CONNECT_MS,
    queueLimit: 100,
    drainTimeout: DRAIN_MS,
    // It would keep in memory, without a bound, what comes for a client that is not connected.
    preConnect: (_client, packet, done) => {
      packet.clean = true;
      done(null, true);
    },
    maxClientsIdLength: 100,
    ...people.handlers,
  });
  const handle = (socket: Socket): void => {
    const connection = new GuardedConnection(socket, MAX_PACKET_BYTES, () =>
      rejections.count('packet_too_long', socket.remoteAddress),
    );
    people.addressOf.set(broker.handle(connection), socket.remoteAddress ?? '');
  };
  const server =
    tls === undefined
      ? createServer({ noDelay: true }, handle)
      : createTlsServer({ ...pair, noDelay: true }, handle);
  server.maxConnections = MOST_CONNECTIONS;
  server.on('drop', () => rejections.count('too_many_connections'));
  server.on('tlsClientError', (error) => rejections.count('no_tls', undefined, messageOf(error)));
  const drop = (client: Client | null, error: Error): void =>
    // Before the first packet the id is null, whatever its type says.
    rejections.count('bad_packet', client?.id || undefined, messageOf(error));
  broker.on('clientError', drop);
  broker.on('connectionError', drop);
  return new EmbeddedLink(broker, server, options, people, rejections);
}

interface Handler {
  heard: Hear;
  own: boolean;
}

class EmbeddedLink implements Embedded {
  readonly window = 100;
  readonly #broker: Aedes;
  readonly #server: Server;
  readonly #sinceMs: number;
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #checks: Running;
  readonly #listen: GatewaySettings['embedded']['listen'];
  readonly #scheme: string;
  readonly #log: ThrottledLog;
  readonly #rejections: Rejections;

  constructor(
    broker: Aedes,
    server: Server,
    { clock, log, settings }: EmbeddedOptions,
    people: People,
    rejections: Rejections,
  ) {
    this.#broker = broker;
    this.#server = server;
    this.#listen = settings.listen;
    this.#log = new ThrottledLog(log, { clock });
    this.#rejections = rejections;
    this.#sinceMs = clock.now();
    this.#scheme = settings.tls === undefined ? 'mqtt' : 'mqtts';
    this.#checks = repeat(() => people.check(), CHECK_MS, clock);
    broker.on('publish', (packet, client) => {
      this.#heard(packet, ({ own }) => own || client !== null);
    });
    broker.on('clientDisconnect', (client) => people.forget(client));
  }

  open(): Promise<void> {
    return listen(this.#server, this.#listen);
  }

  endHearing(): void {
    // It keeps no sessions: what clients publish until it is closed is heard no more.
  }

  get clients(): number {
    return this.#broker.connectedClients;
  }

  refused(): Record<string, number> {
    return this.#rejections.totals();
  }

  status(): LinkStatus {
    const address = this.#server.address();
    const place =
      address === null || typeof address === 'string'
        ? ''
        : address.family === 'IPv6'
          ? `[${address.address}]:${address.port}`
          : `${address.address}:${address.port}`;
    return {
      broker: `${this.#scheme}://${place}`,
      embedded: true,
      connected: !this.#broker.closed,
      since_ms: this.#sinceMs,
      connections: this.#broker.connectedClients,
    };
  }

  publish({ isPassedOn = false, payload, retain = false, topic }: Outgoing): Promise<void> {
    if (this.#broker.closed)
      return Promise.reject(new MakaiError('MQTT_STOPPED', 'the embedded broker is stopped'));
    // Those who hear our own messages get it from the broker.
    if (isPassedOn) this.#heard({ topic, payload, retain }, ({ own }) => !own);
    return new Promise((resolve, reject) => {
      this.#broker.publish({ cmd: 'publish', dup: false, qos: 1, retain, topic, payload }, (error) => {
        if (error === undefined || error === null) resolve();
        else
          reject(
            new MakaiError('MQTT_REFUSED', `a message on ${topic} was refused: ${messageOf(error)}`, {
              cause: error,
            }),
          );
      });
    });
  }

  async subscribe(
    filter: string,
    heard: Hear,
    { own = false }: SubscribeOptions = {},
  ): Promise<() => Promise<void>> {
    const handlers = this.#handlers.get(filter) ?? new Set();
    const handler = { heard, own };
    this.#handlers.set(filter, handlers.add(handler));
    return async () => {
      handlers.delete(handler);
      if (handlers.size === 0) this.#handlers.delete(filter);
    };
  }

  onConnected(connected: () => void): void {
    connected();
  }

  async stop(): Promise<void> {
    await this.#checks.stop();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await new Promise<void>((resolve) => this.#broker.close(() => resolve()));
    await closed;
  }

  #heard(
    { payload, retain, topic }: Pick<AedesPublishPacket, 'topic' | 'payload' | 'retain'>,
    isFor: (handler: Handler) => boolean,
  ): void {
    // The broker's own topics come here too.
    if (topic.startsWith('$')) return;
    for (const [filter, handlers] of this.#handlers) {
      if (!matches(filter, topic)) continue;
      for (const handler of handlers) {
        if (!isFor(handler)) continue;
        const message = { topic, payload: Buffer.from(payload), retain };
        hand(handler.heard, message, this.#log)?.catch((err: unknown) =>
          this.#log.error({ err, topic }, 'a message could not be kept'),
        );
      }
    }
  }
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(host === '*' ? { port } : { host, port }, () => {
        server.off('error', fail);
        done();
      });
    });
  } catch (error) {
    throw new MakaiError(
      codeOf(error) === 'EADDRINUSE' ? 'ENDPOINT_IN_USE' : 'ENDPOINT_UNAVAILABLE',
      `the embedded MQTT broker cannot listen on ${host}:${port}: ${messageOf(error)}`,
      {
        hint: 'Write another address as "mqtt.listen"; or name the broker that runs there as "mqtt.url".',
        cause: error,
      },
    );
  }
}
