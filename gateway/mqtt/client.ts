/** The connection to a broker elsewhere: MQTT 3.1.1 or 5, TLS, a session that the broker keeps. */
import { Socket } from 'node:net';
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { BackOff } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { readFileOf, readPasswordOf, readSecretOf } from '../../common/setting-files.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { MqttServer } from '../../config/index.js';
import { matches } from './filters.js';
import { hand } from './hand.js';
import type { Hear, Incoming, Link, LinkStatus, Outgoing, SubscribeOptions } from './link.js';
import { Session, type SessionFilters } from './session.js';
import { Window } from './window.js';

/** The broker keeps the session so long while the connection is lost (MQTT 5). */
const SESSION_SECONDS = 7 * 86_400;
const CONNECT_MS = 10_000;
const KEEP_ALIVE_SECONDS = 20;
const BACK_OFF = { firstMs: 500, maxMs: 30_000 };
/** Under way at the same time; fewer where the broker says so. */
const WINDOW = 100;
const STOP_MS = 2000;
/** After a message that could not be kept the connection begins again after so long: then the broker sends the message again. */
const AGAIN_MS = 5000;

export interface ClientOptions {
  /** where the settings of the server are, for messages: `mqtt` */
  path: string;
  server: MqttServer;
  /** published by the broker when the connection is lost */
  will?: { topic: string; payload: string };
  filters?: SessionFilters;
  clock: Clock;
  log: Logger;
}

/**
 * Connects once it is opened, and connects again whenever the connection is lost. A broker that cannot be reached is no error.
 * @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for files of the settings
 */
export async function connectLink(options: ClientOptions): Promise<Link> {
  const { server } = options;
  return new ClientLink(connect(server.url, clientOptions(options)), options);
}

