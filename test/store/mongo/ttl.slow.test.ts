import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { givenMongo } from '../../support/mongo-server.js';
import { boxEvent, columnsOf, counts, newEvent } from '../contract/given.js';
import { givenDatabase } from './given.js';

/** A server looks for what has expired at least once a minute. */
const SERVER_SWEEPS_MS = 130_000;

describe('MongoDB: expiry by the server', () => {
  const given = givenDatabase(givenMongo());

  it('deletes by expireAt within its own time; what belongs to an event goes with our sweep', async function () {
    this.timeout(SERVER_SWEEPS_MS + 30_000);
    const short = { mode: 'ttl' as const, measurementsSeconds: 1, trendsSeconds: 1, eventsSeconds: 1 };
    const store = await given().open({ retention: short });
    const lasting = await given().open({ retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
    const now = Date.now();
    await store.insertMeasurements(columnsOf([{ box: 1, at: now, metrics: { f: 60 } }]));
    await lasting.insertMeasurements(columnsOf([{ box: 2, at: now, metrics: { f: 60 } }]));
    await store.putTrends([{ box_id: '1', timestamp_ms: now, location: 'unknown' }]);
    await lasting.putTrends([{ box_id: '2', timestamp_ms: now, location: 'unknown' }]);
    await store.insertEvent(newEvent(1, now));
    await store.putBoxEvent(boxEvent(1, '1', now), counts(600), now);
    await lasting.insertEvent(newEvent(2, now));
    await lasting.putBoxEvent(boxEvent(2, '1', now), counts(600), now);

    const left = async (name: keyof ReturnType<typeof names>) => given().db.collection(name).countDocuments();
    await until(
      async () => (await left('measurements')) + (await left('trends')) + (await left('events')) === 3,
    );
    assert.deepEqual(await idsOf(given().db, 'measurements', 'box_id'), ['2']);
    assert.deepEqual(await idsOf(given().db, 'trends', 'box_id'), ['2']);
    assert.deepEqual(await idsOf(given().db, 'events', 'event_id'), [2]);

    // Past the time of grace for what may still be on its way.
    const swept = await store.sweep(now + 3_600_000);
    assert.equal(swept.orphans, 1);
    assert.deepEqual(await idsOf(given().db, 'box_events', 'event_id'), [2]);
    assert.deepEqual(await idsOf(given().db, 'fs.files', 'filename'), ['event_2_1']);
    assert.equal(await left('fs.chunks'), 1);
  });

  it('files of a crash and chunks of half a file are swept when they are old; those of others stay', async () => {
    const store = await given().open();
    const { db } = given();
    const now = Date.now();
    await store.insertEvent(newEvent(1, now));
    await store.putBoxEvent(boxEvent(1, '1', now), counts(600), now);
    await store.putBoxEvent(boxEvent(1, '2', now), counts(600, 2), now);
    // A crash before the box event, and one in the middle of the file.
    await db.collection('box_events').deleteOne({ box_id: '2' });
    const file = await db.collection('fs.files').findOne({ filename: 'event_1_1' });
    const { _id, ...chunk } = (await db.collection('fs.chunks').findOne({ files_id: file?._id })) ?? {};
    const { ObjectId } = await import('mongodb');
    await db.collection('fs.chunks').insertOne({ ...chunk, files_id: new ObjectId() });
    // The analysis service's files, with and without what ours have.
    await db.collection('fs.files').insertMany([{ filename: 'event_1' }, { filename: 'incident_7' }]);
    assert.equal((await store.sweep(now + 1000)).orphans, 0);
    assert.equal((await store.sweep(now + 3_600_000)).orphans, 2);
    assert.deepEqual((await idsOf(db, 'fs.files', 'filename')).toSorted(), [
      'event_1',
      'event_1_1',
      'incident_7',
    ]);
    assert.equal(await db.collection('fs.chunks').countDocuments(), 1);
  });

  it('an event of the analysis service takes its files along, whatever they are called, as ours do', async () => {
    const store = await given().open({ retention: { mode: 'laha', measurementsSeconds: 60 } });
    const { db } = given();
    const { GridFSBucket } = await import('mongodb');
    const bucket = new GridFSBucket(db);
    for (const box of ['1', '2']) {
      await new Promise((resolve, reject) => {
        bucket.openUploadStream('event_5').on('finish', resolve).on('error', reject).end(Buffer.alloc(10));
      });
      await db.collection('box_events').insertOne({ event_id: 5, box_id: box, data_fs_filename: 'event_5' });
    }
    const nowSeconds = Math.floor(Date.now() / 1000);
    await db.collection('events').insertOne({ event_id: 5, description: 'Mauka x', expire_at: nowSeconds });
    const swept = await store.sweep((nowSeconds + 1) * 1000);
    assert.equal(swept.events, 1);
    for (const name of ['events', 'box_events', 'fs.files', 'fs.chunks']) {
      assert.equal(await db.collection(name).countDocuments(), 0, name);
    }
  });
});

const names = () => ({ measurements: 0, trends: 0, aggregates: 0, events: 0, 'fs.chunks': 0 });

async function idsOf(db: Db, name: string, field: string): Promise<unknown[]> {
  const documents = await db.collection(name).find().toArray();
  return documents.map((document) => document[field]);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + SERVER_SWEEPS_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, 'the server has not deleted what has expired');
    await sleep(250);
  }
}
