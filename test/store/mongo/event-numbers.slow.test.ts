import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MakaiError } from '../../../common/errors.js';
import type { MongoStore } from '../../../store/mongo/index.js';
import { EMERGENCY_FIRST, type SpoolStore, withSpool } from '../../../store/spool/index.js';
import { givenMongo } from '../../support/mongo-server.js';
import { newEvent } from '../contract/given.js';
import { type Writable, writable } from '../writable.js';
import { givenDatabase } from './given.js';

/** Whole seconds, now: a server deletes what has expired. */
const T = Math.floor(Date.now() / 1000) * 1000;

describe('MongoDB: event numbers of several brokers', () => {
  const given = givenDatabase(givenMongo());
  let folder = '';
  let brokers: Writable<SpoolStore>[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-numbers-'));
    brokers = [];
  });
  afterEach(async () => {
    for (const broker of brokers) await broker.close();
    await rm(folder, { recursive: true });
  });

  /** A way to the database that can be cut for one broker alone. */
  interface Way {
    open: boolean;
  }

  async function broker(name: string, way: Way): Promise<Writable<SpoolStore>> {
    const spool = await withSpool({
      open: async () => cut(await whenOpen(way), way),
      file: join(folder, `${name}.db`),
      maxBytes: 2 ** 30,
      maxAgeSeconds: 86_400,
      log: given().log,
      eventIds: true,
      deadlineMs: 60_000,
    });
    const store = writable(spool);
    brokers.push(store);
    return store;
  }

  async function whenOpen(way: Way): Promise<MongoStore> {
    if (!way.open) throw away();
    return await given().open();
  }

  const away = () => new MakaiError('STORE_UNAVAILABLE', 'cut');

  /** The real store; calls fail while the way is cut. */
  function cut(store: MongoStore, way: Way): MongoStore {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) =>
          way.open || name === 'close' ? value.apply(target, args) : Promise.reject(away());
      },
    });
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  const draw = async (store: SpoolStore, times: number): Promise<number[]> => {
    const numbers: number[] = [];
    for (let i = 0; i < times; i += 1) numbers.push(...(await store.nextEventIds(1)));
    return numbers;
  };

  function rising(numbers: number[]): void {
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  }

  it('each cut off in turn, both together, restarted: none twice, each rises, and past all that went before', async () => {
    const ways: [Way, Way] = [{ open: true }, { open: true }];
    let a = await broker('a', ways[0]);
    const b = await broker('b', ways[1]);
    const ofA: number[] = [];
    const ofB: number[] = [];
    ofA.push(...(await draw(a, 3)));
    ofB.push(...(await draw(b, 3)));
    assert.deepEqual([...ofA, ...ofB], [1, 2, 3, 4, 5, 6]);
    ways[0].open = false;
    ofA.push(...(await draw(a, 5)));
    ofB.push(...(await draw(b, 5)));
    ways[1].open = false;
    ofA.push(...(await draw(a, 5)));
    ofB.push(...(await draw(b, 5)));
    assert.equal(a.stats().state, 'unavailable');
    // Restarted while the database is unavailable: what it has given is on its disk.
    await a.close();
    a = await broker('a', ways[0]);
    ofA.push(...(await draw(a, 5)));
    const before = Math.max(...ofA, ...ofB);
    ways[0].open = true;
    ways[1].open = true;
    await until(() => a.stats().state !== 'unavailable' && b.stats().state !== 'unavailable');
    const after = [...(await draw(a, 5)), ...(await draw(b, 5)), ...(await draw(a, 5))];
    assert.ok(
      after.every((number) => number > before),
      `${before}: ${after.join()}`,
    );
    rising(ofA);
    rising(ofB);
    rising(after);
    const all = [...ofA, ...ofB, ...after];
    assert.equal(new Set(all).size, all.length);
    assert.ok(all.every((number) => number < EMERGENCY_FIRST));
  });

  it('many outages of both, in any order, with restarts at bad moments', async function () {
    this.timeout(400_000);
    const names = ['a', 'b'] as const;
    const ways = { a: { open: true }, b: { open: true } };
    const stores = { a: await broker('a', ways.a), b: await broker('b', ways.b) };
    const given_: Record<'a' | 'b', number[]> = { a: [], b: [] };
    let state = 12_345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let step = 0; step < 60; step += 1) {
      const name = names[random(2)] ?? 'a';
      const action = random(10);
      if (action < 2) ways[name].open = !ways[name].open;
      else if (action < 3) {
        await stores[name].close();
        stores[name] = await broker(name, ways[name]);
      } else given_[name].push(...(await stores[name].nextEventIds(1 + random(3))));
    }
    for (const name of names) rising(given_[name]);
    const all = [...given_.a, ...given_.b];
    assert.equal(new Set(all).size, all.length);
  });

  it('a broker that never reached its database gives recognisable numbers, and they come first from then on', async () => {
    const way: Way = { open: false };
    const store = await broker('new', way);
    const numbers = await draw(store, 3);
    rising(numbers);
    assert.ok(numbers.every((number) => number >= EMERGENCY_FIRST && number < 2 ** 31));
    for (const number of numbers) await store.insertEvent(newEvent(number, T));
    const direct = await given().open();
    await direct.insertEvent(newEvent(41, T));
    assert.deepEqual(await direct.nextEventIds(1), [42]);
    way.open = true;
    await store.drained();
    for (const number of numbers)
      assert.equal((await direct.event(number))?.description, `test event ${number}`);
    const next = await direct.nextEventIds(1);
    assert.ok((next[0] ?? 0) > Math.max(...numbers));
  });

  it('another event under the same number is not touched; ours is quarantined and logged', async () => {
    const way: Way = { open: false };
    const store = await broker('clash', way);
    const [number = 0] = await store.nextEventIds(1);
    await store.insertEvent(newEvent(number, T, { description: 'ours' }));
    const direct = await given().open();
    await direct.insertEvent(newEvent(number, T, { description: 'theirs' }));
    way.open = true;
    await store.drained();
    assert.equal((await direct.event(number))?.description, 'theirs');
    assert.equal(store.stats().quarantined, 1);
    assert.ok(given().logged.some((line) => line.level === 50 && /quarantined/.test(String(line.msg))));
  });
});
