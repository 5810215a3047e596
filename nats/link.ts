/** A connection to NATS that is kept: made when a server can be reached, and made again whenever it is lost. */
import {
  type Authenticator,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { BackOff } from '../common/backoff.js';
import { pause, systemClock } from '../common/clock.js';
import { MakaiError, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { readFileOf, readPasswordOf, readSecretOf } from '../common/setting-files.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { NatsServers } from '../config/settings.js';

export type { NatsConnection };

/** How long a server may take to answer, ms. */
const CONNECT_MS = 5000;
const BACK_OFF = { firstMs: 250, maxMs: 5000 };
const RECONNECT_MS = 250;
/** A connection on which two pings in a row are not answered is given up. */
const PING_MS = 5000;
const PINGS_OUT = 2;

export interface LinkOptions {
  servers: NatsServers;
  /** shown by the server beside the connection */
  name: string;
  log: Logger;
  /** from now on requests reach a server. @param lost aborted when they do not any more */
  connected(connection: NatsConnection, lost: AbortSignal): void;
  /** what is under way is not answered any more */
  disconnected(): void;
}

export class NatsLink implements Running {
  readonly #options: LinkOptions;
  readonly #log: ThrottledLog;
  readonly #stopping = new AbortController();
  #connection: NatsConnection | undefined;
  #isConnected = false;
  #online = new AbortController();
  #running: Promise<void> | undefined;
  #losses = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log);
  }

  /** Undefined while there is none. */
  get connection(): NatsConnection | undefined {
    return this.#isConnected ? this.#connection : undefined;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Address of the server; undefined while there is no connection. */
  get server(): string | undefined {
    return this.#isConnected ? this.#connection?.getServer() : undefined;
  }

  /** How often the connection was lost. */
  get losses(): number {
    return this.#losses;
  }

  /**
   * Begins to connect. A server that cannot be reached is no error.
   * @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for the files that the settings name
   */
  start(): void {
    natsOptions(this.#options);
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const backOff = new BackOff(BACK_OFF);
    while (!signal.aborted) {
      try {
        const connection = await this.#connect(signal);
        if (connection === undefined) return;
        backOff.reset();
        this.#connection = connection;
        await this.#follow(connection);
      } catch (error) {
        this.#log.warn({ problem: messageOf(error) }, 'no connection to NATS');
      }
      await pause(systemClock, backOff.next(), signal);
    }
  }

  /** A try takes seconds where servers do not answer; a stop does not wait for it. @returns undefined when it was stopped meanwhile */
  #connect(signal: AbortSignal): Promise<NatsConnection | undefined> {
    const connecting = connect(natsOptions(this.#options));
    return new Promise((resolve, reject) => {
      const stopped = (): void => {
        connecting.then((late) => late.close()).catch(() => undefined);
        resolve(undefined);
      };
      signal.addEventListener('abort', stopped, { once: true });
      connecting.then(resolve, reject).finally(() => signal.removeEventListener('abort', stopped));
    });
  }

  /** Until the client gives the connection up. */
  async #follow(connection: NatsConnection): Promise<void> {
    const { log } = this.#options;
    this.#up(connection);
    for await (const status of connection.status()) {
      switch (status.type) {
        case 'reconnect':
          this.#up(connection);
          break;
        case 'disconnect':
        case 'close':
          this.#down();
          break;
        case 'error':
          this.#log.warn({ problem: status.error.message }, 'NATS reports an error');
          break;
        default:
          log.debug({ status: status.type }, 'NATS');
      }
    }
    this.#down();
  }

  #up(connection: NatsConnection): void {
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#online = new AbortController();
    this.#options.log.info({ server: connection.getServer() }, 'connected to NATS');
    this.#options.connected(connection, this.#online.signal);
  }

  #down(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#losses += 1;
    this.#online.abort();
    if (!this.#stopping.signal.aborted) this.#log.warn({}, 'the connection to NATS is lost');
    this.#options.disconnected();
  }
}

/**
 * One connection, which is not made again when it is lost.
 * @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED; NATS_UNAVAILABLE where no server can be reached or it refuses this user
 */
export async function connectOnce(servers: NatsServers, name: string): Promise<NatsConnection> {
  const options = natsOptions({ name, servers });
  try {
    return await connect({ ...options, reconnect: false });
  } catch (error) {
    throw new MakaiError('NATS_UNAVAILABLE', `${servers.servers.join(', ')}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED */
function natsOptions({ name, servers }: Pick<LinkOptions, 'name' | 'servers'>): NodeConnectionOptions {
  const auth = authenticator(servers);
  const tls = tlsOptions(servers);
  return {
    servers: [...servers.servers],
    name,
    timeout: CONNECT_MS,
    pingInterval: PING_MS,
    maxPingOut: PINGS_OUT,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    // A password that was changed at the server first is right again when the file here has it too.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(auth === undefined ? {} : { authenticator: auth }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** Files are read at each connection, those of TLS too, so that another password, other credentials or a new certificate need no restart. */
function authenticator({ credentials, passwordFile, user }: NatsServers): Authenticator | undefined {
  if (credentials !== undefined) {
    readSecretOf('nats.credentials', credentials);
    return credsAuthenticator(() => Buffer.from(readSecretOf('nats.credentials', credentials)));
  }
  if (user === undefined) return undefined;
  const password = (): string =>
    passwordFile === undefined ? '' : readPasswordOf('nats.password_file', passwordFile);
  password();
  return usernamePasswordAuthenticator(user, password);
}

function tlsOptions({ servers, tls }: NatsServers): ConnectionOptions['tls'] | undefined {
  if (tls === undefined) return servers.some((url) => url.startsWith('tls:')) ? {} : undefined;
  const { ca, cert, key } = tls;
  if (ca !== undefined) readFileOf('nats.tls.ca', ca);
  if (cert !== undefined) readFileOf('nats.tls.cert', cert);
  if (key !== undefined) readSecretOf('nats.tls.key', key);
  return {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  };
}
