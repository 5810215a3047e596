/** The store that the triggering broker takes its allow-list from: asked again, and reopened when it no longer replies. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSettings } from '../../config/parse.js';
import { openBoxKeys, StoredKeys } from '../../daemon/box-keys.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import type { Store } from '../../store/store.js';

describe('daemon/box-keys', () => {
  let database: Store;
  let opened: number;
  let closed: number;

  beforeEach(async () => {
    opened = 0;
    closed = 0;
    database = await openSqliteStore(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 60 } });
    await database.putBox({ box_id: '5', calibration_constant: 1, unplugged: false, public_key: 'k' });
  });
  afterEach(() => database.close());

  /** A client of the database whose question for the boxes is answered by something else; none for the database's own answer. */
  const clientThat = (boxes?: () => Promise<never>, end?: () => void): Store => {
    opened += 1;
    const close = async (): Promise<void> => {
      closed += 1;
      end?.();
    };
    return new Proxy(database, {
      get: (target, name) => {
        if (name === 'close') return close;
        if (name === 'boxes' && boxes !== undefined) return boxes;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  const answer = { boxes: [{ boxId: '5', publicKey: 'k' }], outdated: undefined };

  it('opens the store again while it cannot be opened, and keeps the one that answers', async () => {
    const keys = new StoredKeys(async () => {
      if (opened === 0) {
        opened += 1;
        throw new Error('away');
      }
      return clientThat();
    });
    await assert.rejects(keys.read(), /away/);
    for (let times = 0; times < 10; times += 1) assert.deepEqual(await keys.read(), answer);
    assert.deepEqual([opened, closed], [2, 0]);
    await keys.close();
    assert.equal(closed, 1);
  });

  it('makes a new client of one that sticks to its last error', async () => {
    const stuck = (): Promise<never> => Promise.reject(new Error('connection closed'));
    const keys = new StoredKeys(async () => clientThat(opened === 0 ? stuck : undefined));
    for (let times = 0; times < 3; times += 1) await assert.rejects(keys.read(), /connection closed/);
    assert.deepEqual(await keys.read(), answer);
    await keys.close();
    assert.deepEqual([opened, closed], [2, 2]);
  });

  it('makes a new client of one that hangs, which ends the questions that hang on it', async () => {
    const ends: (() => void)[] = [];
    const hang = (): Promise<never> =>
      new Promise((_, reject) => ends.push(() => reject(new Error('closed'))));
    const end = (): void => {
      for (const one of ends.splice(0)) one();
    };
    const keys = new StoredKeys(async () => clientThat(opened === 0 ? hang : undefined, end));
    const hanging = [keys.read(), keys.read(), keys.read()].map((read) => assert.rejects(read, /closed/));
    assert.deepEqual(await keys.read(), answer);
    await Promise.all(hanging);
    await keys.close();
    assert.deepEqual([opened, closed], [2, 2]);
  });

  it('makes no store in the place of one that is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-box-keys-'));
    const file = join(folder, 'makai.db');
    const store = `sqlite:${file}`;
    const keys = openBoxKeys(parseSettings('triggering-broker', { white_list: 'store', store }));
    assert.ok(keys !== undefined);
    try {
      for (let times = 0; times < 4; times += 1)
        await assert.rejects(keys.read(), { code: 'STORE_UNAVAILABLE' });
      assert.ok(!existsSync(file));
      const made = await openSqliteStore(file, { retention: { mode: 'ttl', measurementsSeconds: 60 } });
      await made.close();
      assert.deepEqual((await keys.read()).boxes, []);
    } finally {
      await keys.close();
      rmSync(folder, { recursive: true });
    }
  });
});
