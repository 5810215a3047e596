/** Certificates on disk. Secret ones: 0600 in folders of 0700; public ones: 0644. Written whole or not at all (a rename). */
import { randomBytes } from 'node:crypto';
import { chmod, type FileHandle, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, MakaiError } from '../common/errors.js';
import { refuseOpenToOthers } from '../common/secret-file.js';
import {
  formatPublicCertificate,
  formatSecretCertificate,
  type PublicCertificate,
  parsePublicCertificate,
  parseSecretCertificate,
  type SecretCertificate,
} from './certificate.js';

/** No certificate is longer; a larger file is something else. */
export const MAX_CERTIFICATE_BYTES = 65536;

/** Names of files that are still being written. */
export const TEMPORARY_PREFIX = '.makai-';

export interface WriteOptions {
  /** replace a file that is there; otherwise that is an error */
  replace?: boolean;
}

/**
 * Writes a public certificate, mode 0644; makes its folder (0755) where it is missing.
 * @throws MakaiError KEY_FILE_IO where the file exists or cannot be written
 */
export async function writePublicCertificate(
  path: string,
  certificate: PublicCertificate,
  options: WriteOptions = {},
): Promise<void> {
  await writeFile(path, formatPublicCertificate(certificate), { file: 0o644, folder: 0o755 }, options);
}

/**
 * Writes a secret certificate, mode 0600; makes its folder (0700) where it is missing.
 * @throws MakaiError KEY_FILE_IO where the file exists or cannot be written
 */
export async function writeSecretCertificate(
  path: string,
  certificate: SecretCertificate,
  options: WriteOptions = {},
): Promise<void> {
  await writeFile(path, formatSecretCertificate(certificate), { file: 0o600, folder: 0o700 }, options);
}

/** @throws MakaiError KEY_INVALID, KEY_FILE_IO */
export async function readPublicCertificate(path: string): Promise<PublicCertificate> {
  return parsePublicCertificate(await readCertificateText(path), path);
}

/**
 * Reads both keys, of the server or of a box.
 * @throws MakaiError KEY_INVALID, KEY_FILE_IO, SECRET_EXPOSED where every user may read the file
 */
export async function readSecretCertificate(path: string): Promise<SecretCertificate> {
  const stats = await stat(path).catch((error: unknown) => Promise.reject(cannot('read', path, error)));
  refuseOpenToOthers(path, stats);
  return parseSecretCertificate(await readCertificateText(path), path);
}

/** The text of a certificate. @throws MakaiError KEY_FILE_IO, KEY_INVALID where it is far too long */
export async function readCertificateText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_CERTIFICATE_BYTES) {
      throw new MakaiError('KEY_INVALID', `${path}: ${size} bytes are too many for a certificate`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    throw error instanceof MakaiError ? error : cannot('read', path, error);
  }
}

async function writeFile(
  path: string,
  text: string,
  mode: { file: number; folder: number },
  { replace = false }: WriteOptions,
): Promise<void> {
  const temporary = join(dirname(path), `${TEMPORARY_PREFIX}${randomBytes(8).toString('hex')}`);
  try {
    await mkdir(dirname(dirname(path)), { recursive: true, mode: 0o755 });
    await makeFolder(dirname(path), mode.folder);
    // The mode is set at creation, so that at no moment another user can open a secret file.
    const file = await open(temporary, 'wx', mode.file);
    try {
      await file.chmod(mode.file);
      await takeOwnerOfFolder(file, dirname(path));
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link, unlike a rename, fails where the file exists: nobody's key is overwritten, not even in a race.
    if (replace) await rename(temporary, path);
    else await link(temporary, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw existsAlready(path);
    throw cannot('write', path, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Makes a folder with a mode, whatever the umask; leaves one that is there as it is. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  if ((await mkdir(path, { recursive: true, mode })) !== undefined) await chmod(path, mode);
}

/** Made by root in the folder of a daemon's user, a file belongs to that user: otherwise the daemon could not read it. */
async function takeOwnerOfFolder(file: FileHandle, folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  await file.chown(uid, gid);
}

/** A key file is only overwritten when that is asked for. */
export function existsAlready(path: string): MakaiError {
  return new MakaiError('KEY_FILE_IO', `${path} exists already`, {
    hint: 'It is left as it was. Move it away first if it is to be replaced.',
  });
}

/** What could not be done with a file, without the system's whole message. */
export function cannot(verb: string, path: string, error: unknown): MakaiError {
  return new MakaiError('KEY_FILE_IO', `cannot ${verb} ${path}: ${codeOf(error) ?? 'unknown reason'}`, {
    hint: 'Check the path and the rights on it.',
    cause: error,
  });
}
