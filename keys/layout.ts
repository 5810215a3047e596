/** Where key files are: `/etc/opq/curve/{private_keys,public_keys}` as existing services have it, and ours, `public_keys/revoked`. */
import { join } from 'node:path';
import { GATEWAY_BOX_ID } from '../common/box-id.js';

export const DEFAULT_KEY_DIRECTORY = '/etc/opq/curve';

/** Folder, inside the folder of public certificates, for certificates of revoked boxes. */
export const REVOKED_FOLDER = 'revoked';

/** The paths inside one key directory. */
export interface KeyLayout {
  privateDirectory: string;
  publicDirectory: string;
  revokedDirectory: string;
  /** both keys of the server: `server_cert` of the brokers */
  serverSecret: string;
  /** what a box is given */
  serverPublic: string;
  /** the next pair, while a rotation is prepared */
  nextServerSecret: string;
  nextServerPublic: string;
  /** both keys of a box; that of the gateway has a name of its own */
  boxSecret(boxId: string): string;
  /** the certificate that allows a box to connect */
  boxPublic(boxId: string): string;
}

export function keyLayout(directory: string = DEFAULT_KEY_DIRECTORY): KeyLayout {
  const privateDirectory = join(directory, 'private_keys');
  const publicDirectory = join(directory, 'public_keys');
  return {
    privateDirectory,
    publicDirectory,
    revokedDirectory: join(publicDirectory, REVOKED_FOLDER),
    serverSecret: join(privateDirectory, 'opqserver_secret'),
    serverPublic: join(publicDirectory, 'opqserver.key'),
    nextServerSecret: join(privateDirectory, 'opqserver_secret.next'),
    nextServerPublic: join(publicDirectory, 'opqserver.next.key'),
    boxSecret: (boxId) => join(privateDirectory, `${fileOf(boxId)}_secret`),
    boxPublic: (boxId) => join(publicDirectory, fileOf(boxId)),
  };
}

const fileOf = (boxId: string): string => (boxId === String(GATEWAY_BOX_ID) ? 'gateway' : `opqbox${boxId}`);
