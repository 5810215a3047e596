/** Files that settings name: certificates, keys and passwords. An error says which setting, and which file. */
import { readFileSync, statSync } from 'node:fs';
import { MakaiError, messageOf } from './errors.js';
import { refuseOpenToOthers } from './secret-file.js';

/** @param setting its path, for the message @throws MakaiError CONFIG_UNREADABLE */
export function readFileOf(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new MakaiError('CONFIG_UNREADABLE', `${setting}: ${path} cannot be read: ${messageOf(error)}`, {
      hint: 'Check the path, and that the user of the service may read the file.',
      cause: error,
    });
  }
}

/** A file that only its owner and group may read. @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED */
export function readSecretOf(setting: string, path: string): string {
  const text = readFileOf(setting, path);
  refuseOpenToOthers(path, statSync(path));
  return text;
}

/** A password: the file's text without the line break at its end. @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED */
export function readPasswordOf(setting: string, path: string): string {
  return readSecretOf(setting, path).replace(/\r?\n$/, '');
}

/** What a server with TLS needs. @param setting that of both paths @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for the key */
export function readTlsOf(
  setting: string,
  { cert, key }: { cert: string; key: string },
): { cert: string; key: string } {
  return { cert: readFileOf(`${setting}.cert`, cert), key: readSecretOf(`${setting}.key`, key) };
}
