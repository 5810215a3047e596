/** The HTTP server: bounds of connections, headers and bodies, headers of replies, errors as problem documents. What is served is added by others. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import compress from '@fastify/compress';
import { type FastifyInstance, fastify } from 'fastify';
import type { Logger } from '../../common/log.js';
import type { Rejections } from '../../common/rejections.js';
import { COMMON_HEADERS, HSTS } from './headers.js';
import { PROBLEM_TYPE, problemOf, RequestError } from './problems.js';

/** A body is a form of a few fields, or a list of box ids. */
export const MAX_BODY_BYTES = 256 * 1024;
export const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 2000;
/** From the first byte of a request to its last. */
const REQUEST_MS = 20_000;
const HEADERS_MS = 10_000;
/** A connection that carries nothing: longer than the longest report takes. */
const IDLE_MS = 120_000;
const KEEP_ALIVE_MS = 30_000;
const MAX_PARAM_LENGTH = 200;
/** Below this a reply is not worth compressing. */
const COMPRESS_FROM_BYTES = 1024;

export interface ServerOptions {
  log: Logger;
  rejections: Rejections;
  /** PEM; absent: plain HTTP */
  tls: { key: string; cert: string } | undefined;
  /** a proxy in front says by X-Forwarded-For and -Proto who asks and how */
  behindProxy: boolean;
}

export async function createServer({
  behindProxy,
  log,
  rejections,
  tls,
}: ServerOptions): Promise<FastifyInstance> {
  const http = { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };
  const common = {
    logger: false as const,
    bodyLimit: MAX_BODY_BYTES,
    connectionTimeout: IDLE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // The proxy alone is believed: what it passes on of X-Forwarded-For is the client's own claim.
    trustProxy: behindProxy ? (_address: string, hop: number) => hop === 0 : false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => {
      rejections.count(
        error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_long' : 'malformed_request',
        socket.remoteAddress,
        error.message,
      );
      refuse(socket, error.code);
    },
  };
  const server = (
    tls === undefined
      ? fastify({ ...common, http })
      : fastify({ ...common, https: { ...http, ...tls, minVersion: 'TLSv1.2' } })
  ) as FastifyInstance;
  server.server.maxConnections = MAX_CONNECTIONS;
  // JSON alone: a form of another site can send text, but not JSON, without asking first.
  server.removeContentTypeParser('text/plain');
  await server.register(compress, {
    threshold: COMPRESS_FROM_BYTES,
    encodings: ['br', 'gzip'],
    brotliOptions: { params: { 1: 4 } },
  });
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...COMMON_HEADERS });
    if (request.protocol === 'https') reply.header('strict-transport-security', HSTS);
  });
  server.setErrorHandler((error, request, reply) => {
    const { isOurs, problem } = problemOf(error);
    if (isOurs)
      log.error({ err: error, method: request.method, url: request.url.slice(0, 200) }, 'a request failed');
    else if (problem.status !== 404 && problem.status !== 503)
      rejections.count(`http_${problem.status}`, request.ip, problem.detail);
    if (problem.status === 503) reply.header('retry-after', '5');
    reply.removeHeader('etag');
    return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
  });
  server.setNotFoundHandler((request) => {
    throw new RequestError(
      `there is no ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}`,
      [],
      404,
    );
  });
  return server;
}

/** What is not HTTP, or too long or too slow, gets a short reply; nothing of it is read further. */
function refuse(socket: Socket, code: string | undefined): void {
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const { problem } = problemOf(new RequestError(STATUS_CODES[status] ?? 'Bad Request', [], status));
  const body = JSON.stringify(problem);
  if (socket.writable)
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  socket.destroySoon();
}
