/** What an operator does with a key directory: make pairs, approve and revoke keys, list them. */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import { isSecretKeyIn, type PublicCertificate, parseBoxId, readPublic } from './certificate.js';
import {
  cannot,
  existsAlready,
  makeFolder,
  readCertificateText,
  TEMPORARY_PREFIX,
  writePublicCertificate,
  writeSecretCertificate,
} from './files.js';
import { newKeyPair, parsePublicKey } from './key.js';
import type { KeyLayout } from './layout.js';

/** One key, as `makai keys list` shows it. */
export interface ListedKey {
  /** null for the server's, and where a revoked certificate names no box */
  box_id: string | null;
  state: 'server' | 'next-server' | 'allowed' | 'revoked';
  /** Z85 */
  public_key: string;
  file: string;
  /** the secret certificate of the same box, where it is on this machine */
  secret_file: string | null;
}

export interface KeyList {
  /** the server's first, then by box */
  keys: ListedKey[];
  /** files that are no certificates or name no box, with the reason */
  bad: { file: string; reason: string }[];
}

/**
 * Makes the server's pair.
 * @throws MakaiError KEY_FILE_IO where there is one already
 */
export async function newServer(layout: KeyLayout): Promise<{ secretFile: string; publicFile: string }> {
  await refuseExisting(layout.serverPublic);
  const pair = newKeyPair();
  await writeSecretCertificate(layout.serverSecret, { boxId: undefined, ...pair });
  await writePublicCertificate(layout.serverPublic, { boxId: undefined, publicKey: pair.publicKey });
  return { secretFile: layout.serverSecret, publicFile: layout.serverPublic };
}

/**
 * Makes a box's pair and allows the box to connect.
 * @throws MakaiError KEY_INVALID for the id, KEY_FILE_IO where the box has keys already
 */
export async function newBox(
  layout: KeyLayout,
  id: string,
): Promise<{ boxId: string; secretFile: string; publicFile: string }> {
  const boxId = parseBoxId(id, 'box id');
  const [secretFile, publicFile] = [layout.boxSecret(boxId), layout.boxPublic(boxId)];
  await refuseExisting(publicFile);
  const pair = newKeyPair();
  await writeSecretCertificate(secretFile, { boxId, ...pair });
  await writePublicCertificate(publicFile, { boxId, publicKey: pair.publicKey });
  return { boxId, secretFile, publicFile };
}

/** All keys of a directory. Files in the public folder that name no box and are not the server's admit nobody: they are in `bad`. */
export async function listKeys(layout: KeyLayout): Promise<KeyList> {
  const bad: KeyList['bad'] = [];
  const states = new Map<string, ListedKey['state']>([
    [layout.serverPublic, 'server'],
    [layout.nextServerPublic, 'next-server'],
  ]);
  const keys: ListedKey[] = [];
  const list = async ({ boxId, file, publicKey }: Found, state: ListedKey['state']): Promise<void> => {
    const secret = boxId === undefined ? undefined : await ifThere(layout.boxSecret(boxId));
    keys.push({ box_id: boxId ?? null, state, public_key: publicKey, file, secret_file: secret ?? null });
  };
  for (const found of await readFolder(layout.publicDirectory, bad)) {
    const state = found.boxId === undefined ? states.get(found.file) : 'allowed';
    if (state !== undefined) await list(found, state);
    else
      bad.push({
        file: found.file,
        reason: `${found.file}: names no box (no line \`id = N\`), so its key admits nobody`,
      });
  }
  for (const found of await readFolder(layout.revokedDirectory, bad)) await list(found, 'revoked');
  keys.sort((a, b) => Number(a.box_id ?? 0) - Number(b.box_id ?? 0) || (a.file < b.file ? -1 : 1));
  return { keys, bad };
}

/** The public keys of a folder of certificates that name a box. Nothing where it cannot be read. */
export async function listKeysIn(folder: string): Promise<Set<string>> {
  const found = await readFolder(folder, []).catch(() => []);
  return new Set(found.flatMap(({ boxId, publicKey }) => (boxId === undefined ? [] : [publicKey])));
}

export interface AcceptOptions {
  /** the box has a certificate with another key: that one is removed */
  replace?: boolean;
  /** the key was revoked: it counts again */
  restore?: boolean;
}

/**
 * Approves a key as that of a box.
 * @returns the certificate's file
 * @throws MakaiError KEY_INVALID for the key or the id, or where the key is a secret one or the server's; KEY_FILE_IO where that
 *   box or that key is known in another way, and the options do not allow for it
 */
