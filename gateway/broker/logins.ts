/** Who connects to the embedded broker: users of the web service with their passwords, or with an API token as the password. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';
import { isPassword } from '../../daemon/people/password.js';
import { LoginThrottle } from '../../daemon/people/throttle.js';
import type { Store, UserRole } from '../../store/store.js';

const ROLES: readonly UserRole[] = ['viewer', 'operator', 'admin'];
const TOKEN = /^makai_[\w-]{43}$/;

export interface Person {
  name: string;
  role: UserRole;
  /** hash of the token; undefined: by password */
  token?: string | undefined;
  /** the hash of the password as it was; undefined: by token */
  password?: string | undefined;
}

export class Logins {
  readonly #store: () => Pick<Store, 'user' | 'token'>;
  readonly #clock: Clock;
  readonly #throttle: LoginThrottle;

  constructor(store: () => Pick<Store, 'user' | 'token'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#throttle = new LoginThrottle(clock);
  }

  /** @throws MakaiError LOGIN_FAILED, TOO_MANY_REQUESTS, STORE_UNAVAILABLE */
  async logIn(name: string, password: string, address: string): Promise<Person> {
    // Nobody guesses a token, and programs that connect together, after a restart of the gateway, have one address.
    if (TOKEN.test(password)) return this.#byToken(name, createHash('sha256').update(password).digest('hex'));
    this.#throttle.admit(address, name);
    const store = this.#store();
    const user = await store.user(name);
    if (!(await isPassword(password, user?.password)) || user === undefined) throw wrong();
    return { name: user.name, role: user.role, password: user.password };
  }

  /** The role that somebody has now; undefined: none any more, or the password was changed. @throws MakaiError STORE_UNAVAILABLE */
  async roleNow({ name, password, token }: Person): Promise<UserRole | undefined> {
    if (token === undefined) {
      const user = await this.#store().user(name);
      return user?.password === password ? user?.role : undefined;
    }
    return this.#byToken(name, token).then(
      ({ role }) => role,
      (error: unknown) => {
        if (error instanceof MakaiError && error.code === 'LOGIN_FAILED') return undefined;
        throw error;
      },
    );
  }

  async #byToken(name: string, hash: string): Promise<Person> {
    const store = this.#store();
    const token = await store.token(hash);
    const isValid =
      token?.kind === 'api' &&
      token.user === name &&
      (token.expires_ms === undefined || token.expires_ms > this.#clock.now());
    const user = isValid ? await store.user(name) : undefined;
    if (token === undefined || user === undefined) throw wrong();
    const role = ROLES.indexOf(user.role) < ROLES.indexOf(token.role) ? user.role : token.role;
    return { name, role, token: hash };
  }
}

const wrong = (): MakaiError => new MakaiError('LOGIN_FAILED', 'the name or the password is wrong');
