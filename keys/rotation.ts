/**
 * Changing the server's pair while boxes are in use (docs/security.md, "Changing the server's key"). A box knows one key of the server,
 * so for a while the brokers serve both: the present one on the usual endpoints, the next one on further endpoints.
 */
import { link, rename, rm, stat } from 'node:fs/promises';
import { MakaiError } from '../common/errors.js';
import {
  cannot,
  readPublicCertificate,
  readSecretCertificate,
  writePublicCertificate,
  writeSecretCertificate,
} from './files.js';
import { type KeyPair, newKeyPair } from './key.js';
import type { KeyLayout } from './layout.js';

/**
 * Makes the next pair; what an interrupted call has left undone is done.
 * @throws MakaiError KEY_FILE_IO where there is no present pair, or a next one already
 */
export async function prepareRotation(
  layout: KeyLayout,
): Promise<{ secretFile: string; publicFile: string }> {
  await readSecretCertificate(layout.serverSecret);
  const left = (await isThere(layout.nextServerPublic))
    ? undefined
    : await pairIfThere(layout.nextServerSecret);
  const { publicKey } = left ?? (await makeNext(layout));
  await writePublicCertificate(layout.nextServerPublic, { boxId: undefined, publicKey }, { replace: true });
  return { secretFile: layout.nextServerSecret, publicFile: layout.nextServerPublic };
}

async function makeNext(layout: KeyLayout): Promise<{ publicKey: string }> {
  const pair = newKeyPair();
  await writeSecretCertificate(layout.nextServerSecret, { boxId: undefined, ...pair });
  return pair;
}

/**
 * Makes the next pair the present one; what an interrupted call has left undone is done. The previous pair is kept as
 * `opqserver_secret.previous` until the next rotation. Running brokers take the new pair over by themselves.
 * @throws MakaiError KEY_FILE_IO where there is no next pair
 */
export async function finishRotation(layout: KeyLayout): Promise<{ previousFile: string }> {
  const previousFile = `${layout.serverSecret}.previous`;
  const publicKey = (await interrupted(layout)) ?? (await replacePresent(layout, previousFile));
  await writePublicCertificate(layout.serverPublic, { boxId: undefined, publicKey }, { replace: true });
  await rm(layout.nextServerPublic, { force: true });
  return { previousFile };
}

/** The present key, where it has replaced another one and the public certificates are still those of before. */
async function interrupted(layout: KeyLayout): Promise<string | undefined> {
  if (await isThere(layout.nextServerSecret)) return undefined;
  const announced = await readPublicCertificate(layout.nextServerPublic).catch(() => undefined);
  const present = await pairIfThere(layout.serverSecret);
  return present !== undefined && present.publicKey === announced?.publicKey ? present.publicKey : undefined;
}

async function replacePresent(layout: KeyLayout, previousFile: string): Promise<string> {
  const { publicKey } = await readSecretCertificate(layout.nextServerSecret);
  try {
    await rm(previousFile, { force: true });
    await link(layout.serverSecret, previousFile);
    // One step, so that a broker that starts now finds the one pair or the other.
    await rename(layout.nextServerSecret, layout.serverSecret);
  } catch (error) {
    throw cannot('replace', layout.serverSecret, error);
  }
  return publicKey;
}

/**
 * Drops the next pair. Boxes that were moved to it must be moved back.
 * @throws MakaiError KEY_FILE_IO where there is none
 */
export async function abortRotation(layout: KeyLayout): Promise<void> {
  // The public half alone is what an interrupted call has left.
  const isHalf = (await isThere(layout.nextServerPublic)) && (await interrupted(layout)) === undefined;
  if (!isHalf)
    await readSecretCertificate(layout.nextServerSecret).catch((error: unknown) => {
      if (error instanceof MakaiError && error.code !== 'KEY_FILE_IO') return;
      throw error;
    });
  await rm(layout.nextServerSecret, { force: true });
  await rm(layout.nextServerPublic, { force: true });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function pairIfThere(path: string): Promise<KeyPair | undefined> {
  return (await isThere(path)) ? readSecretCertificate(path) : undefined;
}
