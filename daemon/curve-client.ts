/** Keys for connecting to the brokers, where the configuration encrypts the backend (CURVE). */
import { readPublicCertificate, readSecretCertificate } from '../keys/files.js';
import type { CurveClientOptions } from '../zmq/curve.js';

/** Public keys in force, Z85, for a service's status: the files are read at its start only, and `makai doctor` compares. */
export function backendKeys(
  curve: CurveClientOptions | undefined,
): { backend_keys: { brokers: string; own: string } } | undefined {
  return curve && { backend_keys: { brokers: curve.curveServerKey, own: curve.curvePublicKey } };
}

/** @throws MakaiError KEY_FILE_IO, KEY_INVALID, SECRET_EXPOSED */
export async function curveClientOptions(
  files: { readonly serverKey: string; readonly cert: string } | undefined,
): Promise<CurveClientOptions | undefined> {
  if (files === undefined) return undefined;
  const [server, own] = await Promise.all([
    readPublicCertificate(files.serverKey),
    readSecretCertificate(files.cert),
  ]);
  return {
    curveServerKey: server.publicKey,
    curvePublicKey: own.publicKey,
    curveSecretKey: own.secretKey.reveal(),
  };
}
