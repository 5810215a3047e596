/**
 * Certificates: key files in ZPL (docs/wire-protocols.md, "Key files"). Existing boxes and services read them by
 * regular expression, and the first match wins, even in a comment. So ours has a blank on both sides of `=`, nothing after the closing
 * quote, and the name of a key on no other line.
 */
import { MAX_BOX_ID } from '../common/box-id.js';
import { MakaiError } from '../common/errors.js';
import { type KeyPair, parseKeyPair, parsePublicKey, parseSecretKey, publicKeyOf } from './key.js';

const PUBLIC_KEY = /^[ \t]*public-key[ \t]*=[ \t]*"?([^"\r\n]*)/m;
const SECRET_KEY = /^[ \t]*secret-key[ \t]*=[ \t]*"?([^"\r\n]*)/m;
/** also in a comment: existing programs would read it there */
const ANY_SECRET_KEY = /secret-key\s*=/;
const ID = /^[ \t]*id[ \t]*=[ \t]*"?([^"\r\n]*)/m;

/** What a public certificate says. */
export interface PublicCertificate {
  /** decimal, without leading zeros; absent in a server's */
  boxId: string | undefined;
  /** Z85 */
  publicKey: string;
}

/** What a secret certificate says: both keys. */
export interface SecretCertificate extends KeyPair {
  boxId: string | undefined;
}

/** The text of a public certificate. */
export function formatPublicCertificate({ boxId, publicKey }: PublicCertificate): string {
  return format('This file may be shown to anyone.', boxId, [`public-key = "${publicKey}"`]);
}

/** The text of a secret certificate. */
export function formatSecretCertificate({ boxId, publicKey, secretKey }: SecretCertificate): string {
  return format('DO NOT GIVE THIS FILE TO ANYONE.', boxId, [
    `public-key = "${publicKey}"`,
    `secret-key = "${secretKey.reveal()}"`,
  ]);
}

/**
 * Reads a public certificate.
 * @param where the file's name, for errors
 * @throws MakaiError KEY_INVALID: no public key, a bad one, a bad id, or a secret key in the file
 */
export function parsePublicCertificate(text: string, where: string): PublicCertificate {
  if (hasSecretKey(text)) {
    throw new MakaiError('KEY_INVALID', `${where}: holds a secret key where a public certificate belongs`, {
      hint: 'Move the file to private_keys and put the certificate without the secret key here.',
    });
  }
  return readPublic(text, where);
}

/**
 * Reads the public part, whatever else the file holds.
 * @throws MakaiError KEY_INVALID
 */
export function readPublic(text: string, where: string): PublicCertificate {
  const publicKey = field(text, PUBLIC_KEY);
  if (publicKey === undefined) {
    throw new MakaiError('KEY_INVALID', `${where}: no line \`public-key = "..."\``);
  }
  return { boxId: readBoxId(text, where), publicKey: parsePublicKey(publicKey, where) };
}

/**
 * Reads a secret certificate. Where it lacks the public key, that is computed from the secret one.
 * @throws MakaiError KEY_INVALID: no secret key, a bad key, or two keys that do not belong together
 */
export function parseSecretCertificate(text: string, where: string): SecretCertificate {
  const secretKey = field(text, SECRET_KEY);
  if (secretKey === undefined) {
    throw new MakaiError('KEY_INVALID', `${where}: no line \`secret-key = "..."\``, {
      hint: 'This must be the secret certificate, which holds both keys.',
    });
  }
  const publicKey = field(text, PUBLIC_KEY) ?? publicKeyOf(parseSecretKey(secretKey, where));
  return { boxId: readBoxId(text, where), ...parseKeyPair(publicKey, secretKey, where) };
}

/** Whether a key is the secret one of a certificate's text. */
export function isSecretKeyIn(text: string, key: string): boolean {
  return field(text, SECRET_KEY) === key;
}

/** Whether a text has a secret key in it. */
export function hasSecretKey(text: string): boolean {
  return ANY_SECRET_KEY.test(text);
}

/**
 * A box id as the messages carry it: 0 to 2147483647, decimal, leading zeros dropped.
 * @throws MakaiError KEY_INVALID
 */
export function parseBoxId(text: string, where: string): string {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (id < 0 || id > MAX_BOX_ID) {
    throw new MakaiError('KEY_INVALID', `${where}: the id of a box is a number from 0 to ${MAX_BOX_ID}`);
  }
  return String(id);
}

function readBoxId(text: string, where: string): string | undefined {
  const id = field(text, ID);
  return id === undefined ? undefined : parseBoxId(id, where);
}

function field(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1]?.trim();
}

function format(remark: string, boxId: string | undefined, keys: string[]): string {
  const lines = boxId === undefined ? keys : [`id = ${boxId}`, ...keys];
  return [
    '#   CurveZMQ certificate of an Open Power Quality network, made by makai.',
    `#   ${remark}`,
    '',
    'metadata',
    'curve',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
}
