/** Where the files of a deployment are, and where its daemons serve their status. */
import { basename, join } from 'node:path';
import { isThere } from '../common/is-there.js';
import { readJson } from './json.js';
import { KINDS, type Kind } from './kinds.js';
import { readConfigFile } from './load.js';
import { STATUS_DEFAULTS } from './shared-fields.js';

/** Name of a daemon's file inside a working folder (`makai up --dir`). */
export function configFileIn(folder: string, kind: Kind): string {
  return join(folder, basename(KINDS[kind].paths[0]));
}

/**
 * The file a daemon would read: in the folder if one is given, else the first default path that exists.
 * @throws MakaiError CONFIG_UNREADABLE where a folder may not be entered
 */
export function locateConfigFile(kind: Kind, folder?: string): string | undefined {
  const candidates = folder === undefined ? KINDS[kind].paths : [configFileIn(folder, kind)];
  return candidates.find((file) => isThere(file, 'CONFIG_UNREADABLE'));
}

/**
 * Where a daemon serves its status, as its configuration says, or the default. Other mistakes in the file do not matter here.
 * @throws MakaiError CONFIG_UNREADABLE
 */
export function statusEndpointOf(
  kind: Kind,
  folder?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const inline = folder === undefined ? env[KINDS[kind].variable]?.trim() : undefined;
  const file = inline ? undefined : locateConfigFile(kind, folder);
  const value = inline ? inlineValue(inline) : file === undefined ? undefined : readConfigFile(file).value;
  const status: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'status') : undefined;
  return typeof status === 'string' ? status : STATUS_DEFAULTS[kind];
}

function inlineValue(text: string): unknown {
  const result = readJson(text);
  return result.mistake ? undefined : result.value;
}
