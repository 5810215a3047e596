/**
 * Changing the server's pair while boxes are in use (docs/security.md, "Changing the server's key"). A box knows one key of the server,
 * so for a while the brokers serve both: the present one on the usual endpoints, the next one on further endpoints.
 */
import { link, rename, rm } from 'node:fs/promises';
import { MakaiError } from '../common/errors.js';
import { cannot, readSecretCertificate, writePublicCertificate, writeSecretCertificate } from './files.js';
import { newKeyPair } from './key.js';
import type { KeyLayout } from './layout.js';

/**
 * Makes the next pair.
 * @throws MakaiError KEY_FILE_IO where there is no present pair, or a next one already
 */
export async function prepareRotation(
  layout: KeyLayout,
): Promise<{ secretFile: string; publicFile: string }> {
  await readSecretCertificate(layout.serverSecret);
  const pair = newKeyPair();
  await writeSecretCertificate(layout.nextServerSecret, { boxId: undefined, ...pair });
  await writePublicCertificate(
    layout.nextServerPublic,
    { boxId: undefined, publicKey: pair.publicKey },
    { replace: true },
  );
  return { secretFile: layout.nextServerSecret, publicFile: layout.nextServerPublic };
}

/**
 * Makes the next pair the present one. The previous one is kept as `opqserver_secret.previous` until the next rotation.
 * @throws MakaiError KEY_FILE_IO where there is no next pair
 */
export async function finishRotation(layout: KeyLayout): Promise<{ previousFile: string }> {
  const { publicKey } = await readSecretCertificate(layout.nextServerSecret);
  const previousFile = `${layout.serverSecret}.previous`;
  try {
    await rm(previousFile, { force: true });
    await link(layout.serverSecret, previousFile);
    // One step, so that a broker that starts now finds the one pair or the other.
    await rename(layout.nextServerSecret, layout.serverSecret);
  } catch (error) {
    throw cannot('replace', layout.serverSecret, error);
  }
  await writePublicCertificate(layout.serverPublic, { boxId: undefined, publicKey }, { replace: true });
  await rm(layout.nextServerPublic, { force: true });
  return { previousFile };
}

/**
 * Drops the next pair. Boxes that were moved to it must be moved back.
 * @throws MakaiError KEY_FILE_IO where there is none
 */
export async function abortRotation(layout: KeyLayout): Promise<void> {
  await readSecretCertificate(layout.nextServerSecret).catch((error: unknown) => {
    if (error instanceof MakaiError && error.code !== 'KEY_FILE_IO') return;
    throw error;
  });
  await rm(layout.nextServerSecret, { force: true });
  await rm(layout.nextServerPublic, { force: true });
}
