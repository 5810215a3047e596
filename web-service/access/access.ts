/** Who asks: sessions (a cookie), API tokens, or everybody where no login is asked for. Secrets are kept by their hashes. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../common/clock.js';
import { codeOf, MakaiError } from '../../common/errors.js';
import { RecentMap } from '../../common/recent-map.js';
import { isPassword } from '../../daemon/people/password.js';
import { LoginThrottle } from '../../daemon/people/throttle.js';
import type { StoreLink } from '../../daemon/store-link.js';
import type { TokenDocument } from '../../store/store.js';
import { ROLES, type Role } from '../api/users.js';
import type { Caller } from './caller.js';
import { cookieText, readCookie } from './cookies.js';
import { changesSomething, refuseOtherName, refuseOtherSite } from './origin.js';

/** A working day and a night. */
const SESSION_SECONDS = 24 * 3600;
/** A session or token that was removed elsewhere is valid so much longer. */
const CACHED_MS = 5000;
const CACHED = 5000;
const TOKEN_PREFIX = 'makai_';

export interface AccessOptions {
  link: StoreLink;
  clock: Clock;
  /** false: whoever reaches the service is an admin */
  login: boolean;
  /** cookies are for HTTPS alone */
  isSecure: boolean;
}

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const csrfOf = (secret: string): string => createHmac('sha256', secret).update('csrf').digest('base64url');
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** The lower one. */
export const lowerRole = (a: Role, b: Role): Role => (ROLES.indexOf(a) <= ROLES.indexOf(b) ? a : b);

const LOCAL: Caller = { name: 'local', role: 'admin', by: 'open' };

export class Access {
  readonly #options: AccessOptions;
  readonly #cached = new RecentMap<string, { atMs: number; caller: Caller | 'nobody' }>(CACHED);
  readonly throttle: LoginThrottle;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.throttle = new LoginThrottle(options.clock);
  }

  get login(): boolean {
    return this.#options.login;
  }

  /**
   * @returns undefined: nobody is logged in
   * @throws MakaiError LOGIN_REQUIRED for a token that is not valid; NOT_PERMITTED for a request of another site, or one without the header against
   *   it; STORE_UNAVAILABLE
   */
  async identify(request: FastifyRequest): Promise<Caller | undefined> {
    refuseOtherSite(request);
    if (!this.#options.login) {
      refuseOtherName(request);
      return LOCAL;
    }
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.#byToken(authorization);
    const secret = readCookie(request, this.#options.isSecure);
    if (secret === undefined) return undefined;
    const caller = await this.#find(hashOf(secret), 'session');
    if (caller === undefined) return undefined;
    if (changesSomething(request)) requireCsrf(request, secret);
    return { ...caller, csrf: csrfOf(secret) };
  }

  /** Whether a session or token is still valid. */
  async isValid({ by, id }: Caller): Promise<boolean> {
    if (by === 'open' || id === undefined) return true;
    return (await this.#find(id, by === 'token' ? 'api' : 'session')) !== undefined;
  }

  /** @returns the caller and the cookie to set. @throws MakaiError LOGIN_FAILED, TOO_MANY_REQUESTS, STORE_UNAVAILABLE */
  async logIn(name: string, password: string, address: string): Promise<{ caller: Caller; cookie: string }> {
    this.throttle.admit(address, name);
    const { clock, isSecure, link } = this.#options;
    const user = await link.read((store) => store.user(name));
    if (!(await isPassword(password, user?.password)) || user === undefined)
      throw new MakaiError('LOGIN_FAILED', 'the name or the password is wrong');
    const secret = newSecret();
    const nowMs = clock.now();
    const token: TokenDocument = {
      token_hash: hashOf(secret),
      kind: 'session',
      user: user.name,
      name: '',
      role: user.role,
      created_ms: nowMs,
      expires_ms: nowMs + 1000 * SESSION_SECONDS,
    };
    await link.read(async (store) => {
      await store.removeExpiredTokens(nowMs);
      await store.addToken(token);
    });
    const caller = { ...callerOf(token, user.role), csrf: csrfOf(secret) };
    return { caller, cookie: cookieText(secret, isSecure, SESSION_SECONDS) };
  }

  /** The cookie that removes the cookie. */
  get removal(): string {
    return cookieText(undefined, this.#options.isSecure, 0);
  }

  /** Ends a session; a token stays. @throws MakaiError STORE_UNAVAILABLE */
  async logOut({ by, id }: Caller): Promise<void> {
    if (by !== 'session' || id === undefined) return;
    await this.#options.link.read((store) => store.removeToken(id));
    this.forget();
  }

  /** After users or tokens were changed. */
  forget(): void {
    this.#cached.clear();
  }

  #byToken(authorization: string): Promise<Caller> {
    const [, secret = ''] = /^Bearer (makai_[\w-]{43})$/i.exec(authorization) ?? [];
    return this.#find(hashOf(secret), 'api').then((caller) => {
      if (caller !== undefined) return caller;
      throw new MakaiError(
        'LOGIN_REQUIRED',
        'the token is not valid: it was removed, has expired, or is not one',
      );
    });
  }

  async #find(id: string, kind: TokenDocument['kind']): Promise<Caller | undefined> {
    const nowMs = this.#options.clock.monotonic();
    const known = this.#cached.get(id);
    if (known !== undefined && nowMs - known.atMs < CACHED_MS) return this.#unexpired(known.caller);
    try {
      const caller = await this.#read(id, kind);
      this.#cached.set(id, { atMs: nowMs, caller: caller ?? 'nobody' });
      return caller;
    } catch (error) {
      // Who was logged in sees that the store is unavailable, and not a login.
      if (codeOf(error) !== 'STORE_UNAVAILABLE' || known === undefined) throw error;
      return this.#unexpired(known.caller);
    }
  }

  #unexpired(caller: Caller | 'nobody'): Caller | undefined {
    if (caller === 'nobody') return undefined;
    const { expiresMs = Number.POSITIVE_INFINITY } = caller;
    return expiresMs > this.#options.clock.now() ? caller : undefined;
  }

  async #read(id: string, kind: TokenDocument['kind']): Promise<Caller | undefined> {
    const { clock, link } = this.#options;
    return link.read(async (store) => {
      const token = await store.token(id);
      if (token === undefined || token.kind !== kind) return undefined;
      if (token.expires_ms !== undefined && token.expires_ms <= clock.now()) return undefined;
      const user = await store.user(token.user);
      return user === undefined ? undefined : callerOf(token, lowerRole(user.role, token.role));
    });
  }
}

function callerOf({ expires_ms, kind, token_hash, user }: TokenDocument, role: Role): Caller {
  return {
    name: user,
    role,
    by: kind === 'api' ? 'token' : 'session',
    id: token_hash,
    ...(expires_ms === undefined ? {} : { expiresMs: expires_ms }),
  };
}

/** @throws MakaiError NOT_PERMITTED */
function requireCsrf({ headers }: Pick<FastifyRequest, 'headers'>, secret: string): void {
  const given = Buffer.from(String(headers['x-csrf-token'] ?? ''));
  const wanted = Buffer.from(csrfOf(secret));
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new MakaiError('NOT_PERMITTED', 'the header x-csrf-token is missing or wrong', {
    hint: 'GET /api/v1/session gives its value.',
  });
}

export const newToken = (): string => `${TOKEN_PREFIX}${newSecret()}`;
