/** Reads the file of recipients: YAML, `${ENV}`, the shape, and what belongs together. Every mistake is named with its path; values, which may be secrets, are not shown. */
import { readFileSync, statSync } from 'node:fs';
import { Cron } from 'croner';
import { parseDocument } from 'yaml';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import { refuseOpenToOthers } from '../../common/secret-file.js';
import { mistakeLine, pathText, type RuleMistake } from '../../rules/index.js';
import { type NotifyFile, notifyFile } from './file.js';

const MAX_FILE_BYTES = 1024 * 1024;
/** Levels of lists and maps inside each other. */
const MAX_DEPTH = 12;
const NOBODY: NotifyFile = { recipients: [], groups: [], reports: [] };

/**
 * @param path undefined, or a file that is not there: no recipients
 * @throws MakaiError NOTIFY_INVALID with every mistake, CONFIG_UNREADABLE, SECRET_EXPOSED
 */
export function readNotifyFile(
  path: string | undefined,
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): NotifyFile {
  if (path === undefined) return NOBODY;
  let text: string;
  try {
    const stats = statSync(path);
    refuseOpenToOthers(path, stats);
    if (stats.size > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return NOBODY;
    if (error instanceof MakaiError) throw error;
    throw new MakaiError('CONFIG_UNREADABLE', `${path}: ${messageOf(error)}`, { cause: error });
  }
  return parseNotifyFile(text, path, env);
}

/** @param path for messages */
export function parseNotifyFile(text: string, path: string, env: Readonly<NodeJS.ProcessEnv>): NotifyFile {
  const document = parseDocument(text);
  const wrong = document.errors.map(({ message }) => ({ path: '', message: message.split('\n')[0] ?? '' }));
  if (wrong.length > 0) throw invalid(path, wrong);
  const mistakes: RuleMistake[] = [];
  let value: unknown;
  try {
    // A few aliases are fine; thousands inside each other are an attack.
    value = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw invalid(path, [{ path: '', message: messageOf(error) }]);
  }
  const filled = withEnvironment(value, [], env, mistakes);
  const parsed = notifyFile.safeParse(filled);
  if (!parsed.success) {
    for (const { message, path: place } of parsed.error.issues) {
      // What was found may be a secret.
      mistakes.push({ path: pathText(place), message: message.replace(/^Invalid input: /, '') });
    }
    throw invalid(path, mistakes);
  }
  mistakes.push(...crossMistakes(parsed.data));
  if (mistakes.length > 0) throw invalid(path, mistakes);
  return parsed.data;
}

function crossMistakes({ groups, recipients, reports }: NotifyFile): RuleMistake[] {
  const mistakes: RuleMistake[] = [];
  const names = new Set<string>();
  for (const [index, { name }] of recipients.entries()) {
    if (names.has(name))
      mistakes.push({ path: `recipients[${index}].name`, message: `${name} is there twice` });
    names.add(name);
  }
  for (const [index, { members }] of groups.entries()) {
    for (const [position, member] of members.entries())
      if (!names.has(member))
        mistakes.push({
          path: `groups[${index}].members[${position}]`,
          message: `expected a recipient, found ${member}`,
        });
  }
  for (const [index, { box, cron, location, zone }] of reports.entries()) {
    const path = `reports[${index}]`;
    if (box !== undefined && location !== undefined)
      mistakes.push({ path, message: 'expected box or location, not both' });
    try {
      new Cron(cron, { timezone: zone, paused: true, mode: '5-part' }).stop();
    } catch (error) {
      mistakes.push({ path: `${path}.cron`, message: messageOf(error) });
    }
  }
  return mistakes;
}

/** `${NAME}` in every text. */
function withEnvironment(
  value: unknown,
  path: readonly PropertyKey[],
  env: Readonly<NodeJS.ProcessEnv>,
  mistakes: RuleMistake[],
): unknown {
  if (path.length > MAX_DEPTH) {
    mistakes.push({
      path: pathText(path),
      message: `expected at most ${MAX_DEPTH} levels; an alias may not hold itself`,
    });
    return undefined;
  }
  if (typeof value === 'string') {
    return value.replace(/\$\{(\w+)\}/g, (_, name: string) => {
      const found = env[name];
      if (found === undefined)
        mistakes.push({ path: pathText(path), message: `the environment variable ${name} is not set` });
      return found ?? name;
    });
  }
  if (Array.isArray(value))
    return value.map((one, index) => withEnvironment(one, [...path, index], env, mistakes));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, withEnvironment(one, [...path, key], env, mistakes)]),
  );
}

function invalid(path: string, mistakes: readonly RuleMistake[]): MakaiError {
  return new MakaiError('NOTIFY_INVALID', `${path}:\n${mistakes.map(mistakeLine).join('\n')}`, {
    hint: 'docs/alerts.md describes the file; `makai notify test NAME` tries a recipient.',
  });
}
