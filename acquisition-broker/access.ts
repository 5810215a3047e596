/** Who may connect to the boxes' sockets, by configuration: server key, allow-list, ZAP gate. */

import { MakaiError } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { type AcquisitionBrokerConfig, allowListOf, serverKeyOf } from '../config/index.js';
import { type AllowList, type AllowSource, startAllowList } from '../keys/allow-list.js';
import { CutOff } from '../keys/cut-off.js';
import { DirectorySource } from '../keys/directory-source.js';
import { readSecretCertificate } from '../keys/files.js';
import { type KeyPair, parseKeyPair } from '../keys/key.js';
import { StoreSource } from '../keys/store-source.js';
import { openGate } from '../keys/zap.js';
import type { Store } from '../store/store.js';
import type { CurveServerOptions } from './box-sockets.js';

export interface BoxAccess extends Running {
  curve: CurveServerOptions;
  /** whether a certificate names this box; true for all when everyone is let in */
  isKnown(boxId: number): boolean;
  status(): unknown;
  /** closes and opens the sockets anew when a key that is inside was revoked */
  guard(sockets: { close(): Promise<void>; open(): Promise<void> }): Running;
}

/** @throws MakaiError for a key that cannot be read, or where nothing says who may enter */
export async function openBoxAccess(
  config: AcquisitionBrokerConfig,
  store: Store,
  log: Logger,
): Promise<BoxAccess> {
  const key = serverKeyOf(config);
  const pair: KeyPair =
    'file' in key
      ? await readSecretCertificate(key.file)
      : parseKeyPair(key.publicKey, key.secretKey, 'pub_key and sec_key');
  const allow = await startAllowList({ ...sources(config, store, log), log });
  try {
    const gate = await openGate('acquisition-broker', allow, log);
    return {
      curve: {
        curveServer: true,
        curvePublicKey: pair.publicKey,
        curveSecretKey: pair.secretKey.reveal(),
        ...gate.socketOptions,
      },
      isKnown: (boxId) => config.allow_any_client || isNamed(allow, boxId),
      status: () => ({ allowList: allow.status(), gate: gate.status() }),
      guard: ({ close, open }) => new CutOff({ guards: [{ allow, gate }], log, close, open }),
      stop: async () => {
        await gate.stop();
        await allow.stop();
      },
    };
  } catch (error) {
    await allow.stop();
    throw error;
  }
}

function isNamed(allow: AllowList, boxId: number): boolean {
  return allow.boxIds().has(String(boxId));
}

function sources(
  config: AcquisitionBrokerConfig,
  store: Store,
  log: Logger,
): { sources: AllowSource[]; anyone: boolean } {
  const list = allowListOf(config);
  if (list.any) {
    log.warn('allow_any_client: whoever knows the public key of the server may connect');
    return { sources: [], anyone: true };
  }
  const found: AllowSource[] = [];
  if (list.directory !== undefined) found.push(new DirectorySource(list.directory, log));
  if (list.store) {
    const read = async () =>
      (await store.boxes()).map((box) => ({ boxId: box.box_id, publicKey: box.public_key }));
    found.push(new StoreSource('store', read, log));
  }
  if (found.length === 0) {
    throw new MakaiError('CONFIG_INVALID', 'nothing says which boxes may connect', {
      hint: 'Give client_certs, or white_list "store", or allow_any_client true.',
    });
  }
  return { sources: found, anyone: false };
}
