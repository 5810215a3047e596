/** Mistakes in the settings of a plugin, reported like those of the file itself. */
import type { z } from 'zod';
import { shapeOf } from './field.js';
import { type Finding, foundText, looksSecret, pathText } from './findings.js';
import { nearest } from './suggest.js';

/** @param at path of the plugin's entry in the file */
export function settingsFindings(
  schema: z.ZodType,
  settings: Readonly<Record<string, unknown>>,
  at: readonly PropertyKey[],
): Finding[] {
  const known = Object.keys(shapeOf(schema) ?? {});
  return (schema.safeParse(settings).error?.issues ?? []).flatMap((issue): Finding[] => {
    const { path } = issue;
    if (issue.code === 'unrecognized_keys') {
      const names = path.length === 0 ? known : [];
      return issue.keys.map((key) => unknown([...at, ...path, key], key, names));
    }
    const isSecret = path.some((name) => looksSecret(String(name)));
    const found = isSecret ? 'another value' : foundText(valueAt(settings, path));
    const expected = issue.message
      .replace(/^(Invalid \w+|Too small|Too big): /, '')
      .replace(/, received .*$/, '');
    return [{ severity: 'plugin', path: pathText([...at, ...path]), message: `${expected}, found ${found}` }];
  });
}

function unknown(path: readonly PropertyKey[], key: string, known: readonly string[]): Finding {
  const near = nearest(key, known);
  const others = known.length === 0 ? '' : `; there are ${known.join(', ')}`;
  const rest = near ? `; did you mean ${near}?` : others;
  return { severity: 'plugin', path: pathText(path), message: `unknown setting${rest}` };
}

function valueAt(settings: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    settings,
  );
}
