/** Puts the server together: the API, its document, the page, health for load balancers; and opens the address. */
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Rejections } from '../common/rejections.js';
import type { WebServiceSettings } from '../config/index.js';
import { DOCUMENT_CSP } from './http/headers.js';
import { docsPage, openApi } from './http/openapi.js';
import { addRoutes } from './http/routes.js';
import { createServer } from './http/server.js';
import { addPage } from './http/static.js';
import { allHandlers } from './operations/index.js';
import type { Services } from './services.js';

export interface ServeOptions {
  settings: WebServiceSettings;
  services: Services;
  tls: { cert: string; key: string } | undefined;
  pageFolder: string;
  rejections: Rejections;
  log: Logger;
}

export interface Served extends Running {
  /** `http://127.0.0.1:8088` */
  readonly address: string;
  readonly pageFiles: number;
  /** requests since the start */
  requests(): number;
  setTls(tls: { cert: string; key: string }): void;
}

/** `*`: every address of IPv4 and IPv6, or of IPv4 alone where the machine has no other. */
async function listen(server: FastifyInstance, host: string, port: number): Promise<void> {
  if (host !== '*') {
    await server.listen({ host, port });
    return;
  }
  try {
    await server.listen({ host: '::', port });
  } catch (error) {
    if (codeOf(error) !== 'EAFNOSUPPORT' && codeOf(error) !== 'EADDRNOTAVAIL') throw error;
    await server.listen({ host: '0.0.0.0', port });
  }
}

/** @throws MakaiError ENDPOINT_IN_USE */
export async function serve(options: ServeOptions): Promise<Served> {
  const { log, pageFolder, rejections, services, settings, tls } = options;
  const server = await createServer({ log, rejections, tls, behindProxy: settings.behindProxy });
  let requests = 0;
  server.addHook('onResponse', async () => {
    requests += 1;
  });
  addRoutes(server, allHandlers(services), (request) => services.access.identify(request));
  const document = JSON.stringify(openApi());
  const docs = docsPage();
  server.get('/api/openapi.json', async (_, reply) =>
    reply.type('application/json; charset=utf-8').send(document),
  );
  server.get('/api/docs', async (_, reply) =>
    reply.header('content-security-policy', DOCUMENT_CSP).type('text/html; charset=utf-8').send(docs),
  );
  server.route({
    method: ['GET', 'HEAD'],
    url: '/healthz',
    handler: async (_, reply) => {
      const { available } = services.link.status;
      return reply
        .code(available ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ ok: available, store: available ? 'available' : 'unavailable' });
    },
  });
  const pageFiles = await addPage(server, { folder: pageFolder, mapTiles: settings.mapTiles });
  const { host, port } = settings.listen;
  try {
    await listen(server, host, port);
  } catch (error) {
    await server.close();
    const isPort = codeOf(error)?.startsWith('E') === true;
    if (!isPort) throw error;
    throw new MakaiError(
      'ENDPOINT_IN_USE',
      `the web service cannot listen on ${host}:${port}: ${messageOf(error)}`,
      {
        hint: 'Write another address as "listen"; a port below 1024 needs a right of its own (docs/web.md).',
        cause: error,
      },
    );
  }
  const address = server.server.address();
  const open = typeof address === 'object' && address !== null ? address.port : port;
  return {
    address: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${open}`,
    pageFiles,
    requests: () => requests,
    setTls: (next) => {
      if (server.server instanceof TlsServer)
        server.server.setSecureContext({ ...next, minVersion: 'TLSv1.2' });
    },
    stop: () => server.close(),
  };
}
