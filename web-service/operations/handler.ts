/** What a handler gets and gives, by the schemas of its operation. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller } from '../access/caller.js';
import type { OPERATIONS, OperationName } from '../api/operations.js';
import type { AlreadySent, Content, Download, NotModified } from '../http/replies.js';

type Op<N extends OperationName> = (typeof OPERATIONS)[N];
type OutputOf<O, K extends string> = O extends Record<K, infer S extends z.ZodType> ? z.output<S> : undefined;

export interface Input<N extends OperationName> {
  params: OutputOf<Op<N>, 'params'>;
  query: OutputOf<Op<N>, 'query'>;
  body: OutputOf<Op<N>, 'body'>;
  /** undefined where the operation needs no login and nobody is logged in */
  caller: Caller | undefined;
  request: FastifyRequest;
  reply: FastifyReply;
}

type JsonOf<R> = R extends { json: infer S extends z.ZodType } ? z.output<S> : never;
/** JSON of the operation's schema, or what the operation may give besides. */
export type Result<N extends OperationName> =
  | JsonOf<Op<N>['reply']>
  | NotModified
  | (Op<N>['reply'] extends { types: unknown } ? Content | Download : never)
  | (Op<N>['reply'] extends 'none' ? undefined : never)
  | (Op<N>['reply'] extends 'events' ? AlreadySent : never);

export type Handler<N extends OperationName> = (input: Input<N>) => Promise<Result<N>>;
export type Handlers = { readonly [N in OperationName]: Handler<N> };
