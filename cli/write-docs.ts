/** `npm run docs`: writes the generated pages of docs/. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { generatedDocs } from './generated-docs.js';

mkdirSync(join(PACKAGE_ROOT, 'docs'), { recursive: true });
for (const [name, text] of Object.entries(generatedDocs()))
  writeFileSync(join(PACKAGE_ROOT, 'docs', name), text);
