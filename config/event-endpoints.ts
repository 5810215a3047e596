/**
 * In v3 the two endpoints of events stood in the file of the triggering service and were opened by a program of their own. Here the
 * acquisition broker opens them: where its own file does not name them, it takes them from the file of the service beside it.
 */
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../common/errors.js';
import type { Finding } from './findings.js';
import { readJson } from './json.js';
import { KINDS } from './kinds.js';
import { parseEndpoint } from './types.js';

const NAMES = ['zmq_event_endpoint', 'zmq_event_id_endpoint'] as const;
const SERVICE = KINDS['triggering-service'];

export interface WithEventEndpoints {
  value: unknown;
  warnings: Finding[];
}

/**
 * @param value of the acquisition broker's file
 * @param file undefined: it came from the environment, and the service's is looked for there
 * @param read the value of a file; undefined where there is none
 */
export function withEventEndpoints(
  value: unknown,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  read: (file: string) => unknown,
): WithEventEndpoints {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value, warnings: [] };
  const missing = NAMES.filter((name) => !Object.hasOwn(value, name));
  if (missing.length === 0) return { value, warnings: [] };
  const { found, unreadable } = file === undefined ? fromEnvironment(env) : fromFolder(dirname(file), read);
  const taken: Record<string, unknown> = {};
  const warnings: Finding[] = [];
  if (unreadable !== undefined) {
    const names = missing.join(' and ');
    const message = `${unreadable}: an endpoint that it names is not opened; write ${names} into this file, or make that one readable`;
    warnings.push({ severity: 'warning', path: '', message });
  }
  for (const name of missing) {
    const endpoint: unknown = found && Reflect.get(found.value, name);
    if (found === undefined || typeof endpoint !== 'string' || parseEndpoint(endpoint) === undefined)
      continue;
    taken[name] = endpoint;
    const host = parseEndpoint(endpoint)?.host ?? '';
    const open = /^(127\.|localhost$)/.test(host) ? '' : '; whoever reaches this machine can connect to it';
    const message = `${endpoint} is taken from ${found.source}, since this file does not name it${open}`;
    warnings.push({ severity: 'warning', path: name, message });
  }
  return { value: { ...value, ...taken }, warnings };
}

interface Looked {
  found?: { source: string; value: object };
  /** why the first file that is there could not be read; it is the one that the service reads, so no other takes its place */
  unreadable?: string;
}

function fromFolder(folder: string, read: (file: string) => unknown): Looked {
  for (const path of SERVICE.paths) {
    const source = join(folder, basename(path));
    try {
      const value = read(source);
      if (typeof value === 'object' && value !== null) return { found: { source, value } };
    } catch (error) {
      return { unreadable: messageOf(error) };
    }
  }
  return {};
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Looked {
  const text = env[SERVICE.variable]?.trim() ?? '';
  if (text === '') return {};
  const result = readJson(text);
  if (result.mistake) return { unreadable: `${SERVICE.variable} is not valid JSON` };
  if (typeof result.value !== 'object' || result.value === null) return {};
  return { found: { source: SERVICE.variable, value: result.value } };
}
