/** Compilers that tests of plugins need and a machine may lack. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** clang that can compile and link for wasm32. */
export function hasClang(): boolean {
  return spawnSync('clang', ['--version']).status === 0 && spawnSync('wasm-ld', ['--version']).status === 0;
}

/** A rustc with the target wasm32-unknown-unknown: the one on the PATH, or Debian's. */
export function rustcForWasm(): string | undefined {
  return ['rustc', '/usr/bin/rustc'].find((rustc) => {
    const { status, stdout } = spawnSync(rustc, ['--print', 'sysroot'], { encoding: 'utf8' });
    return status === 0 && existsSync(join(stdout.trim(), 'lib/rustlib/wasm32-unknown-unknown'));
  });
}

/** Skips a test, and says why where it is seen. */
export function skipFor(test: Mocha.Context, missing: string): never {
  process.stderr.write(`skipped: ${missing} is not installed\n`);
  return test.skip();
}
