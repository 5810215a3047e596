/** Everything `makai config check` says about a file. */

import { isOpenToOthers } from '../common/secret-file.js';
import type { Finding } from './findings.js';
import { KIND_NAMES, type Kind } from './kinds.js';
import { holdsSecret, kindOfFile, readConfigFile, wholeValue } from './load.js';
import { BOUND } from './mistakes.js';
import { notes } from './notes.js';
import { tryConfig } from './parse.js';
import { type PluginEntry, pluginFindings, type SettingsSchemas } from './plugins.js';
import { resolveSettings } from './resolve.js';

export interface CheckResult {
  kind: Kind;
  findings: Finding[];
  /** what the daemon would open, by setting; empty where the file has mistakes */
  opens: { path: string; endpoint: string }[];
  /** the list `plugins` as it stands in the file, for whoever can look into plugins */
  plugins: unknown;
}

/**
 * Checks a file without starting anything.
 * @param kind the daemon it is for; found by its fields when not given
 * @param schemas of the shipped plugins' settings
 * @throws MakaiError CONFIG_UNREADABLE; CONFIG_INVALID when the fields do not say which daemon it is for
 */
export function checkFile(file: string, kind?: Kind, schemas: SettingsSchemas = {}): CheckResult {
  const { value, stats } = readConfigFile(file);
  const found = kind ?? kindOfFile(file, value, `add --kind ${KIND_NAMES.join(' | ')}`);
  const whole = wholeValue(found, value, file);
  const result = checkValue(whole.value, found, schemas);
  result.findings.push(...whole.warnings);
  const fields = tryConfig(found, whole.value).file?.fields;
  if (fields && holdsSecret(fields) && isOpenToOthers(stats)) {
    const message =
      'expected a file that other users can neither read nor change, since it holds a secret (chmod o-rw)';
    result.findings.unshift({ severity: 'error', path: '', message });
  }
  return result;
}

/** Checks a value that was read already; what `checkFile` does less the rights on the file. */
export function checkValue(value: unknown, kind: Kind, schemas: SettingsSchemas = {}): CheckResult {
  const { file, mistakes } = tryConfig(kind, value);
  const plugins = pluginList(value);
  if (!file) return { kind, findings: [...mistakes, ...pluginsOf(plugins, schemas)], opens: [], plugins };
  const found = [...pluginsOf(plugins, schemas), ...notes(kind, resolveSettings(file))];
  const opens = [...BOUND[kind], 'status'].flatMap((path) => {
    const endpoint: unknown = Reflect.get(file.fields, path);
    return typeof endpoint === 'string' ? [{ path, endpoint }] : [];
  });
  return { kind, findings: found, opens, plugins };
}

/** Entries that are no plugin are mistakes of the schema; the others are checked all the same. */
function pluginsOf(plugins: unknown, schemas: SettingsSchemas): Finding[] {
  if (!Array.isArray(plugins)) return [];
  return plugins.flatMap((entry: unknown, index) =>
    isEntry(entry) ? pluginFindings([entry], schemas, index) : [],
  );
}

function pluginList(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, 'plugins') : undefined;
}

function isEntry(value: unknown): value is PluginEntry {
  return typeof value === 'object' && value !== null && 'path' in value && typeof value.path === 'string';
}
