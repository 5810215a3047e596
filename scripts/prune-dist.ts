/** Part of `npm run build`: removes files from dist/ whose source no longer exists, so that no stale test runs and no stale file ships. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';

const DIST = join(PACKAGE_ROOT, 'dist');
/** What vite bundles has no source of the same name; vite removes its own old files. */
const BUNDLED = join(DIST, 'web', 'assets');
const COMPILED = /\.(js|js\.map|d\.ts)$/;

for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !COMPILED.test(entry.name) || entry.parentPath.startsWith(BUNDLED)) continue;
  const path = join(entry.parentPath, entry.name);
  const source = join(PACKAGE_ROOT, relative(DIST, path)).replace(COMPILED, '.ts');
  if (!existsSync(source)) rmSync(path);
}
