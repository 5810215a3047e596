/**
 * Keys from a folder of public certificates (`client_certs`). Every regular file with an id and a public key counts,
 * whatever its name; those in its folder `revoked` keep their keys out, with or without an id.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
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

interface CachedFile {
  stamp: string;
  /** undefined: a file that is no certificate */
  certificate: PublicCertificate | undefined;
}

/** a certificate with its file's name */
type Named = PublicCertificate & { name: string };

export class DirectorySource implements AllowSource {
  readonly name: string;
  readonly #directory: string;
  readonly #log: Logger;
  readonly #nameless: boolean;
  #pollMs = POLL_MS;
  #files = new Map<string, CachedFile>();
  #revoked: string[] = [];

  /** @param options.nameless  certificates without an id count too, under their file's name (clients of a backend, not boxes) */
  constructor(directory: string, log: Logger, options: { nameless?: boolean } = {}) {
    this.name = directory;
    this.#nameless = options.nameless ?? false;
    this.#directory = directory;
    this.#log = log;
  }

  get pollMs(): number {
    return this.#pollMs;
  }

  async read(): Promise<SourceContent> {
    const started = performance.now();
    const seen = new Map<string, CachedFile>();
    const allowed = await this.#readFolder(this.#directory, seen);
    const revoked = await this.#readRevoked(seen);
    this.#files = seen;
    this.#pollMs = Math.max(POLL_MS, (performance.now() - started) / READING_SHARE);
    return {
      entries: allowed.flatMap(({ name, boxId, publicKey }): AllowEntry[] => {
        const id = boxId ?? (this.#nameless ? name : undefined);
        return id === undefined ? [] : [{ boxId: id, publicKey }];
      }),
      ...revoked,
    };
  }

  /** A folder of revoked keys that cannot be read keeps nobody known who has no certificate any more. */
  async #readRevoked(seen: Map<string, CachedFile>): Promise<Pick<SourceContent, 'revoked' | 'error'>> {
    try {
      const found = await this.#readFolder(join(this.#directory, REVOKED_FOLDER), seen);
      this.#revoked = found.map(({ publicKey }) => publicKey);
      return { revoked: this.#revoked };
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return { revoked: this.#revoked, error: messageOf(error) };
      this.#revoked = [];
      return { revoked: [] };
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

  async #readFolder(folder: string, seen: Map<string, CachedFile>): Promise<Named[]> {
    const certificates: Named[] = [];
    for (const name of (await readdir(folder)).sort()) {
      if (name.startsWith(TEMPORARY_PREFIX)) continue;
      const path = join(folder, name);
      const file = await this.#readFile(path);
      if (file === undefined) continue;
      seen.set(path, file);
      if (file.certificate !== undefined) certificates.push({ name, ...file.certificate });
    }
    return certificates;
  }

  /** What the file says; from memory where it has not changed; undefined where it is no regular file. */
  async #readFile(path: string): Promise<CachedFile | undefined> {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (found === undefined || !found.isFile()) return undefined;
    const stamp = `${found.ino} ${found.mtimeNs} ${found.ctimeNs} ${found.size}`;
    const cached = this.#files.get(path);
    if (cached?.stamp === stamp) return cached;
    try {
      if (found.size > BigInt(MAX_CERTIFICATE_BYTES)) throw new Error(`${path}: too long for a certificate`);
      const text = await readFile(path, 'utf8');
      if (hasSecretKey(text)) {
        this.#log.warn({ file: path }, 'a secret key among the public certificates: move it to private_keys');
      }
      return { stamp, certificate: readPublic(text, path) };
    } catch (error) {
      this.#log.warn(
        { file: path, error: messageOf(error) },
        'not a certificate: nobody enters by this file',
      );
      return { stamp, certificate: undefined };
    }
  }
}
