import assert from 'node:assert/strict';
import type { TokenDocument, UserDocument } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { givenStore } from './given.js';

export function peopleContract(makeStore: MakeStore): void {
  describe('users, tokens and locations', () => {
    const given = givenStore(makeStore);
    const ada: UserDocument = { name: 'ada', role: 'admin', password: 'scrypt$1', created_ms: 1000 };
    const ben: UserDocument = { name: 'ben', role: 'viewer', password: 'scrypt$2', created_ms: 2000 };
    const token = (token_hash: string, more: Partial<TokenDocument> = {}): TokenDocument => ({
      token_hash,
      kind: 'session',
      user: 'ada',
      name: '',
      role: 'admin',
      created_ms: 5,
      ...more,
    });
    const hashes = (tokens: readonly TokenDocument[]): string[] => tokens.map((one) => one.token_hash);

    it('locations are described, changed as a whole, and come back by slug', async () => {
      const { store, another } = given();
      assert.deepEqual(await store.locations(), []);
      await store.putLocation({ slug: 'roof', description: 'above the lab', coordinates: [-157.81, 21.29] });
      await store.putLocation({ slug: 'cellar' });
      const other = await another();
      assert.deepEqual(await other.locations(), [
        { slug: 'cellar' },
        { slug: 'roof', description: 'above the lab', coordinates: [-157.81, 21.29] },
      ]);
      await other.putLocation({ slug: 'roof', coordinates: [1, 2] });
      assert.deepEqual((await store.locations())[1], { slug: 'roof', coordinates: [1, 2] });
      await other.putLocation({ slug: 'roof', regions: ['campus', 'oahu'] });
      await other.putLocation({ slug: 'cellar', regions: ['campus'] });
      assert.deepEqual(await store.locations(), [
        { slug: 'cellar', regions: ['campus'] },
        { slug: 'roof', regions: ['campus', 'oahu'] },
      ]);
      await store.putLocation({ slug: 'roof', regions: ['oahu'] });
      // What is not named stays: existing services have regions too, and programs that know of none.
      await store.putLocation({ slug: 'roof' });
      await store.putLocation({ slug: 'cellar', regions: [] });
      assert.deepEqual(await other.locations(), [{ slug: 'cellar' }, { slug: 'roof', regions: ['oahu'] }]);
    });

    it('users are added once, changed and removed', async () => {
      const { store, another } = given();
      assert.deepEqual(await store.users(), []);
      assert.equal(await store.addUser(ben), true);
      assert.equal(await store.addUser(ada), true);
      assert.equal(await store.addUser({ ...ada, password: 'other' }), false);
      const other = await another();
      assert.deepEqual(await other.users(), [ada, ben]);
      assert.deepEqual(await other.user('ada'), ada);
      assert.equal(await other.user('eve'), undefined);
      assert.equal(await other.changeUser({ ...ben, role: 'operator', password: 'new' }), true);
      assert.deepEqual(await store.user('ben'), { ...ben, role: 'operator', password: 'new' });
      assert.equal(await store.changeUser({ name: 'eve', role: 'admin' }), false);
      assert.equal(await store.changeUser({ name: 'eve' }), false);
      assert.equal(await store.removeUser('ben'), true);
      assert.equal(await store.removeUser('ben'), false);
      assert.deepEqual(await other.users(), [ada]);
    });

    it('role and password change independently of each other', async () => {
      const { store, another } = given();
      await store.addUser(ada);
      const other = await another();
      assert.deepEqual(
        await Promise.all([
          store.changeUser({ name: 'ada', role: 'viewer' }),
          other.changeUser({ name: 'ada', password: 'new' }),
        ]),
        [true, true],
      );
      assert.deepEqual(await store.user('ada'), { ...ada, role: 'viewer', password: 'new' });
      assert.equal(await store.changeUser({ name: 'ada' }), true);
      assert.deepEqual(await other.user('ada'), { ...ada, role: 'viewer', password: 'new' });
    });

    it('two processes that add the same user at the same time: one of them does', async () => {
      const { store, another } = given();
      const other = await another();
      const added = await Promise.all([store.addUser(ada), other.addUser(ada)]);
      assert.deepEqual(added.toSorted(), [false, true]);
    });

    it('tokens are found by their hash, listed by user, and removed by choice, with their user, or when they expire', async () => {
      const { store, another } = given();
      await store.addUser(ada);
      await store.addUser(ben);
      const api = token('a', { kind: 'api', name: 'script', role: 'viewer', expires_ms: 90 });
      const given4 = [api, token('b'), token('c', { expires_ms: 100 }), token('d', { user: 'ben' })];
      for (const one of given4) await store.addToken(one);
      const other = await another();
      assert.deepEqual(await other.token('a'), api);
      assert.equal(await other.token('x'), undefined);
      assert.deepEqual(hashes(await other.tokens()), ['a', 'b', 'c', 'd']);
      assert.deepEqual(hashes(await other.tokens('ben')), ['d']);
      assert.equal(await other.removeTokens({ user: 'ada', kind: 'session', except: 'c' }), 1);
      assert.deepEqual(hashes(await store.tokens('ada')), ['a', 'c']);
      assert.equal(await store.removeExpiredTokens(99), 1);
      assert.deepEqual(hashes(await store.tokens()), ['c', 'd']);
      assert.equal(await store.removeToken('c'), true);
      assert.equal(await store.removeToken('c'), false);
      await store.removeUser('ben');
      assert.deepEqual(await store.tokens(), []);
    });
  });
}
