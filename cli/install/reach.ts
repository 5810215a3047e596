/** Whether the units can start this installation. */
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { foldersAbove } from '../folders-above.js';

/** Folders that ProtectHome=yes and PrivateTmp=yes of the units hide. */
const HIDDEN = ['/home', '/root', '/run/user', '/tmp', '/var/tmp'];

/**
 * What prevents the units from starting this installation.
 * @returns one line per reason, none if they can start it
 */
export function outOfReach(
  node = process.execPath,
  packageRoot = PACKAGE_ROOT,
  folders: readonly string[] = HIDDEN,
): string[] {
  const paths = [node, join(packageRoot, 'dist/cli/main.js')];
  return paths.flatMap((path) => {
    const real = realpathSync(path);
    const hidden = folders.find((folder) => real.startsWith(`${folder}/`));
    if (hidden !== undefined) return [`${real} is in ${hidden}, which the units cannot see`];
    if (/[\s%$"'\\]/.test(path)) return [`${path} contains characters with a special meaning in a unit`];
    const closed = [real, ...foldersAbove(real)].find((one) => !isOpenToAll(one));
    return closed === undefined ? [] : [`the user opq may not read ${closed}, and so cannot read ${path}`];
  });
}

function isOpenToAll(path: string): boolean {
  const stats = statSync(path);
  const bits = stats.isDirectory() ? 0o001 : 0o004;
  return (stats.mode & bits) === bits;
}
