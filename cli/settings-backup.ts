/** Keys and settings in one archive, with owners and modes: `makai store backup --all`. */
import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { MakaiError, messageOf } from '../common/errors.js';
import { isThere } from '../common/is-there.js';
import { STORE_FILE } from './up/workspace.js';

const run = promisify(execFile);
/** What else lies in a working folder of `makai up`. */
const NO_SETTINGS = [`${STORE_FILE}*`, '*.lock*', './log', './spool'];
const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;

export interface SettingsPaths {
  /** absolute; folders with all that is in them */
  paths: string[];
}

/** The folder, and the files and folders of keys outside it that its settings name. */
export function pathsOfSettings(folder: string): SettingsPaths {
  const named = new Set<string>();
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (/\.(json|conf)$/.test(name) && statSync(file).isFile())
      for (const path of keyPathsIn(file)) named.add(path);
  }
  const outside = [...named].filter((path) => isOutside(folder, path) && isThere(path, 'BACKUP_FAILED'));
  return { paths: [folder, ...outside.sort()] };
}

function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '..' || way.startsWith(`..${sep}`);
}

/** Absolute paths under fields such as `client_certs`, `server_cert` or `backend_curve.cert`. */
function keyPathsIn(file: string): string[] {
  if (statSync(file).size > MAX_SETTINGS_BYTES) return [];
  const found: string[] = [];
  const collect = (value: unknown, field: string): void => {
    if (typeof value === 'string' && /cert|key/i.test(field) && isAbsolute(value)) found.push(value);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) collect(inner, Array.isArray(value) ? field : name);
  };
  try {
    collect(JSON.parse(readFileSync(file, 'utf8')), '');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Settings with a mistake are saved as they are; `makai config check` names it.
  }
  return found;
}

/**
 * @param archive a new tar file; only its owner may read it, since it holds private keys
 * @throws MakaiError BACKUP_FAILED
 */
export async function backupSettings(
  archive: string,
  { paths }: SettingsPaths,
): Promise<{ file: string; text: string; paths: string[] }> {
  const part = `${archive}.part`;
  rmSync(part, { force: true });
  closeSync(openSync(part, 'wx', 0o600));
  const names = paths.map((path) => `./${relative('/', path)}`);
  const excluded = NO_SETTINGS.map((pattern) => `--exclude=${pattern.replace('./', `${names[0]}/`)}`);
  try {
    await run('tar', ['--create', `--file=${part}`, '--directory=/', ...excluded, ...names]);
  } catch (error) {
    rmSync(part, { force: true });
    throw new MakaiError('BACKUP_FAILED', `keys and settings were not copied: ${messageOf(error)}`, {
      hint: 'Run this as root, who may read the private keys. `tar` must be installed.',
    });
  }
  renameSync(part, archive);
  return { file: archive, text: `${archive}: keys and settings of ${paths.join(', ')}`, paths };
}
