/** Whether the units could start this installation at all. */
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { foldersAbove } from '../folders-above.js';

/** What ProtectHome=yes and PrivateTmp=yes of the units hide. */
const HIDDEN = ['/home', '/root', '/run/user', '/tmp', '/var/tmp'];

/**
 * What keeps the units from starting this installation.
 * @returns one line a reason, none where they can start it
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
    if (hidden !== undefined) return [`${real} lies in ${hidden}, which the units do not see`];
    if (/[\s%$"'\\]/.test(path)) return [`${path} has characters that mean something else in a unit`];
    const closed = [real, ...foldersAbove(real)].find((one) => !isOpenToAll(one));
    return closed === undefined ? [] : [`${closed} is not open to the user opq, so ${path} is not either`];
  });
}

function isOpenToAll(path: string): boolean {
  const stats = statSync(path);
  const bits = stats.isDirectory() ? 0o001 : 0o004;
  return (stats.mode & bits) === bits;
}
