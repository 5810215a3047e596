/** The dependencies at run time, copied as they were installed here; of native modules only what Node loads on this architecture. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { type Loaded, loadedFiles } from './binaries.js';

/**
 * Copies what `npm ci --omit=dev` would install.
 * @param home folder of the package, without links in its path; it gets a folder node_modules
 * @param node runs them
 * @returns what that Node has loaded with all native modules
 * @throws Error where a native module cannot be loaded
 */
export function copyDependencies(home: string, node: string): Loaded {
  for (const path of installed()) {
    const target = join(home, relative(PACKAGE_ROOT, path));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target, { recursive: true, filter: (source) => isNeeded(relative(path, source)) });
  }
  const loaded = loadedFiles(node, home);
  keepOnly(loaded.modules, home);
  return loaded;
}

/** Folders of the packages. */
function installed(): string[] {
  const list = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
  });
  const modules = join(PACKAGE_ROOT, 'node_modules/');
  return list.split('\n').filter((path) => path.startsWith(modules));
}

/** Without the packages inside a package, which are listed themselves, and without links, which point to this machine's commands. */
function isNeeded(path: string): boolean {
  return path !== 'node_modules' && !path.startsWith('node_modules/');
}

/** Native modules for other platforms and releases, what is left of their compilation, and the sources it was done from. */
function keepOnly(modules: readonly string[], home: string): void {
  const folder = join(home, 'node_modules');
  const packages = modules.map((module) => /^(@[^/]+\/)?[^/]+/.exec(relative(folder, module))?.[0]);
  for (const name of packages) {
    if (name === undefined) continue;
    for (const entry of readdirSync(join(folder, name), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const below = relative(join(folder, name), path);
      const isForCompiler = /^(build|deps|src|vendor|script)\//.test(below) && !/\.(js|json)$/.test(below);
      if (entry.isFile() && (isForCompiler || below.endsWith('.node')) && !modules.includes(path))
        rmSync(path);
    }
  }
  execFileSync('find', [folder, '-depth', '-type', 'd', '-empty', '-delete']);
}
