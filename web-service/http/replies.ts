/** What a handler gives back where it is more than JSON: files, pages, and replies that a client may keep. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Bytes with a type: sent whole. */
export class Content {
  constructor(
    readonly type: string,
    readonly body: Uint8Array | string,
    readonly options: { csp?: string } = {},
  ) {}
}

/** A file in pieces: sent as they come, so that it is never held whole. */
export class Download {
  constructor(
    readonly file: string,
    readonly type: string,
    readonly pieces: AsyncIterable<Uint8Array>,
    /** called when it is sent, or given up */
    readonly done: () => void,
  ) {}
}

/** The reply that the client has still holds. */
export class NotModified {}

/** A handler has sent the reply itself. */
export class AlreadySent {}

/** What is the same as long as its parts are: without reading it again. */
export function tagOf(...parts: readonly unknown[]): string {
  return `"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)}"`;
}

/** Sets the tag. @returns true where the client has this one already */
export function hasCurrent(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  reply.header('etag', tag);
  const known = request.headers['if-none-match'];
  return known?.split(',').some((one) => one.trim().replace(/^W\//, '') === tag) === true;
}

/** Letters that are safe in a file's name on every system and in the header. */
const plainName = (name: string): string => name.replace(/[^\w.-]+/g, '_').slice(0, 100);

export function send(request: FastifyRequest, reply: FastifyReply, status: number, result: unknown): unknown {
  if (result instanceof AlreadySent) return reply;
  if (result instanceof NotModified) return reply.code(304).send();
  if (result instanceof Content) {
    if (result.options.csp !== undefined)
      reply.headers({ 'content-security-policy': result.options.csp, 'x-frame-options': 'SAMEORIGIN' });
    return reply.code(status).type(result.type).send(result.body);
  }
  if (result instanceof Download) {
    reply.header('content-disposition', `attachment; filename="${plainName(result.file)}"`);
    const stream = Readable.from(result.pieces, { objectMode: false });
    stream.once('close', result.done);
    return reply.code(status).type(result.type).send(stream);
  }
  if (status === 204) return reply.code(204).send();
  const text = JSON.stringify(result);
  if (request.method === 'GET' && !reply.hasHeader('etag') && hasCurrent(request, reply, tagOf(text)))
    return reply.code(304).send();
  return reply.code(status).type('application/json; charset=utf-8').send(text);
}
