import assert from 'node:assert/strict';
import { type CreateIndexesOptions, type IndexSpecification, Long, MongoServerError } from 'mongodb';
import { checkMongoStore } from '../../../store/mongo/check/check.js';
import { openMongoStore } from '../../../store/mongo/index.js';
import { ensureIndexes } from '../../../store/mongo/maintenance/indexes.js';
import { givenMongo } from '../../support/mongo-server.js';
import { all, boxEvent, columnsOf, newEvent } from '../contract/given.js';
import { givenDatabase } from './given.js';

const retention = { mode: 'ttl' as const, measurementsSeconds: 86_400 };
/** Whole seconds, now: a server deletes what has expired. */
const T = Math.floor(Date.now() / 1000) * 1000;

/** A part of an object as it is used through a proxy. */
function bound<T extends object>(target: T, name: string | symbol): unknown {
  const part: unknown = Reflect.get(target, name);
  return typeof part === 'function' ? part.bind(target) : part;
}

/** Indexes of a collection as `fields unique ttl`. */
async function indexesOf(
  given: ReturnType<ReturnType<typeof givenDatabase>>,
  name: string,
): Promise<string[]> {
  const indexes = await given.db.collection(name).listIndexes().toArray();
  return indexes
    .filter((index) => index.name !== '_id_')
    .map(({ key, unique, expireAfterSeconds }) =>
      [
        Object.keys(key).join('+'),
        ...(unique === true ? ['unique'] : []),
        ...(expireAfterSeconds === undefined ? [] : [`ttl ${expireAfterSeconds}`]),
      ].join(' '),
    )
    .toSorted();
}

