/** From a value (parsed JSON) to typed, frozen fields, or to the list of all mistakes. */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { MakaiError } from '../common/errors.js';
import { expectedOf, infoOf, shapeOf, unwrap } from './field.js';
import { type Finding, findingLine, foundKind, foundText, looksSecret, pathText } from './findings.js';
import { deepFreeze } from './freeze.js';
import { type ConfigFile, type ConfigOf, KIND_NAMES, KINDS, type Kind } from './kinds.js';
import { crossMistakes } from './mistakes.js';
import { withoutRemoved } from './removed.js';
import { resolveSettings } from './resolve.js';
import type { SettingsOf } from './settings.js';
import { nearest } from './suggest.js';

export type Parsed<K extends Kind> =
  | { file: ConfigFile<K>; mistakes?: undefined }
  | { file?: undefined; mistakes: Finding[] };

/** Checks a value as the configuration of one daemon, and fills in what it leaves out. */
export function tryConfig<K extends Kind>(kind: K, input: unknown): Parsed<K> {
  const { schema } = KINDS[kind];
  const { rest, mistakes: gone } = withoutRemoved(kind, input);
  const result = schema.safeParse(rest);
  const mistakes = [
    ...(result.error?.issues ?? []).flatMap((issue) => toFindings(issue, schema, rest)),
    ...gone,
    ...crossMistakes(kind, rest),
  ];
  if (!result.success || mistakes.length > 0) return { mistakes };
  const output: Record<string, unknown> = { ...result.data };
  if (Object.hasOwn(schema.shape, 'identity')) output.identity ??= randomUUID();
  // The schema that was just passed is the one the type is made from (kinds.ts).
  const fields = deepFreeze(output) as ConfigOf[K];
  return { file: { kind, fields, named: new Set(Object.keys(input as object)) } };
}

/**
 * The configuration of one daemon as its file has it.
 * @param source what mistakes name as their place: a path, or an environment variable
 * @throws MakaiError CONFIG_INVALID that lists every mistake
 */
export function parseConfig<K extends Kind>(
  kind: K,
  input: unknown,
  source = 'configuration',
): ConfigFile<K> {
  const parsed = tryConfig(kind, input);
  if (parsed.mistakes) throw invalid(source, parsed.mistakes);
  return parsed.file;
}

/** The settings that a daemon runs with. @throws MakaiError as `parseConfig` */
export function parseSettings<K extends Kind>(kind: K, input: unknown, source?: string): SettingsOf[K] {
  return resolveSettings(parseConfig(kind, input, source));
}

/** The error that lists mistakes. */
export function invalid(source: string, mistakes: readonly Finding[]): MakaiError {
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  const lines = mistakes.map((mistake) => `  ${findingLine(mistake)}`);
  return new MakaiError('CONFIG_INVALID', [`${source} has ${count}:`, ...lines].join('\n'), {
    hint: '`makai config check <file>` checks a file without starting anything; docs/configuration.md lists all settings.',
  });
}

function toFindings(issue: z.core.$ZodIssue, root: z.core.$ZodType, input: unknown): Finding[] {
  const { schema, value, secret } = walk(root, input, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(shapeOf(schema) ?? {});
    const isTop = issue.path.length === 0;
    return issue.keys.map((key) => unknownField([...issue.path, key], key, known, isTop));
  }
  const path = pathText(issue.path);
  const expected = expectedOf(schema) ?? issue.message;
  const found = secret ? foundKind(value) : foundText(value);
  return [{ severity: 'error', path, message: `expected ${expected}, found ${found}` }];
}

function unknownField(
  path: readonly PropertyKey[],
  key: string,
  known: readonly string[],
  isTop: boolean,
): Finding {
  const owner = isTop ? KIND_NAMES.find((kind) => Object.hasOwn(KINDS[kind].schema.shape, key)) : undefined;
  const near = nearest(key, known);
  const reason = owner
    ? `it belongs in the file of the ${owner}`
    : near
      ? `did you mean ${near}?`
      : 'no daemon of either generation has it here';
  return { severity: 'error', path: pathText(path), message: `unknown setting; ${reason}` };
}

/** Follows a path down both the schema and the value. */
function walk(root: z.core.$ZodType, input: unknown, path: readonly PropertyKey[]) {
  let schema = root;
  let value = input;
  let secret = false;
  for (const part of path) {
    schema = shapeOf(schema)?.[String(part)] ?? elementOf(schema) ?? schema;
    secret ||= infoOf(schema)?.secret === true || looksSecret(String(part));
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
  }
  return { schema, value, secret };
}

function elementOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const def = unwrap(schema)._zod.def;
  return def.type === 'array' && 'element' in def ? (def.element as z.core.$ZodType) : undefined;
}
