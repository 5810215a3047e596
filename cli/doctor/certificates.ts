/** Folders of public certificates: who may connect, who is kept out, and files that are no certificates. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DEFAULT_BOX_ID, GATEWAY_BOX_ID } from '../../common/box-id.js';
import { codeOf, messageOf } from '../../common/errors.js';
import { hasSecretKey, type PublicCertificate, readPublic } from '../../keys/certificate.js';
import { MAX_CERTIFICATE_BYTES, TEMPORARY_PREFIX } from '../../keys/files.js';
import { REVOKED_FOLDER } from '../../keys/layout.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { obstacle, type User } from './user.js';

const { ok, note, wrong } = reporter('keys');
const permissions = reporter('permissions');

export interface ClientFolder {
  folder: string;
  /** boxes need an id; services do not, their file name is used as their name */
  who: 'box' | 'service';
  /** everyone may connect, except revoked keys */
  any: boolean;
}

/** Public certificates of the server as `makai keys` names them: known also where its secret key cannot be read. */
const SERVER_FILES: ReadonlySet<string> = new Set(['opqserver.key', 'opqserver.next.key']);

interface Read {
  certificates: { path: string; certificate: PublicCertificate }[];
  found: Diagnosis[];
}

/**
 * @param user the user that has to read them
 * @param serverKeys public keys of the server, whose certificate often lies among those of the boxes
 */
export async function certificates(
  { folder, who, any }: ClientFolder,
  user: User,
  serverKeys: ReadonlySet<string> = new Set(),
): Promise<Diagnosis[]> {
  const files = await list(folder, user);
  if (!Array.isArray(files)) return [files];
  const allowed = await readAll(folder, files, user, 'it admits nobody; correct or remove it');
  const { found, keys } = await revoked(folder, user);
  const mayConnect = new Map<string, string>();
  for (const { path, certificate } of allowed.certificates) {
    const name = certificate.boxId ?? (who === 'service' ? path : undefined);
    if (name === undefined) {
      if (!serverKeys.has(certificate.publicKey) && !SERVER_FILES.has(basename(path)))
        allowed.found.push(
          note(
            path,
            'names no box (it has no line `id = N`), so its key admits nobody',
            `makai keys accept '${certificate.publicKey}' <id>`,
          ),
        );
      continue;
    }
    if (who === 'box' && name === String(DEFAULT_BOX_ID))
      allowed.found.push(
        note(
          path,
          'is of box 0, the default id of a box',
          'give the box an id of its own, here and in its settings',
        ),
      );
    if (keys.has(certificate.publicKey)) {
      allowed.found.push(
        note(path, 'its key is revoked', 'remove it, or the certificate with the same key in revoked'),
      );
      continue;
    }
    const other = mayConnect.get(certificate.publicKey);
    if (other !== undefined)
      allowed.found.push(
        note(path, `${who} ${name} has the same key as ${who} ${other}`, `give each ${who} its own key`),
      );
    mayConnect.set(certificate.publicKey, name);
  }
  const names = [...mayConnect.values()];
  const ofGateway = who === 'box' ? names.filter((name) => name === String(GATEWAY_BOX_ID)).length : 0;
  return [summary({ folder, who, any }, names.length - ofGateway), ...allowed.found, ...found];
}

function summary({ folder, who, any }: ClientFolder, count: number): Diagnosis {
  const plural = who === 'box' ? 'boxes' : 'services';
  if (count > 0) return ok(folder, `${count === 1 ? `1 ${who}` : `${count} ${plural}`} may connect`);
  if (any) return ok(folder, 'contains no certificate; everyone may connect');
  const todo =
    who === 'box'
      ? 'makai keys new-box <id>, or put the certificates of boxes here'
      : 'put the certificates of services here';
  return note(folder, `no ${who} may connect yet`, todo);
}

/** A file in `revoked/` that is not a certificate keeps nobody out, so it is reported as wrong. */
async function revoked(folder: string, user: User): Promise<{ found: Diagnosis[]; keys: Set<string> }> {
  const path = join(folder, REVOKED_FOLDER);
  const names = await list(path, user);
  if (!Array.isArray(names)) return { found: names.missing ? [] : [names], keys: new Set() };
  const read = await readAll(path, names, user, 'it keeps nobody out; correct or remove it');
  const found = read.found.map((one): Diagnosis => ({ ...one, verdict: 'wrong' }));
  return { found, keys: new Set(read.certificates.map(({ certificate }) => certificate.publicKey)) };
}

async function list(folder: string, user: User): Promise<string[] | (Diagnosis & { missing: boolean })> {
  try {
    const kept = await obstacle(folder, 'read', user);
    if (kept !== undefined)
      return { ...permissions.wrong(folder, kept, `let ${user.name} read the folder`), missing: false };
    return (await readdir(folder)).filter((name) => !name.startsWith(TEMPORARY_PREFIX)).sort();
  } catch (error) {
    const finding = wrong(
      folder,
      `cannot be read: ${messageOf(error)}`,
      'check client_certs and the rights on the folder',
    );
    return { ...finding, missing: codeOf(error) === 'ENOENT' };
  }
}

/** @param todo what to do about a file that is not a certificate */
async function readAll(folder: string, names: readonly string[], user: User, todo: string): Promise<Read> {
  const read: Read = { certificates: [], found: [] };
  for (const name of names) {
    const path = join(folder, name);
    const text = await textOf(path, user, todo);
    if (text === undefined) continue;
    if (typeof text !== 'string') {
      read.found.push(text);
      continue;
    }
    if (hasSecretKey(text))
      read.found.push(
        permissions.wrong(
          path,
          'a secret key among the public certificates',
          'move it to private_keys, mode 600',
        ),
      );
    try {
      read.certificates.push({ path, certificate: readPublic(text, path) });
    } catch (error) {
      read.found.push(note(path, `is not a certificate: ${messageOf(error)}`, todo));
    }
  }
  return read;
}

/** @returns undefined if it is not a file */
async function textOf(path: string, user: User, todo: string): Promise<string | Diagnosis | undefined> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) return undefined;
    const kept = await obstacle(path, 'read', user);
    if (kept !== undefined)
      return permissions.wrong(path, kept, `let ${user.name} read it (chmod 644), or remove it`);
    if (stats.size > MAX_CERTIFICATE_BYTES) return note(path, 'is too long for a certificate', todo);
    return await readFile(path, 'utf8');
  } catch (error) {
    return note(path, `cannot be read: ${codeOf(error) ?? messageOf(error)}`, todo);
  }
}
