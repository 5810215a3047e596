/**
 * The keys of CurveZMQ: Curve25519, 32 bytes, as Z85 text of 40 characters. A secret lives in a `SecretKey`, which shows
 * itself only when asked by name, so that a log line or an error cannot hold one by accident.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { inspect } from 'node:util';
import { MakaiError } from '../common/errors.js';
import { newCurveKeys } from '../zmq/library.js';
import { z85Decode, z85Encode } from './z85.js';

const KEY_CHARACTERS = 40;
/** DER of an X25519 private key (RFC 8410) up to the 32 bytes themselves */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const HIDDEN = '[secret]';

export class SecretKey {
  readonly #z85: string;

  /** @param z85 checked by `parseSecretKey` */
  constructor(z85: string) {
    this.#z85 = z85;
  }

  /** The Z85 text. For a socket's `curveSecretKey` and for the secret certificate, nowhere else. */
  reveal(): string {
    return this.#z85;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

export interface KeyPair {
  /** Z85, 40 characters */
  publicKey: string;
  secretKey: SecretKey;
}

/** A fresh pair from libzmq's own generator. */
export function newKeyPair(): KeyPair {
  const { publicKey, secretKey } = newCurveKeys();
  return { publicKey, secretKey: new SecretKey(secretKey) };
}

/**
 * Checks a public key.
 * @param where  names the place in the error (a file, a field)
 * @returns the key as it stands
 * @throws MakaiError KEY_INVALID: not Z85, not 40 characters, or a number that no public key can be
 */
export function parsePublicKey(z85: string, where: string): string {
  // A public key is an X25519 coordinate below 2^255 - 19; every second secret is greater, so this finds many of those.
  if (!isCoordinate(decodeKey(z85, where, 'public key'))) {
    throw new MakaiError('KEY_INVALID', `${where}: this is no public key (it may be a secret one)`, {
      hint: 'Give the text after `public-key`. If a secret key was put there, make a new pair: the old one is known now.',
    });
  }
  return z85;
}

/** @throws MakaiError KEY_INVALID that never repeats the text */
export function parseSecretKey(z85: string, where: string): SecretKey {
  decodeKey(z85, where, 'secret key');
  return new SecretKey(z85);
}

/** The public key that belongs to a secret one (X25519 with the base point, RFC 7748). */
export function publicKeyOf(secretKey: SecretKey): string {
  const der = Buffer.concat([PKCS8_X25519, z85Decode(secretKey.reveal())]);
  const publicKey = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return z85Encode(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
}

/**
 * Checks that the two belong together, as read from one place (a certificate, `pub_key` + `sec_key` of a configuration).
 * @throws MakaiError KEY_INVALID, also where the two are swapped
 */
export function parseKeyPair(publicKey: string, secretKey: string, where: string): KeyPair {
  const secret = parseSecretKey(secretKey, where);
  if (publicKeyOf(secret) === publicKey) return { publicKey, secretKey: secret };
  decodeKey(publicKey, where, 'public key');
  const swapped = publicKeyOf(new SecretKey(publicKey)) === secretKey;
  throw new MakaiError(
    'KEY_INVALID',
    swapped
      ? `${where}: the secret key stands where the public key belongs`
      : `${where}: the public key does not belong to the secret key`,
    { hint: swapped ? 'Exchange the two.' : 'Copy both from the same certificate.' },
  );
}

function decodeKey(z85: string, where: string, what: string): Buffer {
  const hint = 'A key is 40 characters of Z85 text; `makai keys` makes one.';
  if (z85.length !== KEY_CHARACTERS) {
    throw new MakaiError('KEY_INVALID', `${where}: the ${what} has ${z85.length} characters, not 40`, {
      hint,
    });
  }
  try {
    return z85Decode(z85);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'no Z85';
    throw new MakaiError('KEY_INVALID', `${where}: the ${what} is not Z85: ${reason}`, { hint });
  }
}

function isCoordinate(key: Buffer): boolean {
  // 2^255 - 19, little endian: ed ff .. ff 7f
  if ((key[31] ?? 0) !== 0x7f) return (key[31] ?? 0) < 0x7f;
  if (key.subarray(1, 31).some((byte) => byte !== 0xff)) return true;
  return (key[0] ?? 0) < 0xed;
}
