/** A Python with packages from PyPI, for programs that act as existing services. Created once and kept in the cache folder of this user. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './mongod-binary.js';

const run = promisify(execFile);
const MAKE_MS = 120_000;

/**
 * The interpreter of a virtual environment that has these packages, or undefined (with a loud line) where it cannot be had: no Python, or
 * no way to the packages.
 * @param packages as pip takes them, pinned
 */
export async function pythonWith(...packages: string[]): Promise<string | undefined> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'makai-tests', packages.join('+').replace(/[^\w.+-]/g, '_'));
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return python;
  const base = onPath('python3');
  const temporary = `${folder}.${process.pid}`;
  try {
    if (base === undefined) throw new Error('there is no python3');
    await mkdir(dirname(folder), { recursive: true });
    await run(base, ['-m', 'venv', temporary], { timeout: MAKE_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
    await run(join(temporary, 'bin/python'), pip, { timeout: MAKE_MS });
    await rename(temporary, folder);
    return python;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process was faster.
    if (existsSync(python)) return python;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    process.stderr.write(
      `\n*** TESTS WITH PYTHON ARE SKIPPED: ${packages.join(', ')} could not be installed (${reason}). ***\n\n`,
    );
    return undefined;
  }
}
