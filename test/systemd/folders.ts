/** Folders and files in a container: their rights, and what stays of them. */
import assert from 'node:assert/strict';
import type { Container } from './container.js';

/** Settings of the triggering service. */
export const SETTINGS = '/etc/opq/makai.conf';

export async function assertFolders(container: Container): Promise<void> {
  const modeOf = (path: string): Promise<string> => container.run('stat', '--format=%A %U %G', path);
  assert.equal(await modeOf('/etc/opq/curve/private_keys'), 'drwx------ opq opq\n');
  assert.equal(await modeOf('/etc/opq/curve/public_keys'), 'drwxr-xr-x root root\n');
  assert.equal(await modeOf('/var/lib/opq'), 'drwxr-x--- opq opq\n');
  assert.equal(await modeOf('/var/lib/opq/spool'), 'drwxr-x--- opq opq\n');
  assert.match(await modeOf(SETTINGS), /^-rw-r----- root opq$/m);
}

/** Settings and keys: each file with owner, mode and a hash. */
export function settingsAndKeys(container: Container): Promise<string> {
  return container.run(
    'sh',
    '-ec',
    'find /etc/opq -type f | sort | while read -r file; do stat --format="%A %U %G" "$file"; sha256sum "$file"; done',
  );
}
