/** GET /status, /metrics and /box-health of a daemon. It is bounded, and nothing that happens to it stops the daemon. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createConnection } from 'node:net';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { Metrics } from '../../common/metrics/metrics.js';

/** Where the server listens: a port (0: any free one), with the host `*` on every address of IPv4 and IPv6; or a Unix socket. */
export type ListenAddress = { host: string; port: number } | { path: string };

export interface StatusServerOptions {
  daemon: string;
  version: string;
  /** undefined: no server */
  address: ListenAddress | undefined;
  /** the configuration names the address, so a port in use is an error; otherwise it is a warning */
  isNamed: boolean;
  /** the daemon's own state; called at each request */
  details(): Readonly<Record<string, unknown>>;
  /** records of the health of boxes, worst first; called at each request. @param boxId only this one */
  boxHealth?: (boxId?: number) => Promise<readonly unknown[]>;
  metrics: Metrics;
  log: Logger;
}

export interface StatusServer extends Running {
  /** where it listens, as a client writes it: `host:port` or `unix:<path>`; undefined without a server */
  readonly address: string | undefined;
}

/** Connections open at the same time; further ones are closed immediately and counted. */
export const MAX_CONNECTIONS = 64;
const TIMEOUT_MS = 5000;

/**
 * Starts the server.
 * @throws MakaiError ENDPOINT_IN_USE, ENDPOINT_UNAVAILABLE when a named address cannot be opened
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { address, metrics, log } = options;
  const none: StatusServer = { address: undefined, stop: () => Promise.resolve(metrics.stop()) };
  if (!address) return none;
  const server = createServer({ maxHeaderSize: 8192, keepAliveTimeout: TIMEOUT_MS }, (request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      log.warn({ err: error }, 'status request failed');
      response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  let refused = 0;
  server.on('drop', () => {
    refused += 1;
  });
  metrics.counter('makai_status_connections_refused_total', () => refused);
  server.headersTimeout = TIMEOUT_MS;
  server.requestTimeout = TIMEOUT_MS;
  server.setTimeout(TIMEOUT_MS);
  try {
    await listen(server, address);
  } catch (error) {
    const where = 'path' in address ? address.path : `${address.host}:${address.port}`;
    if (options.isNamed) {
      throw new MakaiError(
        codeOf(error) === 'EADDRINUSE' ? 'ENDPOINT_IN_USE' : 'ENDPOINT_UNAVAILABLE',
        `the status server cannot listen on ${where}: ${messageOf(error)}`,
        {
          hint: 'write another address as "status", or "off"',
          cause: error,
        },
      );
    }
    log.warn(
      { address: where, err: error },
      'no status server; "status" in the configuration names another address',
    );
    return none;
  }
  server.on('error', (error) => log.warn({ err: error }, 'status server'));
  return {
    address: addressText(server),
    stop: async () => {
      metrics.stop();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, address: ListenAddress): Promise<void> {
  if ('path' in address) await removeStaleSocket(address.path);
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    // Without a host Node listens on both, and on IPv4 alone where there is no IPv6.
    server.listen(isEveryAddress(address) ? { port: address.port } : address, () => {
      server.off('error', fail);
      done();
    });
  });
  if ('path' in address) await chmod(address.path, 0o660);
}

function isEveryAddress(address: ListenAddress): address is { host: string; port: number } {
  return 'port' in address && ['*', '::'].includes(address.host);
}

/** A daemon that was killed leaves its socket file behind: it is removed when nobody listens on it. */
async function removeStaleSocket(path: string): Promise<void> {
  const isSocket = await lstat(path).then(
    (stats) => stats.isSocket(),
    () => false,
  );
  if (!isSocket) return;
  const code = await new Promise<string | undefined>((done) => {
    const probe = createConnection(path, () => {
      probe.destroy();
      done(undefined);
    });
    probe.on('error', (error) => done(codeOf(error)));
  });
  if (code === 'ECONNREFUSED') await unlink(path);
}

function addressText(server: Server): string | undefined {
  const address = server.address();
  if (address === null) return undefined;
  if (typeof address === 'string') return `unix:${address}`;
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}

async function handle(
  options: StatusServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return reply(response, 405, 'text/plain', 'only GET\n');
  }
  const { boxHealth } = options;
  const [path, query] = request.url?.split('?', 2) ?? [];
  if (path === '/status')
    return reply(response, 200, 'application/json', `${JSON.stringify(statusOf(options))}\n`);
  if (path === '/metrics') {
    return reply(response, 200, options.metrics.contentType, await options.metrics.exposition());
  }
  if (path === '/box-health' && boxHealth !== undefined) {
    const box = new URLSearchParams(query).get('box');
    if (box !== null && !/^\d{1,10}$/.test(box))
      return reply(response, 400, 'text/plain', 'box: a decimal id\n');
    const records = await (box === null ? boxHealth() : boxHealth(Number(box)));
    return reply(
      response,
      200,
      'application/x-ndjson',
      records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    );
  }
  return reply(response, 404, 'text/plain', '/status, /metrics or /box-health\n');
}

/** A request's body is not read, so the connection ends with the reply. */
function reply(response: ServerResponse, status: number, type: string, body: string): void {
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    connection: 'close',
  };
  response.writeHead(status, headers);
  response.end(body);
}

/** The body of `/status`. */
export interface DaemonStatus {
  daemon: string;
  version: string;
  pid: number;
  uptime_seconds: number;
  details: Readonly<Record<string, unknown>>;
}

function statusOf({ daemon, version, details }: StatusServerOptions): DaemonStatus {
  return {
    daemon,
    version,
    pid: process.pid,
    uptime_seconds: Math.round(process.uptime()),
    details: details(),
  };
}