function clientOptions({ path, server, will }: ClientOptions): IClientOptions {
  const { ca, cert, clientId, key, passwordFile, user, version } = server;
  return {
    protocolVersion: version === '5' ? 5 : 4,
    clientId,
    clean: false,
    ...(version === '5' ? { properties: { sessionExpiryInterval: SESSION_SECONDS } } : {}),
    ...(user === undefined ? {} : { username: user }),
    ...(passwordFile === undefined
      ? {}
      : { password: readPasswordOf(`${path}.password_file`, passwordFile) }),
    ...(ca === undefined ? {} : { ca: readFileOf(`${path}.ca`, ca) }),
    ...(cert === undefined ? {} : { cert: readFileOf(`${path}.cert`, cert) }),
    ...(key === undefined ? {} : { key: readSecretOf(`${path}.key`, key) }),
    ...(will === undefined
      ? {}
      : { will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
    rejectUnauthorized: true,
    connectTimeout: CONNECT_MS,
    keepalive: KEEP_ALIVE_SECONDS,
    reconnectPeriod: BACK_OFF.firstMs,
    reconnectOnConnackError: true,
    queueQoSZero: false,
    // What waits in the session comes with the connection: whoever hears it must be there before.
    manualConnect: true,
    // Done here, at each connection.
    resubscribe: false,
  };
}

class ClientLink implements Link {
  readonly #client: MqttClient;
  readonly #server: MqttServer;
  readonly #clock: Clock;
  readonly #log: ThrottledLog;
  readonly #window = new Window(WINDOW);
  /** filter → who hears it, and how sure it must be */
  readonly #handlers = new Map<string, Handlers>();
  readonly #session: Session;
  readonly #listeners = new Set<() => void>();
  /** a stop has begun: nothing is heard, and so nothing is confirmed, any more */
  #isDeaf = false;
  #cancelAgain: (() => void) | undefined;
  #isStopped = false;
  #connections = 0;
  #connected = false;
  #sinceMs: number;
  #reason: string | undefined = 'not connected yet';

  constructor(client: MqttClient, { clock, filters, log, server }: ClientOptions) {
    this.#client = client;
    this.#server = server;
    this.#clock = clock;
    this.#log = new ThrottledLog(log, { clock });
    this.#session = new Session({
      ...{ client, filters, log: this.#log },
      wanted: () => new Map([...this.#handlers].map(([filter, some]) => [filter, qosOf(some) ?? 1])),
    });
    this.#sinceMs = clock.now();
    const backOff = new BackOff(BACK_OFF);
    client.on('connect', ({ properties, sessionPresent }) => {
      // Otherwise a message waits for the confirmation of the one before, and that for TCP's own: 40 ms each time.
      if (client.stream instanceof Socket) client.stream.setNoDelay(true);
      backOff.reset();
      client.options.reconnectPeriod = backOff.next();
      this.#connections += 1;
      this.#note(undefined);
      log.info({ broker: server.url }, 'connected to the MQTT broker');
      this.#window.open(Math.min(WINDOW, properties?.receiveMaximum ?? WINDOW));
      this.#session.connected(sessionPresent);
      for (const listener of this.#listeners) listener();
    });
    client.on('close', () => {
      this.#window.close();
      // The next connection is what the message waits for.
      this.#cancelAgain?.();
      this.#cancelAgain = undefined;
      client.options.reconnectPeriod = backOff.next();
      this.#note(this.#reason ?? 'the connection was closed');
    });
    client.on('error', (error) => {
      this.#note(messageOf(error));
      this.#log.warn({ err: error, broker: server.url }, 'the MQTT broker cannot be reached, or refuses us');
    });
    // Called before the message is confirmed; with an error it is not.
    client.handleMessage = (packet, done) => {
      this.#heard(packet).then(
        () => done(),
        (error: unknown) => done(error instanceof Error ? error : new Error(messageOf(error))),
      );
    };
  }

  async open(): Promise<void> {
    this.#client.connect();
  }

  endHearing(): void {
    this.#isDeaf = true;
  }

  get window(): number {
    return this.#window.size;
  }

  status(): LinkStatus {
    return {
      broker: this.#server.url,
      embedded: false,
      connected: this.#connected,
      since_ms: this.#sinceMs,
      reason: this.#reason,
      connections: this.#connections,
    };
  }

  async publish({ correlationData, payload, retain = false, topic }: Outgoing): Promise<void> {
    const leave = await this.#window.enter();
    try {
      const properties =
        correlationData === undefined || this.#server.version !== '5'
          ? {}
          : { properties: { correlationData } };
      await this.#client.publishAsync(topic, payload, { qos: 1, retain, ...properties });
    } catch (error) {
      if (this.#isStopped) throw closed();
      throw new MakaiError(
        'MQTT_REFUSED',
        `the MQTT broker refused a message on ${topic}: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    } finally {
      leave();
    }
  }

  async subscribe(
    filter: string,
    heard: Hear,
    { keeps = false, qos = 1 }: SubscribeOptions = {},
  ): Promise<() => Promise<void>> {
    const handlers: Handlers = this.#handlers.get(filter) ?? new Map();
    const before = qosOf(handlers);
    this.#handlers.set(filter, handlers.set(heard, { keeps, qos }));
    // Sent when there is a connection; nobody waits for that.
    if (before !== qosOf(handlers) && this.#connected) this.#session.join(filter);
    return async () => {
      // The session keeps the filters over a restart, and messages meanwhile.
      if (this.#isDeaf) return;
      const before = qosOf(handlers);
      handlers.delete(heard);
      if (handlers.size > 0) {
        // Lower than before: the broker keeps less for us.
        if (before !== qosOf(handlers) && this.#connected) this.#session.join(filter);
        return;
      }
      this.#handlers.delete(filter);
      await this.#session.leave([filter]);
    };
  }

  onConnected(connected: () => void): void {
    this.#listeners.add(connected);
    if (this.#connected) connected();
  }

  async stop(): Promise<void> {
    this.#isDeaf = true;
    this.#isStopped = true;
    this.#cancelAgain?.();
    this.#window.end(closed());
    const ended = new Promise<void>((resolve) => this.#client.end(false, {}, () => resolve()));
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(STOP_MS, () => this.#client.end(true, {}, () => resolve()));
    });
    await Promise.race([ended, late]);
    cancel();
  }

  /** @throws where it must not be confirmed */
  async #heard({ payload, properties, retain, topic }: IPublishPacket): Promise<void> {
    if (this.#isDeaf) throw closed();
    const message: Incoming = {
      topic,
      payload: Buffer.isBuffer(payload) ? payload : Buffer.from(payload),
      retain,
      responseTopic: properties?.responseTopic,
      correlationData: properties?.correlationData,
    };
    const all = [...this.#handlers].flatMap(([filter, handlers]) =>
      matches(filter, topic) ? [...handlers] : [],
    );
    try {
      // The message comes again where one of these could not keep it: by then no other has heard it.
      for (const [heard, { keeps }] of all) if (keeps) await hand(heard, message, this.#log);
    } catch (error) {
      this.#log.error({ err: error, topic }, 'a message could not be kept: the broker sends it again');
      this.#cancelAgain ??= this.#clock.after(AGAIN_MS, () => {
        this.#cancelAgain = undefined;
        this.#client.stream.destroy();
      });
      throw error;
    }
    for (const [heard, { keeps }] of all) {
      if (keeps) continue;
      await hand(heard, message, this.#log)?.catch((err: unknown) =>
        this.#log.error({ err, topic }, 'a message could not be acted on'),
      );
    }
  }

  #note(reason: string | undefined): void {
    const connected = reason === undefined;
    if (connected !== this.#connected) this.#sinceMs = this.#clock.now();
    this.#connected = connected;
    this.#reason = reason;
  }
}

type Handlers = Map<Hear, Required<Pick<SubscribeOptions, 'keeps' | 'qos'>>>;

/** The highest that one of them wants; undefined: nobody hears it. */
function qosOf(handlers: Handlers | undefined): 0 | 1 | undefined {
  const all = [...(handlers?.values() ?? [])];
  return all.length === 0 ? undefined : all.some(({ qos }) => qos === 1) ? 1 : 0;
}

const closed = (): MakaiError => new MakaiError('MQTT_STOPPED', 'the connection to MQTT is closed');
