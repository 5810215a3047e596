/** Which process listens on a port, from /proc (proc(5)). */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { codeOf } from '../../common/errors.js';

/** State of a listening socket in /proc/net/tcp. */
const LISTEN = '0A';

/** @returns undefined if it cannot be found out: no /proc, or a process of another user */
export async function listensOn(pid: number, port: number): Promise<boolean | undefined> {
  try {
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => table(`/proc/${pid}/net/${name}`)));
    const sockets = new Set(tables.flatMap((text) => socketsOn(port, text)));
    const folder = `/proc/${pid}/fd`;
    const links = await Promise.all(
      // A descriptor may have been closed since it was listed.
      (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')),
    );
    return links.some((link) => sockets.has(link));
  } catch {
    return undefined;
  }
}

async function table(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    // This kernel has no IPv6.
    if (codeOf(error) === 'ENOENT' && path.endsWith('6')) return '';
    throw error;
  });
}

/** Columns: number, local address, remote address, state, ...; the tenth is the inode. */
function socketsOn(port: number, text: string): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return text.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const isOurs = columns[1]?.endsWith(suffix) === true && columns[3] === LISTEN;
    return isOurs && columns[9] !== undefined ? [`socket:[${columns[9]}]`] : [];
  });
}
