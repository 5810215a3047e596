/** What `makai users ...` and `makai tokens ...` do. */
import { MakaiError } from '../common/errors.js';
import { jsonLine, write } from '../common/stdout.js';
import type { Store, TokenDocument, UserDocument } from '../store/store.js';
import { hashOf, hashPassword, newToken, ROLES, type Role, userName } from '../web-service/index.js';
import { audit } from './audit.js';
import { UsageError } from './errors.js';
import { print } from './output.js';
import { generatedPassword, readPassword } from './read-password.js';
import { type StoreChoice, useStore } from './store-access.js';
import { isoTime } from './time.js';

const DAY_MS = 86_400_000;
/** Part of a token's hash that identifies it. */
const ID_LENGTH = 16;

interface PasswordChoice extends StoreChoice {
  generate?: true;
}

export async function addUser(name: string, options: PasswordChoice & { role: Role }): Promise<void> {
  const parsed = userName.safeParse(name);
  if (!parsed.success)
    throw new UsageError(`<name>: expected ${parsed.error.issues[0]?.message}, found ${name}`);
  await useStore(options, async (store) => {
    if ((await store.user(name)) !== undefined) throw taken(name);
    const password = await chosenPassword(options);
    const user = { name, role: options.role, password: await hashPassword(password), created_ms: Date.now() };
    if (!(await store.addUser(user))) throw taken(name);
    const after = { role: options.role };
    await audit(store, { command: 'users add', subject: `user ${name}`, after });
    await write(`user ${name}: added as ${options.role}\n`);
    if (options.generate) await write(`password: ${password}\n`);
  });
}

export async function listUsers(options: StoreChoice & { json?: true }): Promise<void> {
  await useStore(options, async (store) => {
    const users = (await store.users()).map(({ created_ms, name, role }) => ({ name, role, created_ms }));
    await print(
      users,
      [
        { title: 'name', value: (user) => user.name },
        { title: 'role', value: (user) => user.role },
        { title: 'added', value: (user) => isoTime(user.created_ms) },
      ],
      options,
    );
  });
}

export async function removeUser(name: string, options: StoreChoice): Promise<void> {
  await useStore(options, async (store) => {
    const { role } = await existing(store, name);
    if (!(await store.removeUser(name))) throw noUser(name);
    await audit(store, { command: 'users remove', subject: `user ${name}`, before: { role } });
    await write(`user ${name}: removed\n`);
  });
}

export async function changeUser(name: string, options: PasswordChoice & { role?: Role }): Promise<void> {
  await useStore(options, async (store) => {
    const before = { role: (await existing(store, name)).role };
    const command = { command: 'users set', subject: `user ${name}`, before };
    if (options.role !== undefined) {
      if (!(await store.changeUser({ name, role: options.role }))) throw noUser(name);
      await store.removeTokens({ user: name, kind: 'session' });
      await audit(store, { ...command, after: { role: options.role } });
      await write(`user ${name}: is ${options.role}\n`);
      return;
    }
    const password = await chosenPassword(options);
    if (!(await store.changeUser({ name, password: await hashPassword(password) }))) throw noUser(name);
    await store.removeTokens({ user: name, kind: 'session' });
    await audit(store, { ...command, after: { ...before, password: 'new' } });
    await write(`user ${name}: has a new password\n`);
    if (options.generate) await write(`password: ${password}\n`);
  });
}

interface TokenOptions extends StoreChoice {
  name: string;
  role?: Role;
  days?: number;
  json?: true;
}

export async function addToken(userText: string, options: TokenOptions): Promise<void> {
  const { days, json, name, role } = options;
  await useStore(options, async (store) => {
    const user = await existing(store, userText);
    if (role !== undefined && ROLES.indexOf(role) > ROLES.indexOf(user.role))
      throw new UsageError(`--role: ${userText} is ${user.role}, so a token cannot be ${role}`);
    const secret = newToken();
    const created_ms = Date.now();
    const token: TokenDocument = {
      token_hash: hashOf(secret),
      kind: 'api',
      user: userText,
      name,
      role: role ?? user.role,
      created_ms,
      ...(days === undefined ? {} : { expires_ms: created_ms + days * DAY_MS }),
    };
    await store.addToken(token);
    const { token_id, ...after } = shown(token);
    await audit(store, { command: 'tokens add', subject: `token ${token_id}`, after });
    if (json) await write(jsonLine({ ...shown(token), secret }));
    else await write(`${secret}\n`);
  });
}

export async function listTokens(options: StoreChoice & { json?: true }): Promise<void> {
  await useStore(options, async (store) => {
    const tokens = (await store.tokens()).filter(({ kind }) => kind === 'api').map(shown);
    await print(
      tokens,
      [
        { title: 'id', value: (token) => token.token_id },
        { title: 'user', value: (token) => token.user },
        { title: 'role', value: (token) => token.role },
        { title: 'name', value: (token) => token.name },
        { title: 'made', value: (token) => isoTime(token.created_ms) },
        {
          title: 'valid until',
          value: (token) => (token.expires_ms === undefined ? 'removed' : isoTime(token.expires_ms)),
        },
      ],
      options,
    );
  });
}

export async function removeToken(id: string, options: StoreChoice): Promise<void> {
  await useStore(options, async (store) => {
    const token = (await store.tokens()).find((one) => one.kind === 'api' && shown(one).token_id === id);
    if (token === undefined)
      throw new MakaiError('NOT_FOUND', `there is no token ${id}`, {
        hint: '`makai tokens list` lists the tokens.',
      });
    await store.removeToken(token.token_hash);
    const { token_id: _, ...before } = shown(token);
    await audit(store, { command: 'tokens remove', subject: `token ${id}`, before });
    await write(`token ${id}: removed\n`);
  });
}

function shown({ created_ms, expires_ms, name, role, token_hash, user }: TokenDocument) {
  const token_id = token_hash.slice(0, ID_LENGTH);
  return { token_id, user, name, role, created_ms, ...(expires_ms === undefined ? {} : { expires_ms }) };
}

async function existing(store: Store, name: string): Promise<UserDocument> {
  const user = await store.user(name);
  if (user === undefined) throw noUser(name);
  return user;
}

async function chosenPassword({ generate }: PasswordChoice): Promise<string> {
  return generate ? generatedPassword() : readPassword();
}

function taken(name: string): MakaiError {
  return new MakaiError('USER_EXISTS', `there is a user ${name} already`, {
    hint: `\`makai users password ${name}\` sets a new password or role.`,
  });
}

function noUser(name: string): MakaiError {
  return new MakaiError('NOT_FOUND', `there is no user ${name}`, {
    hint: '`makai users list` lists the users.',
  });
}
