/** One route for each operation: who may, checks, the handler, the reply. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.js';
import { requireRole } from '../access/caller.js';
import type { Operation } from '../api/operation.js';
import { OPERATIONS, type OperationName } from '../api/operations.js';
import type { Handlers } from '../operations/handler.js';
import { checkBody, checkTexts } from './checks.js';
import { RequestError } from './problems.js';
import { send } from './replies.js';

export const API_PREFIX = '/api/v1';

/** Finds out who asks. @throws MakaiError LOGIN_REQUIRED for a token or cookie that is not valid, NOT_PERMITTED for a request of another site */
export type Identify = (request: FastifyRequest) => Promise<Caller | undefined>;

export function addRoutes(server: FastifyInstance, handlers: Handlers, identify: Identify): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[])
    addRoute(server, OPERATIONS[name], handlers[name] as (input: unknown) => Promise<unknown>, identify);
}

function addRoute(
  server: FastifyInstance,
  { body, method, params, path, query, role, status }: Operation,
  handle: (input: unknown) => Promise<unknown>,
  identify: Identify,
): void {
  const readParams = params && checkTexts(params);
  const readQuery = query && checkTexts(query);
  const readBody = body && checkBody(body);
  const callers = new WeakMap<object, Caller>();
  server.route({
    method,
    url: `${API_PREFIX}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    // Before a body is read.
    onRequest: async (request) => {
      const caller = await identify(request);
      if (role !== undefined) requireRole(caller, role);
      if (caller !== undefined) callers.set(request, caller);
    },
    handler: async (request, reply) => {
      if (readQuery === undefined && Object.keys(Object(request.query)).length > 0)
        throw new RequestError('this operation has no parameters');
      const input = {
        params: readParams?.(request.params),
        query: readQuery?.(request.query),
        body: readBody?.(request.body),
        caller: callers.get(request),
        request,
        reply,
      };
      return send(request, reply, status, await handle(input));
    },
  });
}
