/**
 * Who may connect to the sockets that a daemon opens for boxes (or, under CURVE, for services), as its configuration says: the server's
 * pair of keys, the allow-list and its gate, in one thing that is opened before the sockets and stopped after them.
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
  /** file with the server's pair, or the pair itself (2020) */
  serverKey: { file: string } | { publicKey: string; secretKey: string };
  /** file with the pair that is to follow, while keys are changed */
  nextServerKeyFile?: string | undefined;
  /** the keys of a folder, of the store, or of both; or (`any`) everybody except who is revoked in the folder */
  allow: { any: boolean; directory?: string | undefined; store?: boolean };
  /** keys of the store's boxes; needed where `allow.store` is set */
  boxKeys?: ReadBoxKeys | undefined;
  /** certificates without an id count too: for services, which are no boxes */
  nameless?: boolean;
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
  /** whether a certificate names this box; true for all where everybody is let in */
  isKnown(boxId: string): boolean;
  status(): AccessStatus;
}

/**
 * Reads the keys, starts the list and opens the gate.
 * @throws MakaiError KEY_FILE, KEY_INVALID, SECRET_EXPOSED for the server's keys; CONFIG_INVALID where nothing says who may enter
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
      `allow_any_client: whoever knows the public key of the server may connect${who.directory === undefined ? '; without client_certs no key can be revoked' : ''}`,
    );
  const allow = await startAllowList({
    sources: sourcesOf(options),
    anyone: who.any,
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
  curve: { readonly server_cert: string; readonly client_certs: string } | undefined,
  log: Logger,
): Promise<Access | undefined> {
  if (curve === undefined) return undefined;
  return openAccess({
    name: `${name}-backend`,
    serverKey: { file: curve.server_cert },
    allow: { any: false, directory: curve.client_certs },
    nameless: true,
    log,
  });
}

function curveOf({ publicKey, secretKey }: KeyPair, options: GateSocketOptions): CurveServerOptions {
  return { curveServer: true, curvePublicKey: publicKey, curveSecretKey: secretKey.reveal(), ...options };
}

function sourcesOf({ allow: who, boxKeys, log, nameless = false }: AccessOptions): AllowSource[] {
  const sources = allowSources({ ...who, boxKeys, nameless, log });
  if (who.any || sources.length > 0) return sources;
  throw new MakaiError('CONFIG_INVALID', 'nothing says who may connect', {
    hint: 'Give client_certs, or white_list "store", or allow_any_client true.',
  });
}
