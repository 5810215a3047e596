/** Where a mongod is: on the PATH, or downloaded once where the internet is there. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const REACH_MS = 4_000;
const DOWNLOAD_MS = 240_000;

/** A program of this name in the folders of PATH. */
export function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** The program, in the order of CONTRIBUTING.md; undefined when there is none to be had. */
export async function mongodBinary(): Promise<string | undefined> {
  return process.env.MONGOMS_SYSTEM_BINARY ?? onPath('mongod') ?? (await downloadMongod());
}

/**
 * The path of a mongod that mongodb-memory-server downloads (once; it keeps it in its cache), or undefined. In a process of its own, since
 * a download cannot be called off.
 */
async function downloadMongod(): Promise<string | undefined> {
  try {
    await fetch('https://fastdl.mongodb.org/', { method: 'HEAD', signal: AbortSignal.timeout(REACH_MS) });
    const script =
      "import { MongoBinary } from 'mongodb-memory-server-core'; process.stdout.write(await MongoBinary.getPath());";
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { timeout: DOWNLOAD_MS },
    );
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}
