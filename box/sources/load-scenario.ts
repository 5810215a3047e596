/** Reads and checks a scenario file. All mistakes are reported together. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { MakaiError, messageOf } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { foundText, pathText } from '../../config/findings.js';
import { readJson } from '../../config/json.js';
import { SCENARIO_SCHEMA, type Scenario } from './scenario.js';
import { timingMistakes } from './schedule.js';

const SHIPPED = path.join(PACKAGE_ROOT, 'box', 'scenarios');

/** Names of the scenarios that ship, in box/scenarios. */
export const SHIPPED_SCENARIOS = ['demo', 'quiet'] as const;

/** The scenario of `makai up`: an undisturbed grid with a sag in the first half minute, then an event now and then. */
export const DEFAULT_SCENARIO = path.join(SHIPPED, 'demo.json');

/**
 * Path of a file or of a scenario that ships.
 * @returns the path of the shipped scenario of this name, unless a file of this name exists; otherwise the name itself
 */
export function recordingPath(name: string): string {
  const shipped = path.join(SHIPPED, `${name}.json`);
  return SHIPPED_SCENARIOS.some((one) => one === name) && !isThere(name, 'CONFIG_UNREADABLE')
    ? shipped
    : name;
}

/**
 * @param file path of a JSON file
 * @throws MakaiError SCENARIO_INVALID that lists every mistake, CONFIG_UNREADABLE when the file cannot be read
 */
export function loadScenario(file: string = DEFAULT_SCENARIO): Scenario {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new MakaiError('CONFIG_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, {
      hint: `Check the path; scenarios that ship: ${SHIPPED_SCENARIOS.join(', ')}.`,
      cause: error,
    });
  }
  const result = readJson(text);
  if (result.mistake) {
    const { message, line, column } = result.mistake;
    throw invalid(file, [`line ${line}, column ${column}: not JSON: ${message}`]);
  }
  return parseScenario(result.value, file);
}

/**
 * Checks a value as a scenario and fills in defaults.
 * @param source name of the file in errors
 * @throws MakaiError SCENARIO_INVALID that lists every mistake
 */
export function parseScenario(value: unknown, source = 'scenario'): Scenario {
  const result = SCENARIO_SCHEMA.safeParse(value);
  const mistakes = [
    ...(result.error?.issues ?? []).map((issue) => line(issue, value)),
    ...timingMistakes(value),
  ];
  if (!result.success || mistakes.length > 0) throw invalid(source, mistakes);
  return result.data;
}

function invalid(source: string, mistakes: readonly string[]): MakaiError {
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  const lines = mistakes.map((mistake) => `  ${mistake}`);
  return new MakaiError('SCENARIO_INVALID', [`${source} has ${count}:`, ...lines].join('\n'), {
    hint: 'docs/scenarios.md lists every setting; box/scenarios has examples.',
  });
}

function line(issue: z.core.$ZodIssue, root: unknown): string {
  const place = pathText(issue.path);
  const prefix = place === '' ? '' : `${place}: `;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${prefix}unknown setting ${JSON.stringify(key)}`).join('\n  ');
  }
  const found = issue.path.reduce<unknown>(
    (value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined),
    root,
  );
  return `${prefix}${issue.message.replace(/^Invalid input: /, '').replace(/, received .*/, '')}, found ${foundText(found)}`;
}
