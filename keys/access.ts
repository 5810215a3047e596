/**
 * Who may connect to the sockets that a daemon opens for boxes (or, under CURVE, for services), as its configuration says: the server's
 * key pair, the allow-list and its gate. Opened before the sockets and stopped after them.
 */
import { MakaiError } from '../common/errors.js';
import { type Running, stopAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { CurveServerOptions } from '../zmq/curve.js';
import { type AllowList, type AllowListStatus, type AllowSource, startAllowList } from './allow-list.js';
import { allowSources } from './allow-sources.js';
import type { Gate, GateSocketOptions, GateStatus } from './gate.js';
import type { KeyPair } from './key.js';
import { type ServerKeySource, ServerKeys, type ServerKeysStatus } from './server-keys.js';
import type { ReadBoxKeys } from './store-source.js';
import { openGate } from './zap.js';

export interface AccessOptions {
  /** the daemon's name; begins the ZAP domain */
  name: string;
  /** file with the server's pair, or the pair itself (v3) */
  serverKey: ServerKeySource;
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
  /** of the server, those in force */
  server_keys: ServerKeysStatus;
  allow_list: AllowListStatus;
  gate: GateStatus;
}

export interface Access extends Running {
  readonly allow: AllowList;
  readonly gate: Gate;
  /** for endpoints with the server's present key */
  readonly curve: CurveServerOptions;
  /** for endpoints with the next key, which carry the present one while there is none; undefined without such endpoints */
  readonly nextCurve: CurveServerOptions | undefined;
  /** Called when a key of the server in a file was changed: `curve` and `nextCurve` have it, sockets that are open do not. */
  onServerKey(listener: () => void): void;
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
  const keys = await ServerKeys.open({ source: serverKey, nextFile: nextServerKeyFile, log });
  if (who.any)
    log.warn(
      { server: name, revoked_in: who.directory },
      `allow_any_client: everyone who knows the public key of the server may connect${who.directory === undefined ? '; without client_certs no key can be revoked' : ''}`,
    );
  const running: { name: string; part: Running }[] = [{ name: 'server keys', part: keys }];
  try {
    const allow = await startAllowList({ sources: sourcesOf(options), anyClient: who.any, log });
    running.push({ name: 'allow-list', part: allow });
    const gate = await openGate(name, allow, log);
    running.push({ name: 'gate', part: gate });
    return accessOf(keys, allow, gate, who.any, () => stopAll(running));
  } catch (error) {
    await stopAll(running).catch(() => undefined);
    throw error;
  }
}

/** The options are changed in place with the keys, so that sockets that are reopened have the new ones. */
function accessOf(
  keys: ServerKeys,
  allow: AllowList,
  gate: Gate,
  any: boolean,
  stop: () => Promise<void>,
): Access {
  const curve = curveOf(keys.present, gate.socketOptions);
  const nextCurve = keys.next === undefined ? undefined : curveOf(keys.next, gate.nextSocketOptions);
  keys.onChange(() => {
    Object.assign(curve, curveOf(keys.present, gate.socketOptions));
    if (nextCurve !== undefined && keys.next !== undefined)
      Object.assign(nextCurve, curveOf(keys.next, gate.nextSocketOptions));
  });
  return {
    allow,
    gate,
    curve,
    nextCurve,
    onServerKey: (listener) => keys.onChange(listener),
    isKnown: (boxId) => any || allow.boxIds().has(boxId),
    status: () => ({ server_keys: keys.status(), allow_list: allow.status(), gate: gate.status() }),
    stop,
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
