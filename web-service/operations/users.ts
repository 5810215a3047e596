/** Sessions, users, tokens. */
import { MakaiError } from '../../common/errors.js';
import { VERSION } from '../../common/version.js';
import { type Change, writeAudit } from '../../daemon/audit.js';
import { hashPassword, isPassword } from '../../daemon/people/password.js';
import type { TokenDocument, UserDocument } from '../../store/store.js';
import { hashOf, lowerRole, newToken } from '../access/access.js';
import { auditName, type Caller, isAllowed } from '../access/caller.js';
import type { Session } from '../api/users.js';
import { RequestError } from '../http/problems.js';
import type { Services } from '../services.js';
import { definedOnly } from './boxes.js';
import type { Handlers } from './handler.js';

type UserHandlers = Pick<
  Handlers,
  | 'getSession'
  | 'logIn'
  | 'logOut'
  | 'changeOwnPassword'
  | 'listUsers'
  | 'addUser'
  | 'changeUser'
  | 'removeUser'
  | 'listTokens'
  | 'addToken'
  | 'removeToken'
>;

const DAY_MS = 86_400_000;
/** Tokens of one user. */
const MOST_TOKENS = 100;

export function userHandlers({ access, clock, limits, link, settings }: Services): UserHandlers {
  const sessionOf = (caller: Caller | undefined): Session => ({
    login_required: access.login,
    ...(caller === undefined ? {} : { user: { name: caller.name, role: caller.role } }),
    ...(caller?.csrf === undefined ? {} : { csrf: caller.csrf }),
    ...(caller?.expiresMs === undefined ? {} : { expires_ms: caller.expiresMs }),
    version: VERSION,
    now_ms: clock.now(),
    page: settings.mapTiles === undefined ? {} : { map_tiles: settings.mapTiles },
  });
  const userOf = async (name: string): Promise<UserDocument> => {
    const user = await link.read((store) => store.user(name));
    if (user !== undefined) return user;
    throw noUser(name);
  };
  /** @throws MakaiError NOT_PERMITTED where nobody could manage users any more */
  const keepOneAdmin = async (name: string): Promise<void> => {
    const users = await link.read((store) => store.users());
    if (users.some((one) => one.role === 'admin' && one.name !== name)) return;
    throw new MakaiError('NOT_PERMITTED', `${name} is the last admin`, {
      hint: 'Make another user an admin first.',
    });
  };
  const audit = (caller: Caller | undefined, change: Change): Promise<void> =>
    link.read((store) => writeAudit(store, auditName(caller), change));
  return {
    getSession: async ({ caller }) => sessionOf(caller),
    logIn: async ({ body, reply, request }) => {
      if (!access.login) return sessionOf(await access.identify(request));
      const { caller, cookie } = await access.logIn(body.name, body.password, request.ip);
      reply.header('set-cookie', cookie);
      return sessionOf(caller);
    },
    logOut: async ({ caller, reply }) => {
      if (caller === undefined) return undefined;
      // First: the browser forgets the session also where the store cannot.
      reply.header('set-cookie', access.removal);
      await access.logOut(caller);
      return undefined;
    },
    changeOwnPassword: async ({ body, caller, request }) => {
      if (caller?.by !== 'session')
        throw new MakaiError('NOT_PERMITTED', 'a password is changed by who is logged in with it');
      access.throttle.admit(request.ip, caller.name);
      const { name, password: stored } = await userOf(caller.name);
      if (!(await isPassword(body.old_password, stored)))
        throw new MakaiError('LOGIN_FAILED', 'the old password is wrong');
      const password = await hashPassword(body.new_password);
      const except = caller.id === undefined ? {} : { except: caller.id };
      await link.read(async (store) => {
        if (!(await store.changeUser({ name, password }))) throw noUser(name);
        await store.removeTokens({ user: name, kind: 'session', ...except });
      });
      access.forget();
      await audit(caller, {
        ...{ command: 'users set', subject: `user ${name}` },
        ...{ before: {}, after: { password: 'new' } },
      });
      return undefined;
    },
    listUsers: async () => ({ items: (await link.read((store) => store.users())).map(userJson) }),
    addUser: async ({ body: { name, password, role }, caller }) => {
      const user = { name, role, password: await hashPassword(password), created_ms: clock.now() };
      if (!(await link.read((store) => store.addUser(user))))
        throw new MakaiError('USER_EXISTS', `there is a user ${name} already`);
      await audit(caller, { command: 'users add', subject: `user ${name}`, after: { role } });
      return userJson(user);
    },
    changeUser: async ({ body: { password: given, role }, caller, params: { name } }) => {
      const password = given === undefined ? undefined : await hashPassword(given);
      // One change after the other: the last admin is still one when the change is made.
      return limits.changes.run(async () => {
        const user = await userOf(name);
        if (role !== undefined && role !== 'admin' && user.role === 'admin') await keepOneAdmin(name);
        const change = definedOnly({ name, role, password });
        await link.read(async (store) => {
          if (!(await store.changeUser(change))) throw noUser(name);
          await store.removeTokens({ user: name, kind: 'session' });
        });
        access.forget();
        const changed = userJson({ ...user, ...change });
        await audit(caller, {
          ...{ command: 'users set', subject: `user ${name}`, before: { role: user.role } },
          after: { role: changed.role, ...(password === undefined ? {} : { password: 'new' }) },
        });
        return changed;
      });
    },
    removeUser: ({ caller, params: { name } }) =>
      limits.changes.run(async () => {
        const user = await userOf(name);
        if (user.role === 'admin') await keepOneAdmin(name);
        if (!(await link.read((store) => store.removeUser(name)))) throw noUser(name);
        access.forget();
        const before = { role: user.role };
        await audit(caller, { command: 'users remove', subject: `user ${name}`, before });
        return undefined;
      }),
    listTokens: async ({ caller }) => {
      const isAdmin = caller !== undefined && isAllowed(caller.role, 'admin');
      const tokens = await link.read((store) => store.tokens(isAdmin ? undefined : caller?.name));
      return { items: tokens.filter(({ kind }) => kind === 'api').map(tokenJson) };
    },
    addToken: async ({ body, caller }) => {
      if (caller === undefined || caller.by === 'open')
        throw new MakaiError('NOT_PERMITTED', 'without a login nobody needs a token here');
      // A token that was stolen must end when it is removed.
      if (caller.by !== 'session')
        throw new MakaiError('NOT_PERMITTED', 'a token is made by who is logged in with a password');
      const own = await link.read((store) => store.tokens(caller.name));
      if (own.filter(({ kind }) => kind === 'api').length >= MOST_TOKENS)
        throw new RequestError(`${caller.name} has ${MOST_TOKENS} tokens already`);
      const secret = newToken();
      const nowMs = clock.now();
      const token: TokenDocument = {
        token_hash: hashOf(secret),
        kind: 'api',
        user: caller.name,
        name: body.name,
        role: body.role === undefined ? caller.role : lowerRole(body.role, caller.role),
        created_ms: nowMs,
        ...(body.days === undefined ? {} : { expires_ms: nowMs + body.days * DAY_MS }),
      };
      await link.read((store) => store.addToken(token));
      await audit(caller, { ...tokenChange('add', token), after: audited(token) });
      return { ...tokenJson(token), secret };
    },
    removeToken: async ({ caller, params: { token_id } }) => {
      const isAdmin = caller !== undefined && isAllowed(caller.role, 'admin');
      const tokens = await link.read((store) => store.tokens(isAdmin ? undefined : caller?.name));
      const token = tokens.find((one) => one.kind === 'api' && idOf(one) === token_id);
      if (token === undefined) throw noToken(token_id);
      if (!(await link.read((store) => store.removeToken(token.token_hash)))) throw noToken(token_id);
      access.forget();
      await audit(caller, { ...tokenChange('remove', token), before: audited(token) });
      return undefined;
    },
  };
}

function noUser(name: string): MakaiError {
  return new MakaiError('NOT_FOUND', `there is no user ${name}`, { hint: '`makai users list` lists them.' });
}

function noToken(id: string): MakaiError {
  return new MakaiError('NOT_FOUND', `there is no token ${id}`);
}

const userJson = ({ created_ms, name, role }: UserDocument) => ({ name, role, created_ms });
const idOf = ({ token_hash }: TokenDocument): string => token_hash.slice(0, 16);

const tokenChange = (verb: 'add' | 'remove', token: TokenDocument) => ({
  command: `tokens ${verb}`,
  subject: `token ${idOf(token)}`,
});

function tokenJson(token: TokenDocument) {
  const { created_ms, expires_ms, name, role, user } = token;
  return {
    token_id: idOf(token),
    user,
    name,
    role,
    created_ms,
    ...(expires_ms === undefined ? {} : { expires_ms }),
  };
}

function audited(token: TokenDocument) {
  const { token_id: _, ...fields } = tokenJson(token);
  return fields;
}