export async function acceptKey(
  layout: KeyLayout,
  key: string,
  id: string,
  options: AcceptOptions = {},
): Promise<string> {
  const publicKey = parsePublicKey(key, 'the key');
  const boxId = parseBoxId(id, 'box id');
  await refuseSecret(layout, publicKey);
  const { keys } = await listKeys(layout);
  const same = keys.filter((entry) => entry.public_key === publicKey);
  if (same.some(({ state }) => state === 'server' || state === 'next-server')) {
    throw new MakaiError('KEY_INVALID', "this is the server's own public key, not a box's");
  }
  const other = same.find((entry) => entry.state === 'allowed' && entry.box_id !== boxId);
  if (other !== undefined) {
    throw new MakaiError('KEY_FILE_IO', `this key is box ${other.box_id}'s (${other.file})`, {
      hint: `Two boxes cannot share a key. \`makai keys revoke ${other.box_id}\` takes it from that one.`,
    });
  }
  const revoked = same.filter((entry) => entry.state === 'revoked');
  if (revoked.length > 0 && options.restore !== true) {
    throw new MakaiError('KEY_FILE_IO', `this key was revoked (${revoked[0]?.file})`, {
      hint: 'Add --restore if it is to count again. The box must be restarted then: it gave up when it was refused.',
    });
  }
  const present = keys.filter((entry) => entry.state === 'allowed' && entry.box_id === boxId);
  const old = present.filter((entry) => entry.public_key !== publicKey);
  if (old.length > 0 && options.replace !== true) {
    throw new MakaiError('KEY_FILE_IO', `box ${boxId} has another key (${old[0]?.file})`, {
      hint: 'Add --replace if the old key is to go.',
    });
  }
  await writePublicCertificate(layout.boxPublic(boxId), { boxId, publicKey }, { replace: true });
  for (const { file } of [...old, ...revoked]) if (file !== layout.boxPublic(boxId)) await remove(file);
  return layout.boxPublic(boxId);
}

/**
 * Revokes a box's keys: its certificates are moved to the folder of revoked ones.
 * @param key  instead of the certificates in the directory: a key that is known otherwise (from the store)
 * @returns the certificates' new files
 * @throws MakaiError KEY_INVALID for id or key, NOT_FOUND where there is nothing to revoke
 */
export async function revokeBox(layout: KeyLayout, id: string, key?: string): Promise<string[]> {
  const boxId = parseBoxId(id, 'box id');
  if (key !== undefined) {
    const file = join(layout.revokedDirectory, `opqbox${boxId}-${randomBytes(4).toString('hex')}`);
    await writePublicCertificate(file, { boxId, publicKey: parsePublicKey(key, 'the key') });
    return [file];
  }
  const { keys } = await listKeys(layout);
  const files = keys.filter((entry) => entry.state === 'allowed' && entry.box_id === boxId);
  if (files.length === 0) {
    throw new MakaiError('NOT_FOUND', `no certificate in ${layout.publicDirectory} allows box ${boxId}`, {
      hint: 'If its key comes from the store, give it: --key <key>.',
    });
  }
  await makeFolder(layout.revokedDirectory, 0o755);
  return Promise.all(files.map(({ file }) => moveToRevoked(layout, file)));
}

async function moveToRevoked(layout: KeyLayout, file: string): Promise<string> {
  const wished = join(layout.revokedDirectory, basename(file));
  const target =
    (await ifThere(wished)) === undefined ? wished : `${wished}-${randomBytes(4).toString('hex')}`;
  await change('move', file, () => rename(file, target));
  return target;
}

async function refuseSecret(layout: KeyLayout, key: string): Promise<void> {
  const names = await readdir(layout.privateDirectory).catch(() => []);
  for (const name of names) {
    const text = await readCertificateText(join(layout.privateDirectory, name)).catch(() => '');
    if (!isSecretKeyIn(text, key)) continue;
    throw new MakaiError('KEY_INVALID', `this is the secret key of ${name}, not a public one`, {
      hint: 'Whoever saw it can pretend to be its owner: make a new pair.',
    });
  }
}

type Found = PublicCertificate & { file: string };

/** The certificates in a folder; none where there is no such folder. */
async function readFolder(folder: string, bad: KeyList['bad']): Promise<Found[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw cannot('read', folder, error);
  });
  const found: Found[] = [];
  for (const name of names.sort()) {
    const file = join(folder, name);
    if (name.startsWith(TEMPORARY_PREFIX) || !(await isFile(file))) continue;
    try {
      found.push({ file, ...readPublic(await readCertificateText(file), file) });
    } catch (error) {
      bad.push({ file, reason: messageOf(error) });
    }
  }
  return found;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

async function ifThere(path: string): Promise<string | undefined> {
  return (await isFile(path)) ? path : undefined;
}

async function refuseExisting(path: string): Promise<void> {
  if ((await ifThere(path)) !== undefined) throw existsAlready(path);
}

async function remove(file: string): Promise<void> {
  await change('remove', file, () => rm(file));
}

async function change(verb: string, file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw cannot(verb, file, error);
  }
}
