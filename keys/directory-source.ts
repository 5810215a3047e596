/**
 * Keys from a folder of public certificates (`client_certs`). Every regular file with an id and a public key counts,
 * whatever its name. Keys in its folder `revoked` are refused, with or without an id.
 *
 * A file that exists and cannot be read (rights, too many open files, a disk error) counts as it was last read, is read again each time,
 * and is reported as the source's error. So is a file in `revoked` that is not a certificate: no key is refused because of it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf, messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import type { AllowEntry, AllowSource, SourceContent } from './allow-list.js';
import { hasSecretKey, type PublicCertificate, readPublic } from './certificate.js';
import { MAX_CERTIFICATE_BYTES, TEMPORARY_PREFIX } from './files.js';
import { REVOKED_FOLDER } from './layout.js';

/** Without file events (network drives) a change is found by reading again this often. */
const POLL_MS = 2000;
/** A reading takes at most this share of the time, however many files there are. */
const READING_SHARE = 0.05;
/** File events come in bursts, and before the file is whole. */
const SETTLE_MS = 100;

/** A file as it was read. */
interface KnownFile {
  /** of what was read; no file has the fingerprint '', so what could not be read is read again */
  fingerprint: string;
  /** undefined: a file that is no certificate */
  certificate: PublicCertificate | undefined;
  /** why it could not be read */
  unread?: string;
  /** why it is no certificate */
  bad?: string;
}

/** a certificate with its file's name */
type Named = PublicCertificate & { name: string };

export class DirectorySource implements AllowSource {
  readonly name: string;
  readonly #directory: string;
  readonly #log: Logger;
  readonly #withoutId: boolean;
  #pollMs = POLL_MS;
  #files = new Map<string, KnownFile>();

  /** @param options.withoutId  certificates without an id count too, under their file's name (clients of a backend, not boxes) */
  constructor(directory: string, log: Logger, options: { withoutId?: boolean } = {}) {
    this.name = directory;
    this.#withoutId = options.withoutId ?? false;
    this.#directory = directory;
    this.#log = log;
  }

  get pollMs(): number {
    return this.#pollMs;
  }

  async read(): Promise<SourceContent> {
    const started = performance.now();
    const allowed = await this.#readFolder(this.#directory);
    const revoked = await this.#readRevoked();
    this.#files = new Map([...allowed.files, ...revoked.files]);
    this.#pollMs = Math.max(POLL_MS, (performance.now() - started) / READING_SHARE);
    const problems = [...allowed.unread, ...revoked.unread, ...revoked.bad];
    return {
      entries: allowed.certificates.flatMap(({ name, boxId, publicKey }): AllowEntry[] => {
        const id = boxId ?? (this.#withoutId ? name : undefined);
        return id === undefined ? [] : [{ boxId: id, publicKey }];
      }),
      revoked: revoked.certificates.map(({ publicKey }) => publicKey),
      ...(problems.length === 0 ? {} : { error: inShort(problems) }),
    };
  }

  /** Where the folder of revoked keys cannot be read, all that were in it stay revoked. */
  async #readRevoked(): Promise<Folder> {
    const folder = join(this.#directory, REVOKED_FOLDER);
    try {
      return await this.#readFolder(folder);
    } catch (error) {
      const files = new Map([...this.#files].filter(([path]) => dirname(path) === folder));
      if (codeOf(error) === 'ENOENT') files.clear();
      else files.set('', { fingerprint: '', certificate: undefined, unread: messageOf(error) });
      return folderOf(files);
    }
  }

  watch(changed: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      timer = setTimeout(changed, SETTLE_MS);
    };
    const watchers = new Map<string, FSWatcher>();
    const attach = (directory: string): void => {
      if (watchers.has(directory)) return;
      try {
        const watcher = watch(directory, { persistent: false }, () => {
          attach(join(this.#directory, REVOKED_FOLDER));
          settle();
        });
        // A folder that went away, or no more file events to be had: polling finds what changes.
        watcher.on('error', () => {
          watcher.close();
          watchers.delete(directory);
        });
        watchers.set(directory, watcher);
      } catch {
        watchers.delete(directory);
      }
    };
    attach(this.#directory);
    attach(join(this.#directory, REVOKED_FOLDER));
    return () => {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    };
  }

  async #readFolder(folder: string): Promise<Folder> {
    const files = new Map<string, KnownFile>();
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(TEMPORARY_PREFIX)) continue;
      const path = join(folder, entry.name);
      const file = await this.#readFile(path, entry.isSymbolicLink());
      if (file !== undefined) files.set(path, file);
    }
    return folderOf(files);
  }

  /** What the file says; from memory where it has not changed; undefined where it is no regular file, or gone. */
  async #readFile(path: string, isLink: boolean): Promise<KnownFile | undefined> {
    const before = this.#files.get(path);
    try {
      const found = await stat(path, { bigint: true });
      if (!found.isFile()) return undefined;
      const fingerprint = `${found.ino} ${found.mtimeNs} ${found.ctimeNs} ${found.size}`;
      if (before?.fingerprint === fingerprint) return before;
      const isLong = found.size > BigInt(MAX_CERTIFICATE_BYTES);
      return this.#parse(path, fingerprint, isLong ? undefined : await readFile(path, 'utf8'));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT')
        return { fingerprint: '', certificate: before?.certificate, unread: messageOf(error) };
      // A link to a missing file. In `revoked` it was meant to revoke a key.
      return isLink
        ? { fingerprint: '', certificate: undefined, bad: `${path}: a link to a missing file` }
        : undefined;
    }
  }

  /** @param text undefined: too long */
  #parse(path: string, fingerprint: string, text: string | undefined): KnownFile {
    try {
      if (text === undefined) throw new Error(`${path}: too long for a certificate`);
      if (hasSecretKey(text)) {
        this.#log.warn({ file: path }, 'a secret key among the public certificates: move it to private_keys');
      }
      return { fingerprint, certificate: readPublic(text, path) };
    } catch (error) {
      const bad = messageOf(error);
      this.#log.warn({ file: path, err: bad }, 'not a certificate: the file allows and revokes no key');
      return { fingerprint, certificate: undefined, bad };
    }
  }
}

/** What one folder holds, in the order of the names. */
interface Folder {
  files: ReadonlyMap<string, KnownFile>;
  certificates: Named[];
  unread: string[];
  bad: string[];
}

function folderOf(read: ReadonlyMap<string, KnownFile>): Folder {
  const files = new Map([...read].sort(([a], [b]) => (a < b ? -1 : 1)));
  const all = [...files.values()];
  return {
    files,
    certificates: [...files].flatMap(([path, { certificate }]) =>
      certificate === undefined ? [] : [{ name: basename(path), ...certificate }],
    ),
    unread: all.flatMap(({ unread }) => unread ?? []),
    bad: all.flatMap(({ bad }) => bad ?? []),
  };
}

function inShort([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first}; and ${others.length} more`;
}
