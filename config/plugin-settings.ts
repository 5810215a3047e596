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
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknown([...at, key], key, known));
    const key = issue.path[0];
    const value = typeof key === 'string' ? settings[key] : settings;
    const found = typeof key === 'string' && looksSecret(key) ? 'another value' : foundText(value);
    const expected = issue.message
      .replace(/^(Invalid \w+|Too small|Too big): /, '')
      .replace(/, received .*$/, '');
    return [
      { severity: 'plugin', path: pathText([...at, ...issue.path]), message: `${expected}, found ${found}` },
    ];
  });
}

function unknown(path: readonly PropertyKey[], key: string, known: readonly string[]): Finding {
  const near = nearest(key, known);
  const rest = near ? `did you mean ${near}?` : `there are ${known.join(', ')}`;
  return { severity: 'plugin', path: pathText(path), message: `unknown setting; ${rest}` };
}
