/** `npm run abi`: writes the files that are made from the ABI's table. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { generatedFiles } from './files.js';

for (const [path, text] of Object.entries(generatedFiles())) {
  const file = join(PACKAGE_ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`${path}\n`);
}
