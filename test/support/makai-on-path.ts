/** A folder with a `makai` that runs this build, to put before the PATH. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** @returns the environment, and the folder to remove at the end */
export function makaiOnPath(): { env: NodeJS.ProcessEnv; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'makai-path-'));
  const script = join(folder, 'makai');
  writeFileSync(
    script,
    `#!/bin/sh\nexec "${process.execPath}" "${join(PACKAGE_ROOT, 'dist/cli/main.js')}" "$@"\n`,
  );
  chmodSync(script, 0o755);
  return { env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH ?? ''}` }, folder };
}
