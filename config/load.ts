/** Finds and reads the configuration of a daemon: path argument, else environment variable, else default path. */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import { isThere } from '../common/is-there.js';
import { refuseOpenToOthers } from '../common/secret-file.js';
import { holdsPassword } from '../common/store-url.js';
import { type WithEventEndpoints, withEventEndpoints } from './event-endpoints.js';
import type { Finding } from './findings.js';
import { readJson } from './json.js';
import { type AnyConfig, detectKind, KINDS, type Kind } from './kinds.js';
import { notes } from './notes.js';
import { parseSettings } from './parse.js';
import type { AnySettings, SettingsOf } from './settings.js';

const MAX_BYTES = 4 * 1024 * 1024;

export interface Loaded<K extends Kind> {
  settings: SettingsOf[K];
  /** the file's path, or the name of the environment variable */
  source: string;
  /** what was probably not intended; to be logged at the start */
  warnings: Finding[];
}

/**
 * Loads a daemon's configuration.
 * @param path file named on the command line; without it `env` and then the default paths are looked at
 * @param root in front of the default paths, for tests
 * @throws MakaiError CONFIG_UNREADABLE, CONFIG_INVALID (all mistakes), SECRET_EXPOSED
 */
export function loadConfig<K extends Kind>(
  kind: K,
  path?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  root = '/',
): Loaded<K> {
  const { variable, paths } = KINDS[kind];
  const inline = path === undefined ? env[variable]?.trim() : undefined;
  if (inline) return checkWhole(kind, readInline(inline, variable), { source: variable, env });
  const file =
    path ??
    paths.map((name) => join(root, name)).find((candidate) => isThere(candidate, 'CONFIG_UNREADABLE'));
  if (file === undefined) {
    throw new MakaiError(
      'CONFIG_UNREADABLE',
      `no configuration: none of ${paths.join(', ')} exists, ${variable} is not set`,
      {
        hint: `name a file, or start with \`makai config example ${kind}\``,
      },
    );
  }
  const { value, stats } = readConfigFile(file);
  const loaded = checkWhole(kind, value, { source: file, env, stats });
  if (path === undefined && file !== join(root, paths[0]))
    loaded.warnings.push({
      severity: 'warning',
      path: '',
      message: `this file of an existing installation is used, since there is no ${paths[0]}`,
    });
  return loaded;
}

function checkWhole<K extends Kind>(
  kind: K,
  input: unknown,
  {
    env,
    source,
    stats,
  }: { source: string; env: Readonly<Record<string, string | undefined>>; stats?: Stats },
): Loaded<K> {
  const { value, warnings } = wholeValue(kind, input, stats === undefined ? undefined : source, env);
  const loaded = check(kind, value, source, stats);
  return { ...loaded, warnings: [...loaded.warnings, ...warnings] };
}

/**
 * A configuration with what the acquisition broker takes from the file of the service beside its own.
 * That file may be unreadable to the broker, or broken: then a warning says so, and the broker starts without it.
 * @param file undefined: it came from the environment
 */
export function wholeValue(
  kind: Kind,
  input: unknown,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): WithEventEndpoints {
  if (kind !== 'acquisition-broker') return { value: input, warnings: [] };
  return withEventEndpoints(input, file, env, (other) =>
    isThere(other, 'CONFIG_UNREADABLE') ? readConfigFile(other).value : undefined,
  );
}

/**
 * Loads the configuration of whichever daemon a file is for.
 * @throws MakaiError as `loadConfig`; CONFIG_INVALID when its fields do not say which daemon it is for
 */
export function loadAnyConfig(file: string): AnySettings {
  const { value, stats } = readConfigFile(file);
  const hint = 'name the configuration file of a daemon';
  return check(kindOfFile(file, value, hint), value, file, stats).settings;
}

/** @throws MakaiError CONFIG_INVALID with this hint when the fields do not say which daemon it is for */
export function kindOfFile(file: string, value: unknown, hint: string): Kind {
  const kind = detectKind(value);
  if (kind !== undefined) return kind;
  throw new MakaiError('CONFIG_INVALID', `${file}: its settings do not say which daemon it is for`, {
    hint,
  });
}

/**
 * Reads a JSON file of any kind.
 * @throws MakaiError CONFIG_UNREADABLE with line and column, never with the text
 */
export function readConfigFile(file: string): { value: unknown; stats: Stats } {
  try {
    const stats = statSync(file);
    if (stats.size > MAX_BYTES) throw new Error(`it has ${stats.size} bytes, more than ${MAX_BYTES}`);
    return { value: readInline(readFileSync(file, 'utf8'), file), stats };
  } catch (error) {
    if (error instanceof MakaiError) throw error;
    throw new MakaiError('CONFIG_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, {
      hint:
        codeOf(error) === 'EACCES'
          ? 'check the permissions of the file and of its folders'
          : 'check the path',
      cause: error,
    });
  }
}

/**
 * Reads JSON text.
 * @param source what the error names as its place
 * @throws MakaiError CONFIG_UNREADABLE with line and column, never with the text
 */
export function readInline(text: string, source: string): unknown {
  const result = readJson(text);
  if (!result.mistake) return result.value;
  const { message, line, column } = result.mistake;
  throw new MakaiError(
    'CONFIG_UNREADABLE',
    `${source} is not valid JSON: line ${line}, column ${column}: ${message}`,
  );
}

function check<K extends Kind>(kind: K, input: unknown, source: string, stats: Stats | undefined): Loaded<K> {
  const settings = parseSettings(kind, input, source);
  if (stats && holdsSecret(settings.file.fields)) refuseOpenToOthers(source, stats);
  return { settings, source, warnings: notes(kind, settings) };
}

/** Whether the configuration itself holds a secret: a secret key, or a password in a URL, also in one that another setting overrides. */
export function holdsSecret(fields: AnyConfig): boolean {
  if ('sec_key' in fields && fields.sec_key !== undefined) return true;
  return [fields.store, fields.mongo_uri].some((url) => url !== undefined && holdsPassword(url));
}
