/** Checks parameters and bodies by the schemas of the operations. Everything in an address is text: what a schema wants as a number or a boolean is read as one first. */
import { z } from 'zod';
import { RequestError, type WrongField } from './problems.js';

type Reader = (text: string) => unknown;

const MAX_ERRORS = 20;

/** How each parameter is read, by what its schema wants. */
function readersOf(schema: z.ZodObject): Map<string, Reader> {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return new Map(Object.entries(properties).map(([name, inner]) => [name, readerOf(inner)]));
}

function readerOf(schema: unknown): Reader {
  const types = typesIn(schema);
  if (types.has('boolean')) return (text) => (text === 'true' ? true : text === 'false' ? false : text);
  if (types.has('number') || types.has('integer'))
    return (text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  return (text) => text;
}

function typesIn(schema: unknown): Set<string> {
  if (typeof schema !== 'object' || schema === null) return new Set();
  const { anyOf, const: value, type } = schema as { anyOf?: unknown; const?: unknown; type?: unknown };
  if (typeof type === 'string') return new Set([type]);
  if (value !== undefined) return new Set([typeof value]);
  return new Set(Array.isArray(anyOf) ? anyOf.flatMap((one) => [...typesIn(one)]) : []);
}

/** A check of the query or of the path's parameters. Names that the operation does not have are refused: a typing mistake would change the meaning in silence. */
export function checkTexts(schema: z.ZodObject): (texts: unknown) => unknown {
  const readers = readersOf(schema);
  return (texts) => {
    const values: Record<string, unknown> = {};
    const errors: WrongField[] = [];
    for (const [name, text] of Object.entries(Object(texts) as Record<string, unknown>)) {
      const reader = readers.get(name);
      if (reader === undefined)
        errors.push({
          path: name.slice(0, 100),
          message: `there is no such parameter; there are ${[...readers.keys()].join(', ') || 'none'}`,
        });
      else if (typeof text !== 'string') errors.push({ path: name, message: 'expected once' });
      else values[name] = reader(text);
    }
    return parsed(schema, values, errors);
  };
}

/** A check of a body. */
export function checkBody(schema: z.ZodType): (body: unknown) => unknown {
  return (body) => parsed(schema, body, []);
}

/** @throws RequestError that lists all mistakes */
function parsed(schema: z.ZodType, value: unknown, errors: readonly WrongField[]): unknown {
  const result = schema.safeParse(value);
  const all = [
    ...errors,
    ...(result.error?.issues ?? []).map(({ message, path }) => ({ path: path.join('.'), message })),
  ];
  if (result.success && all.length === 0) return result.data;
  const [first] = all;
  const detail = first === undefined ? 'wrong' : `${first.path || 'the body'}: ${first.message}`;
  throw new RequestError(
    all.length > 1 ? `${detail}, and ${all.length - 1} more` : detail,
    all.slice(0, MAX_ERRORS),
  );
}
