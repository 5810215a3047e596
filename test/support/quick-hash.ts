import { hashPassword } from '../../daemon/people/password.js';

/** The hash of a password that takes a thousandth of the time: for users of tests that are not about passwords. */
export function quickHash(password: string): Promise<string> {
  return hashPassword(password, { logN: 5, r: 8, p: 1 });
}
