/** Passwords as they are stored: scrypt (RFC 7914) with its parameters and a salt, so that they can be raised later. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Limit } from '../../common/limit.js';

export interface PasswordCost {
  /** logarithm to base 2 of scrypt's N */
  logN: number;
  r: number;
  p: number;
}

/** 32 MB and a tenth of a second each. */
const COST: PasswordCost = { logN: 15, r: 8, p: 1 };
const LENGTH = 32;
const MAX_MEMORY = 128 * 2 ** 20;

/** So that many logins at the same time cost neither all memory nor all cores. */
const limit = new Limit('logins', 2, 30);

function derive(password: string, salt: Buffer, { logN, p, r }: PasswordCost): Promise<Buffer> {
  const options = { N: 2 ** logN, r, p, maxmem: MAX_MEMORY };
  return new Promise((resolve, reject) => {
    // The same text typed on another keyboard may come in another form of Unicode.
    scrypt(password.normalize('NFKC'), salt, LENGTH, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** @param cost kept with the hash; lower in tests that need many users */
export async function hashPassword(password: string, cost = COST): Promise<string> {
  const salt = randomBytes(16);
  const { logN, p, r } = cost;
  const key = await limit.run(() => derive(password, salt, cost));
  return ['scrypt', logN, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** What is compared where there is no such user, so that this takes as long. */
const NOBODY = `scrypt$${COST.logN}$${COST.r}$${COST.p}$AAAAAAAAAAAAAAAAAAAAAA$${'A'.repeat(43)}`;

/** @param stored undefined: there is no such user. @throws MakaiError TOO_MANY_REQUESTS */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [kind, logN, r, p, salt = '', key = ''] = (stored ?? NOBODY).split('$');
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  const wanted = Buffer.from(key, 'base64url');
  // A store that somebody changed could ask for any amount of memory.
  const isKnown =
    kind === 'scrypt' && cost.logN <= 17 && cost.r <= 16 && cost.p <= 4 && wanted.length === LENGTH;
  if (!isKnown) return false;
  const found = await limit.run(() => derive(password, Buffer.from(salt, 'base64url'), cost));
  return timingSafeEqual(found, wanted) && stored !== undefined;
}