describe('MongoDB: indexes', () => {
  const server = givenMongo();
  const given = givenDatabase(server);

  it('are those of the data model, made at start, the same a second time', async () => {
    for (let start = 0; start < 2; start += 1) {
      await given().open();
      assert.deepEqual(await indexesOf(given(), 'measurements'), [
        'box_id+timestamp_ms unique',
        'expireAt ttl 0',
      ]);
      assert.deepEqual(await indexesOf(given(), 'trends'), ['box_id+timestamp_ms unique', 'expireAt ttl 0']);
      assert.deepEqual(await indexesOf(given(), 'events'), [
        'event_id unique',
        'expireAt ttl 0',
        'target_event_start_timestamp_ms',
      ]);
      assert.deepEqual(await indexesOf(given(), 'box_events'), [
        'event_id+box_id unique',
        'event_start_timestamp_ms+box_id',
        'makai_analysed_ms+_id',
      ]);
      assert.deepEqual(await indexesOf(given(), 'incidents'), [
        'box_id+start_timestamp_ms+incident_id',
        'event_id+box_id',
        'expireAt ttl 0',
        'incident_id',
        'start_timestamp_ms+incident_id',
      ]);
      assert.deepEqual(await indexesOf(given(), 'opq_boxes'), ['box_id unique', 'name unique']);
      assert.deepEqual(await indexesOf(given(), 'health'), ['service+serviceID+timestamp', 'timestamp']);
      assert.deepEqual(await indexesOf(given(), 'fs.chunks'), ['files_id+n unique']);
    }
    assert.deepEqual(
      (await checkMongoStore(given().url, 'ttl')).map((finding) => finding.severity),
      ['info'],
    );
  });

  it('with retention laha there is no TTL index, but one on expire_at', async () => {
    await given().open({ retention: { ...retention, mode: 'laha' } });
    for (const name of ['measurements', 'trends', 'events']) {
      const indexes = await indexesOf(given(), name);
      assert.ok(indexes.includes('expire_at'), name);
      assert.ok(!indexes.some((index) => index.includes('ttl')), name);
    }
  });

  for (const [what, name, key, options, named] of [
    [
      'a plain one where a unique one is wanted',
      'events',
      { event_id: 1 },
      {},
      /event_id: 1.*not unique.*unique/,
    ],
    [
      "the existing setup script's plain one on trends",
      'trends',
      { box_id: 1, timestamp_ms: 1 },
      {},
      /box_id: 1, timestamp_ms: 1.*not unique.*unique/,
    ],
    ['a plain one on the chunks of files', 'fs.chunks', { files_id: 1, n: 1 }, {}, /files_id: 1.*not unique/],
    [
      'a plain one where a TTL is wanted',
      'measurements',
      { expireAt: 1 },
      {},
      /no expiry.*expireAfterSeconds 0/,
    ],
    [
      'another TTL',
      'trends',
      { expireAt: 1 },
      { expireAfterSeconds: 60 },
      /expireAfterSeconds 60.*expireAfterSeconds 0/,
    ],
    ['our name on other fields', 'health', { service: 1 }, { name: 'timestamp_1' }, undefined],
  ] as const) {
    it(`${what} is taken as it is: the store opens, keeps doubles out and deletes what expires`, async () => {
      await given().db.collection(name).createIndex(key, options);
      const before = await given().db.collection(name).listIndexes().toArray();
      const store = await given().open();
      const after = await given().db.collection(name).listIndexes().toArray();
      assert.deepEqual(
        after.filter((index) => before.some((old) => old.name === index.name)),
        before,
      );
      const findings = await checkMongoStore(given().url, 'ttl');
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'error'),
        [],
      );
      if (named !== undefined) {
        const finding = findings.find(({ message }) => named.test(message));
        assert.equal(finding?.severity, 'warning');
        assert.match(finding?.hint ?? '', /Nothing has to be done.*dropIndex/);
      }
      const batch = columnsOf([{ box: 1, at: T, metrics: { f: 60 } }]);
      assert.deepEqual(await store.insertMeasurements(batch), { inserted: 1, duplicates: 0 });
      assert.deepEqual(await store.insertMeasurements(batch), { inserted: 0, duplicates: 1 });
      const window = { boxId: '1', startMs: T - 1000, endMs: T + 1000 };
      for (let round = 0; round < 2; round += 1) {
        await store.apply({ kind: 'trend_windows', windows: [window] });
        await store.insertEvent(newEvent(7, T));
        await store.putBoxEvent(boxEvent(7, '1', T), new Int16Array(200_000).fill(5), T);
      }
      assert.equal((await all(store.trends('1'))).length, 1);
      assert.equal(await given().db.collection('events').countDocuments(), 1);
      const [stored] = await store.boxEvents(7);
      assert.equal((await store.waveform(stored?.data_fs_filename ?? ''))?.length, 400_000);
      await store.sweep(Date.now() + 2 * 86_400_000);
      assert.equal((await all(store.measurements('1'))).length, 0);
    });
  }

  it('a server that refuses a unique index over doubles with another code gets a plain one', async () => {
    const { db } = given();
    await db.collection<{ event_id: number }>('events').insertMany([{ event_id: 5 }, { event_id: 5 }]);
    const refusing = new Proxy(db, {
      get: (target, name) =>
        name === 'collection'
          ? (called: string) => {
              const collection = target.collection(called);
              const createIndex = async (key: IndexSpecification, options: CreateIndexesOptions) => {
                try {
                  return await collection.createIndex(key, options);
                } catch {
                  throw new MongoServerError({ code: 1, errmsg: 'could not create unique index' });
                }
              };
              return new Proxy(collection, {
                get: (inner, part) => (part === 'createIndex' ? createIndex : bound(inner, part)),
              });
            }
          : bound(target, name),
    });
    const { plain } = await ensureIndexes(refusing, 'ttl');
    assert.deepEqual([...plain], ['events']);
  });

  it('files written again after a crash have each chunk once, also without a unique index', async () => {
    await given().db.collection('fs.chunks').createIndex({ files_id: 1, n: 1 });
    const store = await given().open();
    await store.insertEvent(newEvent(8, T));
    const samples = new Int16Array(200_000).fill(9);
    await store.putBoxEvent(boxEvent(8, '1', T), samples, T);
    // The crash: chunks are there, the file and the box event are not.
    await given().db.collection('fs.files').deleteMany({});
    await given().db.collection('box_events').deleteMany({});
    await store.putBoxEvent(boxEvent(8, '1', T), samples, T);
    assert.equal((await store.waveform(`event_8_1`))?.length, 400_000);
    const [file] = await given().db.collection('fs.files').find().toArray();
    assert.equal(file?._id.getTimestamp().getTime(), T, 'the id carries the time of the reply');
  });

  it('the misspelt unique index of existing services is found, and loses us no measurement', async () => {
    const slip = { box_id: 1, timetstamp_ms: 1 } as const;
    await given().db.collection('measurements').createIndex(slip, { unique: true });
    const store = await given().open();
    const batch = columnsOf([
      { box: 1, at: T, metrics: { f: 60 } },
      { box: 1, at: T + 1, metrics: { f: 60 } },
      { box: 1, at: T + 1, metrics: { f: 61 } },
    ]);
    assert.deepEqual(await store.insertMeasurements(batch), { inserted: 3, duplicates: 0 });
    assert.deepEqual(await store.insertMeasurements(batch), { inserted: 0, duplicates: 3 });
    assert.equal((await all(store.measurements('1'))).length, 3);
    const finding = (await checkMongoStore(given().url, 'ttl')).find((f) => /timetstamp_ms/.test(f.message));
    assert.equal(finding?.severity, 'error');
    assert.match(finding?.hint ?? '', /dropIndex\("box_id_1_timetstamp_ms_1"\)/);
    assert.ok((await indexesOf(given(), 'measurements')).includes('box_id+timetstamp_ms unique'));
  });

  it('a unique index of somebody else that refuses measurements is an error, not a duplicate', async () => {
    await given().db.collection('measurements').createIndex({ box_id: 1, voltage: 1 }, { unique: true });
    const store = await given().open();
    const batch = columnsOf([
      { box: 1, at: T, metrics: { rms: 120 } },
      { box: 1, at: T + 1, metrics: { rms: 120 } },
      { box: 1, at: T + 2, metrics: { rms: 121 } },
    ]);
    await assert.rejects(store.insertMeasurements(batch), { code: 'STORE_REFUSED' });
    assert.equal((await all(store.measurements('1'))).length, 2);
  });

  it('duplicates from before: a plain index, our own duplicates dropped, the old ones listed', async () => {
    const old = { box_id: '1', timestamp_ms: Long.fromNumber(T), voltage: 120.5 };
    await given()
      .db.collection('measurements')
      .insertMany([{ ...old }, { ...old }]);
    await given()
      .db.collection('events')
      .insertMany([{ event_id: 5 }, { event_id: 5 }]);
    const store = await given().open();
    const batch = columnsOf([
      { box: 1, at: T, metrics: { f: 60 } },
      { box: 1, at: T + 5, metrics: { f: 60 } },
    ]);
    assert.deepEqual(await store.insertMeasurements(batch), { inserted: 1, duplicates: 1 });
    assert.deepEqual(await store.insertMeasurements(batch), { inserted: 0, duplicates: 2 });
    await store.insertEvent(newEvent(5, T));
    await store.insertEvent(newEvent(6, T));
    await store.insertEvent(newEvent(6, T));
    assert.equal(await given().db.collection('events').countDocuments(), 3);
    assert.equal(await given().db.collection('measurements').countDocuments(), 3);
    // Found again as what it is at the next start.
    const again = await given().open();
    assert.deepEqual(await again.insertMeasurements(batch), { inserted: 0, duplicates: 2 });
    const messages = (await checkMongoStore(given().url, 'ttl')).map((finding) => finding.message);
    assert.ok(
      messages.some((message) =>
        message.includes(`measurements: doubles: box_id 1, timestamp_ms ${T} (2 times)`),
      ),
    );
    assert.ok(messages.some((message) => /events: doubles: event_id 5/.test(message)));
    assert.ok(messages.some((message) => /measurements: duplicates from before keep/.test(message)));
  });

  it('the database of the URL wins over opq, whose place it takes when the URL names none', async () => {
    await given().open();
    assert.ok((await given().db.listCollections().toArray()).length > 0);
    const plain = await openMongoStore(server().uri, { retention, log: given().log, mustExist: true });
    await plain.close();
    const names = (await given().logged)
      .filter((line) => line.msg === 'MongoDB store open')
      .map((line) => line.database);
    assert.deepEqual(names, [given().db.databaseName, 'opq']);
  });

  it('opened to look, a store makes nothing', async () => {
    const store = await given().open({ mustExist: true });
    assert.deepEqual(await all(store.events()), []);
    assert.deepEqual(await given().db.listCollections().toArray(), []);
  });
});
