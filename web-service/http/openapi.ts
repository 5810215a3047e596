/** The OpenAPI 3.1 document and a page to read it, made from the list of operations. */
import { z } from 'zod';
import { ERROR_CODES } from '../../common/error-codes.js';
import { VERSION } from '../../common/version.js';
import { problem } from '../api/common.js';
import { liveEvents } from '../api/live.js';
import type { Operation, ReplyBody } from '../api/operation.js';
import { OPERATIONS } from '../api/operations.js';
import { PROBLEM_TYPE } from './problems.js';
import { API_PREFIX } from './routes.js';

type Json = Record<string, unknown>;

/** OpenAPI 3.1 has JSON Schema 2020-12; the `$schema` of each part would say so again. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: withLength,
  });
  return rest;
}

/** A tuple says how long it is by numbers: many generators of clients do not know `items: false`. */
function withLength({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const { items, prefixItems } = jsonSchema;
  if (prefixItems === undefined || items !== false) return;
  delete jsonSchema.items;
  Object.assign(jsonSchema, { minItems: prefixItems.length, maxItems: prefixItems.length });
}

export function openApi(): Json {
  const paths: Record<string, Json> = {};
  for (const [name, operation] of Object.entries<Operation>(OPERATIONS)) {
    const path = `${API_PREFIX}${operation.path}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationOf(name, operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Makai',
      version: VERSION,
      description:
        'Power-quality measurements, events and incidents of OPQ Boxes. Times are Unix ms UTC; field names are those of docs/data-model.md; docs/api.md has examples.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(Object.values<Operation>(OPERATIONS).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: '`makai tokens add`, or POST /tokens' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'makai_session',
          description: 'Set by POST /session. Requests that are not GET need the header x-csrf-token as well',
        },
      },
      schemas: {
        Problem: schemaOf(problem, 'output'),
        // What they are comes last: a client's class for `group` in `Live-incident` would be called like one for `Live-incident-group`.
        ...Object.fromEntries(
          Object.entries(liveEvents).map(([name, schema]) => [`${name}-live`, schemaOf(schema, 'output')]),
        ),
      },
      responses: {
        Problem: {
          description: 'What was wrong (RFC 9457). `code`: docs/errors.md',
          content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

function operationOf(
  name: string,
  { body, params, query, reply, role, status, summary, tag }: Operation,
): Json {
  return {
    operationId: name,
    tags: [tag],
    summary,
    ...(role === undefined ? { security: [] } : { description: `Role: ${role}.` }),
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query')],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      [status]: { description: 'Done', ...contentOf(reply) },
      ...(status === 200 && role !== undefined ? { 304: { description: 'As in If-None-Match' } } : {}),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function parametersOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...inner }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: inner,
  }));
}

function contentOf(reply: ReplyBody): Json {
  if (reply === 'none') return {};
  if (reply === 'events')
    return {
      content: {
        'text/event-stream': {
          schema: { type: 'string', description: 'Data of each event: the schemas named *-live' },
        },
      },
    };
  const types = 'types' in reply ? reply.types : [];
  const json = reply.json && { 'application/json': { schema: schemaOf(reply.json, 'output') } };
  return { content: { ...json, ...Object.fromEntries(types.map((type) => [type, {}])) } };
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A page that needs nothing else: the operations with their parameters, and the codes. */
export function docsPage(): string {
  const rows = Object.entries<Operation>(OPERATIONS).map(([name, operation]) => {
    const { body, method, params, path, query, role, summary } = operation;
    const fields = [...parametersOf(params, 'path'), ...parametersOf(query, 'query')].map(
      ({ description, name: field, required, schema }) =>
        `<li><code>${escaped(String(field))}</code>${required ? '' : ' (optional)'} ${escaped(String(description ?? ''))} <small>${escaped(JSON.stringify(schema))}</small></li>`,
    );
    const bodyText =
      body === undefined
        ? ''
        : `<p>Body:</p><pre>${escaped(JSON.stringify(schemaOf(body, 'input'), null, 2))}</pre>`;
    return `<details id="${name}"><summary><code>${method} ${API_PREFIX}${escaped(path)}</code> ${escaped(summary)}${role === undefined ? '' : ` <small>${role}</small>`}</summary><ul>${fields.join('')}</ul>${bodyText}</details>`;
  });
  const codes = Object.entries(ERROR_CODES).map(
    ([code, { action, meaning }]) =>
      `<dt id="${code}"><code>${code}</code></dt><dd>${escaped(meaning)} ${escaped(action)}</dd>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Makai HTTP API</title><meta name="viewport" content="width=device-width"><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}summary{cursor:pointer;padding:.3rem 0}pre{overflow:auto}small{opacity:.8}
</style></head><body><h1>Makai HTTP API</h1><p>Version ${escaped(VERSION)}. The document for programs: <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI 3.1).</p>${rows.join('\n')}<h2>Codes of errors</h2><dl>${codes.join('\n')}</dl></body></html>`;
}
