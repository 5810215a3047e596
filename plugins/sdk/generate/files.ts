/** Which files are made from the ABI's table, and what is in each. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { generateAssemblyScript } from './assemblyscript.js';
import { generateC } from './c.js';
import { generateRust } from './rust.js';
import { generateTypeScript } from './typescript.js';

/** Path below the package → text. TypeScript is formatted by the linter's own formatter, so that lint never objects. */
export function generatedFiles(): Record<string, string> {
  return {
    'plugins/sdk/abi-records.ts': formatted('plugins/sdk/abi-records.ts', generateTypeScript()),
    'plugins/sdk/assemblyscript/assembly/abi.ts': formatted(
      'plugins/sdk/assemblyscript/assembly/abi.ts',
      generateAssemblyScript(),
    ),
    'plugins/sdk/c/makai_abi.h': generateC(),
    'plugins/sdk/rust/src/abi.rs': generateRust(),
  };
}

function formatted(path: string, text: string): string {
  const biome = join(PACKAGE_ROOT, 'node_modules/.bin/biome');
  return execFileSync(biome, ['format', `--stdin-file-path=${path}`], {
    input: text,
    encoding: 'utf8',
    cwd: PACKAGE_ROOT,
  });
}
