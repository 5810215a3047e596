import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openMongoStore } from '../../../store/mongo/index.js';
import { withSpool } from '../../../store/spool/index.js';
import type { Store } from '../../../store/store.js';
import { givenMongo } from '../../support/mongo-server.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { all, boxEvent, bytesOf, columnsOf, counts, newEvent } from '../contract/given.js';
import { type Writable, writable } from '../writable.js';
import { givenDatabase } from './given.js';

/** Whole seconds, now: a server deletes what has expired. */
const T = Math.floor(Date.now() / 1000) * 1000;
const RETENTION = { mode: 'ttl' as const, measurementsSeconds: 86_400 };

describe('MongoDB: answers lost on the way', () => {
  const server = givenMongo();
  const given = givenDatabase(server);
  let proxy: TcpProxy;
  let url = '';

  beforeEach(async () => {
    const { db } = given();
    const target = new URL(server().uri.replace(/^mongodb:/, 'http:'));
    proxy = await startTcpProxy(Number(target.port));
    url = `mongodb://127.0.0.1:${proxy.port}/${db.databaseName}?directConnection=true&heartbeatFrequencyMS=500`;
  });
  afterEach(() => proxy.close());

  /**
   * Does `work` (given a fresh number) with the answer to its first command lost, its second, and so on; each time it is done again.
   * @returns how often it was done: once more than it has commands
   */
  async function withEveryAnswerLost(work: (number: number) => Promise<unknown>): Promise<number> {
    for (let cutAt = 1; ; cutAt += 1) {
      let answers = 0;
      let cut = false;
      proxy.onAnswer = (bytes) => {
        // Heartbeats have answers too; they say who is the primary.
        if (bytes.includes('isWritablePrimary')) return true;
        answers += 1;
        if (answers !== cutAt || cut) return true;
        cut = true;
        return false;
      };
      await work(cutAt).catch((error: { code?: string }) => assert.equal(error.code, 'STORE_UNAVAILABLE'));
      proxy.onAnswer = () => true;
      await work(cutAt);
      if (!cut) return cutAt;
      assert.ok(cutAt < 60, 'it never ends');
    }
  }

  it('whichever answer of a write is lost, doing it again leaves it there once', async function () {
    this.timeout(400_000);
    const store = writable(await openMongoStore(url, { retention: RETENTION, log: given().log }));
    try {
      await exercise(store);
    } finally {
      await store.close();
    }
  });

  async function exercise(store: Writable<Store>): Promise<void> {
    const batch = (number: number) =>
      columnsOf(
        Array.from({ length: 50 }, (_, i) => ({ box: i % 5, at: T + 1000 * number + i, metrics: { f: 60 } })),
      );
    const samples = counts(300_000);
    const trend = (number: number) => ({ box_id: '1', timestamp_ms: T + number, location: 'x' });
    const finding = { service: 'BOX', serviceID: '1', status: 'UP', info: '' } as const;
    const done = {
      measurements: 50 * (await withEveryAnswerLost((n) => store.insertMeasurements(batch(n)))),
      trends: await withEveryAnswerLost((n) => store.putTrends([trend(n)])),
      events: await withEveryAnswerLost((n) => store.insertEvent(newEvent(n, T))),
      box_events: await withEveryAnswerLost(async (n) => {
        await store.insertEvent(newEvent(n, T));
        await store.addTriggeredBoxes(n, ['9']);
        await store.putBoxEvent(boxEvent(n, '1', T), samples, T + 9);
      }),
      makai_metrics: await withEveryAnswerLost((n) =>
        store.insertMetrics({ name: 'ab', sent: 1, recv: 2 }, { acceptedAtMs: T + n }),
      ),
      health: await withEveryAnswerLost((n) =>
        store.insertHealth({ timestamp: new Date(T + n), ...finding }),
      ),
      makai_open_requests: await withEveryAnswerLost((n) =>
        store.putOpenRequest({ key: `${n}`, body: '{}' }),
      ),
    };
    assert.ok(done.box_events > 7, `${done.box_events - 1} commands`);
    const { db } = given();
    const files = { 'fs.files': done.box_events, 'fs.chunks': 3 * done.box_events };
    for (const [name, count] of Object.entries({ ...done, ...files, events: done.box_events })) {
      assert.ok(count > 1, name);
      assert.equal(await db.collection(name).countDocuments(), count, name);
    }
    for await (const event of store.events()) {
      assert.deepEqual(event.boxes_triggered, ['1001', '1002', '9']);
      assert.deepEqual([event.boxes_received, event.latencies_ms], [['1'], [T + 9]]);
      assert.ok((await store.waveform(`event_${event.event_id}_1`))?.equals(bytesOf(samples)));
    }
  }

  it('an event number whose answer is lost is not given again', async function () {
    this.timeout(400_000);
    const store = writable(await openMongoStore(url, { retention: RETENTION, log: given().log }));
    const numbers: number[] = [];
    await withEveryAnswerLost(async () => {
      numbers.push(...(await store.nextEventIds(1)));
    });
    await store.close();
    assert.equal(new Set(numbers).size, numbers.length);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  });

  it('behind a spool nobody notices: connections cut at random under load, everything there once', async function () {
    this.timeout(400_000);
    const folder = await mkdtemp(join(tmpdir(), 'makai-lost-'));
    const spooled = await withSpool({
      open: () => openMongoStore(url, { retention: RETENTION, log: given().log }, 2_000),
      file: join(folder, 'spool.db'),
      maxBytes: 2 ** 30,
      maxAgeSeconds: 86_400,
      log: given().log,
      eventIds: true,
    });
    const spool = writable(spooled);
    let answers = 0;
    let cuts = 0;
    proxy.onAnswer = () => {
      answers += 1;
      if (answers % 23 !== 0) return true;
      cuts += 1;
      return false;
    };
    const ids: number[] = [];
    // Of today: the spool drops what is older than its age when it looks, every 15 s, and a busy machine takes longer than that.
    const start = Date.now();
    for (let i = 0; i < 20; i += 1) {
      const at = start + i;
      const batch = Array.from({ length: 20 }, (_, n) => ({ box: n, at, metrics: { f: 60 } }));
      await spool.insertMeasurements(columnsOf(batch));
      const [id = 0] = await spool.nextEventIds(1);
      ids.push(id);
      await spool.insertEvent(newEvent(id, at));
      await Promise.all(
        ['1', '2'].map((box) => spool.putBoxEvent(boxEvent(id, box, at), counts(400, id), at)),
      );
      while (spool.stats().state === 'unavailable') await sleep(20);
    }
    proxy.onAnswer = () => true;
    await spool.drained();
    assert.deepEqual(spool.stats().dropped, {});
    await spool.close();
    await rm(folder, { recursive: true });
    assert.ok(cuts > 3, `${cuts} cuts`);
    const direct = await given().open();
    assert.equal(await given().db.collection('measurements').countDocuments(), 400);
    const events = await all(direct.events());
    assert.deepEqual(
      events.map((event) => event.event_id),
      ids,
    );
    for (const event of events) assert.deepEqual(event.boxes_received.toSorted(), ['1', '2']);
    assert.equal(await given().db.collection('fs.files').countDocuments(), 40);
    assert.equal(await given().db.collection('fs.chunks').countDocuments(), 40);
  });
});
