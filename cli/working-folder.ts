/** `--dir` and `--config` of the commands that look at running daemons. */
import { MakaiError } from '../common/errors.js';
import { KIND_NAMES } from '../config/kind-names.js';
import { locateConfigFile } from '../config/locate.js';

/**
 * A folder without the settings of any daemon would be looked at as if it were this machine's default installation.
 * @throws MakaiError CONFIG_UNREADABLE for a folder that `makai up` has not worked in
 */
export function checkWorkingFolder(folder: string | undefined): void {
  if (folder === undefined || KIND_NAMES.some((kind) => locateConfigFile(kind, folder) !== undefined)) return;
  throw new MakaiError('CONFIG_UNREADABLE', `no settings file of a daemon is in ${folder}`, {
    hint: 'Name the folder that `makai up` works in (makai-demo, if it was started without --dir), or one with settings files such as makai.conf.',
  });
}
