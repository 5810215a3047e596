/**
 * Who may connect to the sockets that a daemon opens for boxes (or, under CURVE, for services), as its configuration says: the server's
 * key pair, the allow-list and its gate. Opened before the sockets and stopped after them.
 */
import { MakaiError } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { CurveServerOptions } from '../zmq/curve.js';
import { type AllowList, type AllowListStatus, type AllowSource, startAllowList } from './allow-list.js';
import { allowSources } from './allow-sources.js';
import { readSecretCertificate } from './files.js';
import type { Gate, GateSocketOptions, GateStatus } from './gate.js';
import { type KeyPair, parseKeyPair } from './key.js';
import type { ReadBoxKeys } from './store-source.js';
import { openGate } from './zap.js';

export interface AccessOptions {
  /** the daemon's name; begins the ZAP domain */
  name: string;
  /** file with the server's pair, or the pair itself (v3) */
  serverKey: { file: string } | { publicKey: string; secretKey: string };
  /** file with the next pair, during a key rotation */
  nextServerKeyFile?: string | undefined;
  /** the keys of a folder, of the store, or of both; or (`any`) everyone except keys that are revoked in the folder */
  allow: { any: boolean; directory?: string | undefined; store?: boolean };
  /** keys of the store's boxes; needed where `allow.store` is set */
  boxKeys?: ReadBoxKeys | undefined;
  /** certificates without an id count too: for services, which are no boxes */
  withoutId?: boolean;
  log: Logger;
}

export interface AccessStatus {
  allow_list: AllowListStatus;
  gate: GateStatus;
}

export interface Access extends Running {
  readonly allow: AllowList;
  readonly gate: Gate;
  /** for endpoints with the server's present key */
  readonly curve: CurveServerOptions;
  /** for endpoints with the next key; undefined while there is none */
  readonly nextCurve: CurveServerOptions | undefined;
  /** whether a certificate names this box; true for all where everyone may connect */
  isKnown(boxId: string): boolean;
  status(): AccessStatus;
}

/**
 * Reads the keys, starts the list and opens the gate.
 * @throws MakaiError KEY_FILE_IO, KEY_INVALID, SECRET_EXPOSED for the server's keys; CONFIG_INVALID where nothing says who may connect
 */
export async function openAccess(options: AccessOptions): Promise<Access> {
  const { allow: who, log, name, nextServerKeyFile, serverKey } = options;
  const pair =
    'file' in serverKey
      ? await readSecretCertificate(serverKey.file)
      : parseKeyPair(serverKey.publicKey, serverKey.secretKey, 'pub_key and sec_key');
  const nextPair =
    nextServerKeyFile === undefined ? undefined : await readSecretCertificate(nextServerKeyFile);
  if (who.any)
    log.warn(
      { server: name, revoked_in: who.directory },
      `allow_any_client: everyone who knows the public key of the server may connect${who.directory === undefined ? '; without client_certs no key can be revoked' : ''}`,
    );
  const allow = await startAllowList({
    sources: sourcesOf(options),
    anyClient: who.any,
    log,
  });
  const gate = await openGate(name, allow, log).catch(async (error: unknown) => {
    await allow.stop();
    throw error;
  });
  return {
    allow,
    gate,
    curve: curveOf(pair, gate.socketOptions),
    nextCurve: nextPair === undefined ? undefined : curveOf(nextPair, gate.nextSocketOptions),
    isKnown: (boxId) => who.any || allow.boxIds().has(boxId),
    status: () => ({ allow_list: allow.status(), gate: gate.status() }),
    stop: async () => {
      await gate.stop();
      await allow.stop();
    },
  };
}

/**
 * Who may connect to a backend that is under CURVE: services, whose certificates need no id.
 * @param name of the daemon
 * @param curve its `backend_curve`
 * @returns undefined where the backend is plain
 * @throws MakaiError as `openAccess`
 */
export async function openBackendAccess(
  name: string,
  curve: { readonly serverCert: string; readonly clientCerts: string } | undefined,
  log: Logger,
): Promise<Access | undefined> {
  if (curve === undefined) return undefined;
  return openAccess({
    name: `${name}-backend`,
    serverKey: { file: curve.serverCert },
    allow: { any: false, directory: curve.clientCerts },
    withoutId: true,
    log,
  });
}

function curveOf({ publicKey, secretKey }: KeyPair, options: GateSocketOptions): CurveServerOptions {
  return { curveServer: true, curvePublicKey: publicKey, curveSecretKey: secretKey.reveal(), ...options };
}

function sourcesOf({ allow: who, boxKeys, log, withoutId = false }: AccessOptions): AllowSource[] {
  const sources = allowSources({ ...who, boxKeys, withoutId, log });
  if (who.any || sources.length > 0) return sources;
  throw new MakaiError('CONFIG_INVALID', 'nothing says who may connect', {
    hint: 'Give client_certs, or white_list "store", or allow_any_client true.',
  });
}
