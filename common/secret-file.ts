/** Files that hold secrets must not be open to others. */
import type { Stats } from 'node:fs';
import { MakaiError } from './errors.js';

/** Whether users other than the file's owner and group may read or change it. */
export function isOpenToOthers(stats: Pick<Stats, 'mode'>): boolean {
  return (stats.mode & 0o006) !== 0;
}

/**
 * Refuses a file with a secret that others may read or change.
 * @param path only for the message
 * @throws MakaiError SECRET_EXPOSED
 */
export function refuseOpenToOthers(path: string, stats: Pick<Stats, 'mode'>): void {
  if (!isOpenToOthers(stats)) return;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  throw new MakaiError(
    'SECRET_EXPOSED',
    `${path} holds a secret, but its mode ${mode} lets other users read or change it`,
    {
      hint: `chmod o-rw ${path}; if others had access for long, make new keys`,
    },
  );
}
