/** The user of the daemons, and what it may read. */
import { execFileSync } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';

export const SERVICE_USER = 'opq';

/** A line on an existing settings file, which is never changed: only the right that the daemons need is named. */
export function leavingSettings(path: string): string {
  const { gid, mode, uid } = statSync(path);
  const own = idsOfUser();
  const isReadable = (mode & 0o004) !== 0 || (gid === own?.gid && (mode & 0o040) !== 0) || uid === own?.uid;
  const need = isReadable ? '' : ` (the user opq cannot read it: chgrp opq ${path}; chmod 640 ${path})`;
  return `leave ${path} as it is${need}`;
}

/** Root keeps the file; the daemons' group may read it. @throws Error where there is no such user */
export function giveToGroup(path: string): void {
  const ids = idsOfUser();
  if (ids === undefined) throw new Error(`there is no user ${SERVICE_USER}`);
  chownSync(path, 0, ids.gid);
}

/** Undefined if the user does not exist. */
export function idsOfUser(): { uid: number; gid: number } | undefined {
  const id = (what: string): number =>
    Number(
      execFileSync('id', [what, SERVICE_USER], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
