/** Workers and shares with real sockets and a real store: everything once, to everybody, as with one thread. */
import assert from 'node:assert/strict';
import { newKeyPair } from '../../keys/key.js';
import { acceptKey } from '../../keys/manage.js';
import { Owner } from '../../triggering-service/workers/ownership.js';
import { temporaryKeys } from '../keys/helpers.js';
import { minute, until } from './rig.js';
import { BOXES_2, BOXES_3, WorkersRig } from './workers-rig.js';

const BOXES = [...BOXES_2, ...BOXES_3];
const MINUTE = 60_000;
/** Each of three minutes has so many measurements of each box. */
const PER_MINUTE = 12;
const ROUNDS = 3 * PER_MINUTE;

async function all<T extends object>(documents: AsyncIterable<T>): Promise<object[]> {
  const found: object[] = [];
  // What depends on when it was written is left out.
  for await (const { ...document } of documents) {
    for (const name of ['_id', 'expire_at']) Reflect.deleteProperty(document, name);
    found.push(document);
  }
  return found;
}

describe('triggering-service: workers', function () {
  this.timeout(400_000);
  let rig: WorkersRig;
  beforeEach(() => {
    rig = new WorkersRig();
  });
  afterEach(() => rig.end());

  const narrowed = () => until(() => rig.workers.every(({ subscriptions }) => subscriptions > 1));
  const stored = async (id: number) => all(rig.store.measurements(String(id)));

  /** the same for all that are compared: the minute may change between them */
  let start: number | undefined;

  /** Three minutes of all boxes: a first round, which every worker hears, and the others, which only the boxes' owners do. */
  async function threeMinutes(): Promise<{ measurements: object[]; trends: object[] }> {
    start ??= minute(6);
    for (let i = 0; i < ROUNDS; i++) {
      await rig.round(start + (i * MINUTE) / PER_MINUTE, 100 + (i % 7));
      if (i > 0) continue;
      await until(() => rig.taken === BOXES.length);
      await narrowed();
    }
    await until(() => rig.taken === ROUNDS * BOXES.length);
    await until(() => rig.requests.flatMap(({ boxIds }) => boxIds).length === BOXES.length);
    assert.equal(
      rig.plugins.reduce((sum, { dropped_measurements: dropped }) => sum + dropped, 0),
      0,
    );
    await rig.stopServices();
    const found = { measurements: [] as object[], trends: [] as object[] };
    for (const id of BOXES) {
      found.measurements.push(...(await stored(id)));
      found.trends.push(...(await all(rig.store.trends(String(id)))));
    }
    return found;
  }

  let ofOneThread: Awaited<ReturnType<typeof threeMinutes>> | undefined;

  for (const [what, ...settings] of [
    ['one thread', { workers: 1 }],
    ['two workers', { workers: 2 }],
    ['two services', { share: { of: 2, index: 1 } }, { share: { of: 2, index: 2 } }],
    [
      'three services, one of them with two workers',
      ...[1, 2, 3].map((index) => ({ share: { of: 3, index }, workers: index === 2 ? 2 : 1 })),
    ],
  ] as const) {
    it(`${what}: each measurement is stored once, trends are those of one thread, plugins see every box`, async () => {
      await rig.start(...settings.map((s) => ({ ...s })));
      const found = await threeMinutes();
      assert.equal(found.measurements.length, ROUNDS * BOXES.length);
      assert.equal(found.trends.length, 3 * BOXES.length);
      assert.deepEqual(rig.requests.flatMap(({ boxIds }) => boxIds).sort(), [...BOXES].sort());
      ofOneThread ??= found;
      assert.deepEqual(found, ofOneThread);
    });
  }

  it('sums up minutes that come live, and forgets nothing when it stops', async () => {
    await rig.start({ workers: 2, mongo_trends_update_interval_seconds: 1 });
    const second = 1000 * Math.floor(Date.now() / 1000);
    for (let i = 0; i < 4; i++) await rig.round(second + 1000 * i, 100 + i);
    await until(() => rig.services.every((service) => service.status().trends.written >= 4 * BOXES.length));
    for (const id of BOXES) {
      const minima = (await all(rig.store.trends(String(id)))).map(
        (trend) => Reflect.get(trend, 'voltage').average,
      );
      assert.deepEqual(minima, [100, 101, 102, 103], String(id));
    }
  });

  it('hears nothing of others once it knows them, and says so in its status', async () => {
    await rig.start({ workers: 2 });
    await rig.round(minute(1), 120);
    await until(() => rig.taken === BOXES.length && rig.foreign === BOXES.length);
    await narrowed();
    await until(() => rig.services[0]?.status().boxes.known === BOXES.length);
    const [status] = rig.services.map((service) => service.status());
    assert.deepEqual(
      status?.workers?.map(({ worker, boxes }) => [worker, boxes > 5]),
      [
        [1, true],
        [2, true],
      ],
    );
    for (let i = 1; i <= 10; i++) await rig.round(minute(1) + 1000 * i, 120);
    await until(() => rig.taken === 11 * BOXES.length);
    assert.equal(rig.foreign, BOXES.length);
    await until(() => rig.services[0]?.status().busiest[0]?.messages === 11);
    await until(() => rig.services[0]?.status().boxes.active === BOXES.length);
  });

  it('takes the first measurement of a box that nobody knew, and each one after it once', async () => {
    await rig.start({ workers: 2 });
    await rig.round(minute(1), 120);
    await narrowed();
    const fresh = [1025, 1030, 1499, 2000, 7, 123_456, 2_147_483_647];
    for (let i = 0; i < 20; i++) for (const id of fresh) await rig.send2(id, minute(1) + 1000 * i, 120);
    await until(() => rig.taken === BOXES.length + 20 * fresh.length);
    await rig.stopServices();
    for (const id of fresh) assert.equal((await stored(id)).length, 20, String(id));
  });

  it('finds a box whose id is the beginning of ids that belong to another worker, by looking around', async () => {
    const owners = [0, 1].map((worker) => new Owner({ of: 1, index: 0, workers: 2, worker, block: 1 }));
    const ownerOf = (id: number) => owners.findIndex((owner) => owner.owns(id));
    const short = [20, 30, 40, 50].find((id) => ownerOf(id) !== ownerOf(10 * id)) ?? 0;
    assert.ok(short > 0);
    const long = [10 * short, short];
    await rig.start({ workers: 2, share: { block: 1 }, probeEveryMs: 300 });
    // Known before, so that the owner of the long ids keeps the short one from being heard by chance.
    for (const id of [long[0] ?? 0, 9001, 9002, 9003]) await rig.send2(id, minute(2), 120);
    await narrowed();
    for (let i = 0; (await stored(short)).length === 0; i++) {
      await rig.send2(short, minute(1) + i, 120);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it('has all its subscriptions again when the broker went away and came back', async () => {
    await rig.start({ workers: 2 });
    await rig.round(minute(1), 120);
    await until(() => rig.taken === BOXES.length);
    await narrowed();
    await rig.restartBroker();
    await rig.round(minute(1) + 1000, 121);
    await until(() => rig.taken === 2 * BOXES.length);
    assert.equal(rig.foreign, BOXES.length);
  });

  it('stores all that it took when it is stopped in the middle of a flood', async () => {
    await rig.start({ workers: 2 });
    await rig.round(minute(1), 120);
    await narrowed();
    for (let i = 1; i <= 100; i++) await rig.round(minute(1) + 10 * i, 120);
    await until(() => rig.taken > 20 * BOXES.length);
    const [service] = rig.services;
    await rig.stopServices();
    const { store, measurements, dropped } = service?.status() ?? assert.fail();
    assert.deepEqual([store.stored, store.waiting, dropped], [measurements, 0, {}]);
    let documents = 0;
    for (const id of BOXES) documents += (await stored(id)).length;
    assert.equal(documents, measurements);
  });

  it('counts what no box sends once, whichever worker heard it', async () => {
    await rig.start({ workers: 3 });
    const time = minute(1);
    await rig.sendRaw('evget', 'nonsense');
    await rig.sendRaw('1000', 'nonsense');
    await rig.sendRaw('1001');
    await rig.send2(1002, time - 30 * 3_600_000, 120);
    await until(
      () => Object.values(rig.services[0]?.status().dropped ?? {}).reduce((a, b) => a + b, 0) === 4,
    );
    assert.ok(
      rig.lines.some(
        (line) => line.msg === 'dropped' && line.reason === 'time_too_old' && Number(line.worker) > 0,
      ),
    );
  });

  it('takes only ids that a certificate names, also one that comes later', async () => {
    const keys = await temporaryKeys();
    try {
      for (const id of ['1001', '1021']) await keys.box(id);
      await rig.start({ workers: 2, client_certs: keys.layout.publicDirectory });
      const refused = () => rig.services[0]?.status().refused_ids.newest ?? [];
      for (const id of [1001, 1021, 1002, 1022]) await rig.send2(id, minute(1), 120);
      await until(() => rig.taken === 2 && refused().length === 2);
      assert.deepEqual(
        refused()
          .map((row) => row.box_id)
          .sort(),
        [1002, 1022],
      );
      assert.equal(rig.services[0]?.status().dropped.unknown_box, 2);
      await acceptKey(keys.layout, newKeyPair().publicKey, '1022');
      for (let i = 1; rig.taken === 2; i++) {
        await rig.send2(1022, minute(1) + i, 120);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await until(() => refused().length === 1);
    } finally {
      await keys.remove();
    }
  });

  it('ends whole, with what it has, when a worker ends', async () => {
    await rig.start({ workers: 2 });
    await rig.round(minute(1), 120);
    await until(() => rig.taken === BOXES.length);
    rig.breakWorker();
    await until(() => rig.died.length > 0);
    assert.equal(rig.died.length, 1);
    assert.equal(rig.died[0]?.code, 'WORKER_EXITED');
    assert.match(rig.died[0]?.message ?? '', /worker 2 of the triggering service exited: /);
    for (const id of BOXES) assert.equal((await stored(id)).length, 1);
  });
});
