/** How often somebody may try to log in: from one address, and as one user from everywhere. */
import { isIPv6 } from 'node:net';
import type { Clock } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';
import { RecentMap } from '../../common/recent-map.js';
import { TokenBucket } from '../../common/token-bucket.js';

const REMEMBERED = 10_000;
const ADDRESS = { burst: 20, perSecond: 1 / 6 };
const USER = { burst: 40, perSecond: 1 / 4 };

export class LoginThrottle {
  readonly #clock: Clock;
  readonly #addresses = new RecentMap<string, TokenBucket>(REMEMBERED);
  readonly #users = new RecentMap<string, TokenBucket>(REMEMBERED);
  refused = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws MakaiError TOO_MANY_REQUESTS with how long to wait */
  admit(address: string, user: string): void {
    const network = networkOf(address);
    this.#take(
      this.#addresses.use(network, () => new TokenBucket(ADDRESS.burst, ADDRESS.perSecond, this.#clock)),
    );
    // An address that was refused takes nothing here: otherwise one client could lock out any user.
    this.#take(this.#users.use(user, () => new TokenBucket(USER.burst, USER.perSecond, this.#clock)));
  }

  #take(bucket: TokenBucket): void {
    if (bucket.take() === 1) return;
    this.refused += 1;
    const seconds = Math.ceil(bucket.waitMs() / 1000);
    throw new MakaiError('TOO_MANY_REQUESTS', `there were too many tries; try again in ${seconds} s`);
  }
}

/** Whoever has one IPv6 address has its whole /64 (RFC 6177). An IPv4 address stands for itself, also as `::ffff:192.0.2.1`. */
export function networkOf(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase();
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare) ?? [];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(bare)) return address;
  const [head = '', tail] = bare.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  // A dotted ending stands for two groups.
  const count = before.length + after.length + (bare.includes('.') ? 1 : 0);
  const zeros = Array.from({ length: 8 - count }, () => '0');
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
