/**
 * Which user runs the daemons, and what that user may do. Root may do everything, so `sudo makai doctor` would find no fault in the rights on files.
 * Run by root, it checks owner and mode for the user of the units. ACLs are not checked.
 */
import { execFile } from 'node:child_process';
import { constants, type Stats } from 'node:fs';
import { access, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from '../../common/errors.js';
import { KIND_NAMES } from '../../config/kinds.js';
import { foldersAbove } from '../folders-above.js';

const run = promisify(execFile);
/** The administrator's units come before those of the Debian package. */
const UNIT_FOLDERS = ['/etc/systemd/system', '/usr/lib/systemd/system'];
const USUAL_USER = 'opq';

export type Right = 'read' | 'write';

/** The user whose rights are checked. */
export interface User {
  name: string;
  /** undefined: the current user, whose rights the system checks */
  ids: { uid: number; gids: readonly number[] } | undefined;
}

/**
 * @param folder working folder of `makai up`, whose daemons run as the user that starts them
 * @returns for root the user of the units if there is one, otherwise the current user
 */
export async function serviceUser(folder: string | undefined): Promise<User> {
  const own = { name: userInfo().username, ids: undefined };
  if (folder !== undefined || process.getuid?.() !== 0) return own;
  const name = await unitUser();
  try {
    const [uid, gids] = await Promise.all([run('id', ['-u', name]), run('id', ['-G', name])]);
    return { name, ids: { uid: Number(uid.stdout), gids: gids.stdout.trim().split(' ').map(Number) } };
  } catch {
    return own;
  }
}

async function unitUser(): Promise<string> {
  const files = UNIT_FOLDERS.flatMap((folder) =>
    KIND_NAMES.map((kind) => join(folder, `makai-${kind}.service`)),
  );
  for (const file of files) {
    const unit = await readFile(file, 'utf8').catch(() => '');
    const name = userIn(unit);
    if (name !== undefined) return (await userOfDropIns(basename(file))) ?? name;
  }
  return USUAL_USER;
}

/** Drop-ins come after the unit, in the order of their names; those of both folders hold. */
async function userOfDropIns(unit: string): Promise<string | undefined> {
  const found = await Promise.all(
    UNIT_FOLDERS.map(async (folder) => {
      const path = join(folder, `${unit}.d`);
      const names = await readdir(path).catch(() => []);
      return names.filter((name) => name.endsWith('.conf')).map((name) => ({ name, file: join(path, name) }));
    }),
  );
  const files = found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
  const texts = await Promise.all(files.map(({ file }) => readFile(file, 'utf8').catch(() => '')));
  return texts.map(userIn).findLast((name) => name !== undefined);
}

function userIn(text: string): string | undefined {
  return /^User=([\w.-]+)\s*$/m.exec(text)?.[1];
}

/**
 * What prevents a user from reading or writing a file, or from listing a folder or creating files in it.
 * @returns undefined if nothing does, or if the path does not exist
 */
export async function obstacle(path: string, right: Right, user: User): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    const stats = await stat(real);
    const bits = (right === 'read' ? 4 : 2) | (stats.isDirectory() ? 1 : 0);
    if (user.ids === undefined) {
      await access(
        real,
        (right === 'read' ? constants.R_OK : constants.W_OK) | (bits & 1 ? constants.X_OK : 0),
      );
      return undefined;
    }
    for (const above of foldersAbove(real)) {
      const folder = await stat(above);
      if (!may(folder, 1, user.ids)) return `${user.name} may not enter ${above} (${described(folder)})`;
    }
    return may(stats, bits, user.ids) ? undefined : `${user.name} may not ${right} it (${described(stats)})`;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return `${user.name} may not ${right} it (${code})`;
  }
}

/** The bits of the owner, otherwise of the group, otherwise of others: the first match decides, as in the kernel. */
function may(stats: Stats, bits: number, { uid, gids }: { uid: number; gids: readonly number[] }): boolean {
  if (uid === 0) return true;
  const shift = stats.uid === uid ? 6 : gids.includes(stats.gid) ? 3 : 0;
  return ((stats.mode >> shift) & bits) === bits;
}

function described({ gid, mode, uid }: Stats): string {
  return `mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, owner ${uid}:${gid}`;
}
