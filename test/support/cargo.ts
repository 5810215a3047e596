/** A Rust program of the tests, built once and kept in the cache folder of this user. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BUILD_MS = 600_000;

/**
 * The built program, or undefined (with a loud line) where there is no cargo or no way to the crates.
 * @param folder of its Cargo.toml and Cargo.lock
 */
export async function cargoProgram(folder: string): Promise<string | undefined> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const target = join(cache, 'makai-tests', `cargo-${basename(folder)}`);
  try {
    await mkdir(target, { recursive: true });
    const build = [
      'build',
      '--quiet',
      '--locked',
      '--manifest-path',
      join(folder, 'Cargo.toml'),
      '--target-dir',
      target,
    ];
    await run('cargo', build, { timeout: BUILD_MS });
    return join(target, 'debug', `${basename(folder)}-check`);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error);
    process.stderr.write(
      `\n*** TESTS WITH RUST ARE SKIPPED: ${basename(folder)} could not be built (${reason}). ***\n\n`,
    );
    return undefined;
  }
}
