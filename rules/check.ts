/** Checks a file of filters and rules as a whole, and compiles it. */
import { MakaiError } from '../common/errors.js';
import { compileFile } from './compile.js';
import type { CompiledRules } from './compiled.js';
import { type RulesFile, rulesFile } from './file.js';
import { loopMistakes } from './loops.js';
import type { RuleMistake } from './mistakes.js';

/** How many mistakes are shown; a file of another kind has one in every line. */
const MAX_MISTAKES = 50;

export interface CheckedRules {
  file: RulesFile;
  rules: CompiledRules;
}

/** @returns the file ready for use, or every mistake in it */
export function checkRules(input: unknown): CheckedRules | { mistakes: RuleMistake[] } {
  const parsed = rulesFile.safeParse(input);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ message, path }) => ({
      path: pathText(path),
      message: message.replace(/^Invalid input: /, '').replace(', received ', ', found '),
    }));
    return { mistakes: mistakes.slice(0, MAX_MISTAKES) };
  }
  const { mistakes, rules } = compileFile(parsed.data);
  if (mistakes.length === 0) mistakes.push(...loopMistakes(rules));
  return mistakes.length > 0 ? { mistakes: mistakes.slice(0, MAX_MISTAKES) } : { file: parsed.data, rules };
}

/** As `checkRules`. @throws MakaiError RULES_INVALID with every mistake */
export function readRules(input: unknown): CheckedRules {
  const checked = checkRules(input);
  if (!('mistakes' in checked)) return checked;
  const lines = checked.mistakes.map(mistakeLine);
  throw new MakaiError('RULES_INVALID', lines.join('\n'), {
    hint: 'The language is described in docs/alerts.md.',
  });
}

export function mistakeLine({ message, path }: RuleMistake): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** `['rules', 0, 'logic']` to `rules[0].logic`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}
