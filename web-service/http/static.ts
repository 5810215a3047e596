/** The page: the files of dist/web, read once at the start. A path is looked up among them, so none leads out of the folder. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pageCsp } from './headers.js';
import { hasCurrent } from './replies.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.txt']);
/** The page itself and what it loads: beside them lie maps to its sources, and its logic as the unit tests load it. */
const SERVED = /^(assets\/)?[\w.-]+(?<!\.map|\.d\.ts)$/;
/** Where the build names files by their content. */
const HASHED = /-[\w-]{8,}\.\w+$/;
const YEAR_SECONDS = 31_536_000;

interface Asset {
  type: string;
  body: Buffer;
  br: Buffer | undefined;
  gzip: Buffer | undefined;
  tag: string;
  isHashed: boolean;
}

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);

async function assetOf(file: string, name: string): Promise<Asset> {
  const body = readFileSync(file);
  const extension = extname(name);
  const isText = COMPRESSED.has(extension);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  return {
    type: TYPES[extension] ?? 'application/octet-stream',
    body,
    br: isText ? await toBrotli(body, { params }) : undefined,
    gzip: isText ? await toGzip(body) : undefined,
    tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    isHashed: HASHED.test(name),
  };
}

export interface PageOptions {
  /** folder of the built page */
  folder: string;
  mapTiles: string | undefined;
}

/** @returns how many files there are; 0: the page was not built, and a note takes its place */
export async function addPage(server: FastifyInstance, { folder, mapTiles }: PageOptions): Promise<number> {
  const assets = new Map<string, Asset>();
  for (const file of filesBelow(folder)) {
    const name = relative(folder, file).replaceAll('\\', '/');
    if (!SERVED.test(name)) continue;
    assets.set(`/${name}`, await assetOf(file, name));
  }
  const index = assets.get('/index.html');
  const csp = pageCsp(mapTiles);
  const send = (request: FastifyRequest, reply: FastifyReply, asset: Asset): unknown => {
    reply.header('content-security-policy', csp);
    reply.header('cache-control', asset.isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
    reply.header('vary', 'Accept-Encoding');
    if (hasCurrent(request, reply, asset.tag)) return reply.code(304).send();
    const accepted = String(request.headers['accept-encoding'] ?? '');
    const br = /\bbr\b/.test(accepted) ? asset.br : undefined;
    const zipped = /\bgzip\b/.test(accepted) ? asset.gzip : undefined;
    const body = br ?? zipped ?? asset.body;
    if (body !== asset.body) reply.header('content-encoding', body === br ? 'br' : 'gzip');
    reply.type(asset.type).header('content-length', body.length);
    return reply.send(request.method === 'HEAD' ? undefined : body);
  };
  server.route({
    method: ['GET', 'HEAD'],
    url: '/*',
    handler: async (request, reply) => {
      const path = request.url.split('?')[0] ?? '/';
      const asset = assets.get(path);
      if (asset !== undefined) return send(request, reply, asset);
      // Every view has an address of its own: the page finds its way from there.
      const isView = !path.startsWith('/api/') && !/\.\w+$/.test(path);
      if (isView && index !== undefined) return send(request, reply, index);
      if (isView && assets.size === 0)
        return reply
          .code(503)
          .type('text/plain; charset=utf-8')
          .send('The page is not built: run `npm run build`. The HTTP API is at /api/docs.\n');
      return reply.callNotFound();
    },
  });
  return assets.size;
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
