/** Users, their tokens and sessions, and locations. */
import type { LocationDocument, TokenChoice, TokenDocument, UserChange, UserDocument } from '../documents.js';
import type { Context } from './context.js';

export function peopleOperations({ db, write }: Context) {
  const locations = db.prepare<[], string>('SELECT document FROM locations ORDER BY slug').pluck(true);
  const ofLocation = db
    .prepare<[string], string>('SELECT document FROM locations WHERE slug = ?')
    .pluck(true);
  const putLocation = db.prepare<[string, string]>(
    'INSERT INTO locations VALUES (?, ?) ON CONFLICT DO UPDATE SET document = excluded.document',
  );
  const users = db.prepare<[], string>('SELECT document FROM users ORDER BY name').pluck(true);
  const user = db.prepare<[string], string>('SELECT document FROM users WHERE name = ?').pluck(true);
  const addUser = db.prepare<[string, string]>('INSERT OR IGNORE INTO users VALUES (?, ?)');
  const changeUser = db.prepare<[string, string]>(
    'UPDATE users SET document = json_patch(document, ?) WHERE name = ?',
  );
  const removeUser = db.prepare<[string]>('DELETE FROM users WHERE name = ?');
  const tokens = db.prepare<[], string>('SELECT document FROM tokens ORDER BY rowid').pluck(true);
  const tokensOf = db
    .prepare<[string], string>('SELECT document FROM tokens WHERE user = ? ORDER BY rowid')
    .pluck(true);
  const token = db.prepare<[string], string>('SELECT document FROM tokens WHERE token_hash = ?').pluck(true);
  const addToken = db.prepare<[string, string, string, number | null, string]>(
    'INSERT INTO tokens (token_hash, kind, user, expires_ms, document) VALUES (?, ?, ?, ?, ?)',
  );
  const removeToken = db.prepare<[string]>('DELETE FROM tokens WHERE token_hash = ?');
  const removeTokens = db.prepare<[{ name: string; kind: string | null; except: string | null }]>(
    'DELETE FROM tokens WHERE user = :name AND (:kind IS NULL OR kind = :kind) AND (:except IS NULL OR token_hash <> :except)',
  );
  const removeExpired = db.prepare<[number]>('DELETE FROM tokens WHERE expires_ms <= ?');

  return {
    locations: (): LocationDocument[] => locations.all().map((body) => JSON.parse(body) as LocationDocument),
    putLocation: (location: LocationDocument): void => {
      write(() => {
        const before = parsed<LocationDocument>(ofLocation.get(location.slug));
        const { regions = before?.regions ?? [], ...rest } = location;
        const after = regions.length === 0 ? rest : { ...rest, regions };
        putLocation.run(location.slug, JSON.stringify(after));
      });
    },
    users: (): UserDocument[] => users.all().map((body) => JSON.parse(body) as UserDocument),
    user: (name: string): UserDocument | undefined => parsed<UserDocument>(user.get(name)),
    addUser: (document: UserDocument): boolean =>
      addUser.run(document.name, JSON.stringify(document)).changes === 1,
    changeUser: ({ name, password, role }: UserChange): boolean =>
      changeUser.run(JSON.stringify({ password, role }), name).changes === 1,
    removeUser: (name: string): boolean =>
      write(() => {
        removeTokens.run({ name, kind: null, except: null });
        return removeUser.run(name).changes === 1;
      }),
    tokens: (name?: string): TokenDocument[] =>
      (name === undefined ? tokens.all() : tokensOf.all(name)).map(
        (body) => JSON.parse(body) as TokenDocument,
      ),
    token: (hash: string): TokenDocument | undefined => parsed<TokenDocument>(token.get(hash)),
    addToken: (document: TokenDocument): void => {
      const { expires_ms, kind, token_hash, user: name } = document;
      addToken.run(token_hash, kind, name, expires_ms ?? null, JSON.stringify(document));
    },
    removeToken: (hash: string): boolean => removeToken.run(hash).changes === 1,
    removeTokens: ({ except, kind, user: name }: TokenChoice): number =>
      removeTokens.run({ name, kind: kind ?? null, except: except ?? null }).changes,
    removeExpiredTokens: (nowMs: number): number => removeExpired.run(nowMs).changes,
  };
}

function parsed<T>(body: string | undefined): T | undefined {
  return body === undefined ? undefined : (JSON.parse(body) as T);
}
