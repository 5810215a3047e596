/** Golden cases of a plugin: a folder each, with a recording, settings, and the results that the plugin should return. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, parse } from 'node:path';
import { MakaiError, messageOf } from '../../../common/errors.js';
import { isThere } from '../../../common/is-there.js';
import type { EventRequest, PluginIncident, PluginValue } from '../../../plugins/sdk/plugin.js';

export type Result = EventRequest | PluginIncident | PluginValue;

export interface GoldenCase {
  name: string;
  /** path of the recording */
  recording: string;
  /** `settings.json`, or none */
  settings: Record<string, unknown>;
  /** `boxes.json`, records of boxes as `--boxes-file` takes them */
  boxesFile: string | undefined;
  /** path of `expected.json` */
  expectedFile: string;
  /** undefined where the file is missing */
  expected: readonly unknown[] | undefined;
}

const HINT =
  'A case is a folder with a recording (`recording.txt`, `recording.json`, `recording.csv`, ...), and, where needed, `settings.json` and `boxes.json`.';

/**
 * @param folder a case, or a folder with cases; in order of name
 * @throws MakaiError PLUGIN_CASE_INVALID
 */
export function readCases(folder: string): GoldenCase[] {
  const names = entriesOf(folder);
  if (names.some(isRecording)) return [readCase(folder, names)];
  const cases = names
    .toSorted()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isDirectory())
    .map((path) => readCase(path, entriesOf(path)));
  if (cases.length === 0) throw invalid(`${folder}: no case in it`);
  return cases;
}

/** One result per line, so that a difference between versions is short. */
export function writeExpected({ expectedFile }: GoldenCase, found: readonly Result[]): void {
  const lines = found.map((result) => `  ${JSON.stringify(result)}`).join(',\n');
  writeFileSync(expectedFile, found.length === 0 ? '[]\n' : `[\n${lines}\n]\n`);
}

function readCase(folder: string, names: readonly string[]): GoldenCase {
  const recordings = names.filter(isRecording);
  // COMTRADE consists of several files, of which the configuration names the others.
  const recording = recordings.find((name) => /\.cfg$/i.test(name)) ?? recordings[0];
  if (recording === undefined) throw invalid(`${folder}: no file recording.*`);
  const isComtrade = /\.cfg$/i.test(recording);
  if (recordings.length > 1 && !isComtrade)
    throw invalid(`${folder}: more than one recording: ${recordings.toSorted().join(', ')}`);
  const expectedFile = join(folder, 'expected.json');
  const settings = readJson(join(folder, 'settings.json')) ?? {};
  if (typeof settings !== 'object' || Array.isArray(settings))
    throw invalid(`${join(folder, 'settings.json')}: expected an object`);
  const expected = readJson(expectedFile);
  if (expected !== undefined && !Array.isArray(expected))
    throw invalid(`${expectedFile}: expected a list of results`);
  const boxesFile = join(folder, 'boxes.json');
  return {
    name: basename(folder),
    recording: join(folder, recording),
    settings: { ...settings },
    boxesFile: isThere(boxesFile, 'PLUGIN_CASE_INVALID') ? boxesFile : undefined,
    expectedFile,
    expected,
  };
}

const isRecording = (name: string): boolean => parse(name.replace(/\.gz$/i, '')).name === 'recording';

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw invalid(`${folder} cannot be read: ${messageOf(error)}`, error);
  }
}

/** What a file says; undefined where it is missing. */
function readJson(file: string): unknown {
  if (!isThere(file, 'PLUGIN_CASE_INVALID')) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (value !== null) return value;
  } catch (error) {
    throw invalid(`${file} cannot be read: ${messageOf(error)}`, error);
  }
  throw invalid(`${file}: expected more than null`);
}

function invalid(message: string, cause?: unknown): MakaiError {
  return new MakaiError('PLUGIN_CASE_INVALID', message, { hint: HINT, cause });
}
