/** A package from npm that is too heavy to be a dependency of this one, installed once into the cache folder of this user. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_MS = 300_000;

/**
 * Folder of an installed package, or undefined (with a loud line) where there is no way to it.
 * @param version exact
 */
export async function npmPackage(name: string, version: string): Promise<string | undefined> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'makai-tests', `${name}__${version}`.replace(/[^\w.+-]/g, '_'));
  const installed = join(folder, 'node_modules', name);
  if (existsSync(installed)) return installed;
  const temporary = `${folder}.${process.pid}`;
  try {
    await mkdir(temporary, { recursive: true });
    await writeFile(join(temporary, 'package.json'), '{"private":true}');
    const args = ['install', '--no-audit', '--no-fund', '--silent', `${name}@${version}`];
    await run('npm', args, { cwd: temporary, timeout: INSTALL_MS });
    await mkdir(dirname(folder), { recursive: true });
    await rename(temporary, folder);
    return installed;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process was faster.
    if (existsSync(installed)) return installed;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    process.stderr.write(`\n*** SKIPPED: ${name}@${version} could not be installed (${reason}). ***\n\n`);
    return undefined;
  }
}
