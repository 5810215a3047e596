/** What is said of an operation. */
import type { z } from 'zod';
import type { Role } from './users.js';

/** What a reply holds: JSON of a schema, a file, or a stream of server-sent events. */
export type ReplyBody =
  | { json: z.ZodType }
  | { types: readonly string[]; json?: z.ZodType }
  | 'none'
  | 'events';

export interface Operation {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** with parameters in braces */
  path: string;
  /** group in the document */
  tag: string;
  summary: string;
  /** undefined: without a login */
  role: Role | undefined;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  status: 200 | 201 | 202 | 204;
  reply: ReplyBody;
}

/** A reply in JSON. */
export const json = <T extends z.ZodType>(schema: T): { json: T } => ({ json: schema });

/** A reply as a file. */
export const FILES = {
  types: ['application/octet-stream', 'application/zip', 'text/csv', 'application/x-ndjson'],
} as const;
