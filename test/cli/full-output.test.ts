/** Commands whose output cannot be written: one line in words, no stack. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

const MAIN = join(PACKAGE_ROOT, 'dist/cli/main.js');

/** Runs a command with a shell after it. */
async function run(stdout: number | 'pipe', ...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', stdout, 'pipe'] });
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  // A reader that closes the pipe before it has read anything.
  child.stdout?.destroy();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

describe('cli: output that cannot be written', function () {
  this.timeout(60_000);

  it('a full disk is one line with a code, and exit code 1', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const { code, stderr } = await run(openSync('/dev/full', 'w'), 'config', 'example', 'triggering-broker');
    assert.equal(code, 1);
    assert.match(stderr, /^error \[OUTPUT_NOT_WRITTEN\]: .*ENOSPC/);
    assert.ok(!stderr.includes('    at '), stderr);
  });

  it('a reader that is gone ends the command quietly', async () => {
    const { code, stderr } = await run('pipe', 'config', 'example', 'triggering-service');
    assert.deepEqual([code, stderr], [0, '']);
  });
});
