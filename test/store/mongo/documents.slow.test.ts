import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BSON, type Document } from 'mongodb';
import type { Store } from '../../../store/store.js';
import { givenMongo } from '../../support/mongo-server.js';
import { SHARED_DATA } from '../../support/shared-data.js';
import { boxEvent, columnsOf, counts, newEvent } from '../contract/given.js';
import type { Writable } from '../writable.js';
import { givenDatabase } from './given.js';

/** Now, and not a whole second: a server deletes what has expired. */
const T = Math.floor(Date.now() / 1000) * 1000 + 819;
const LONG = '$numberLong';
const INT = '$numberInt';
const DOUBLE = '$numberDouble';
/** The driver turns 60.0 and 60 into the same number unless instructed to leave values as they are. */
const TYPED = { promoteValues: false };

/** The type of each field as extended JSON shows it: `int`, `text`, ... nested ones with a dot, of a list its items'. */
function typesOf(document: Document, prefix = ''): Record<string, string> {
  const types: Record<string, string> = {};
  for (const [field, value] of Object.entries(document)) {
    const item: unknown = Array.isArray(value) ? value[0] : value;
    const name = `${prefix}${field}`;
    if (typeof item !== 'object' || item === null) types[name] = typeof item;
    else if (Object.keys(item).some((key) => key.startsWith('$'))) types[name] = Object.keys(item).join();
    else Object.assign(types, typesOf(item, `${name}.`));
  }
  return types;
}

/** A stored document as canonical extended JSON. */
function extended(document: Document | null): Document {
  return JSON.parse(BSON.EJSON.stringify(document, { relaxed: false })) as Document;
}

describe('MongoDB: documents to the field type', () => {
  const given = givenDatabase(givenMongo());
  const retention = {
    mode: 'ttl' as const,
    measurementsSeconds: 600,
    trendsSeconds: 600,
    eventsSeconds: 600,
  };

  /** One document of each collection that daemons write, whole numbers wherever a type could slip. */
  async function write(store: Writable<Store>): Promise<void> {
    await store.putBox({
      box_id: '7',
      name: 'Box 7',
      description: 'd',
      calibration_constant: 152,
      unplugged: false,
      location: 'test-lab',
      location_start_time_ms: T,
      location_archive: [{ location: 'old', location_start_time_ms: T - 1 }],
      public_key: 'x'.repeat(40),
    });
    const whole = { f: 60, rms: 120, thd: 0, trans: 7 } as const;
    await store.insertMeasurements(columnsOf([{ box: 7, at: T, metrics: whole }]));
    const [trend] = await store.computeTrends([{ boxId: '7', startMs: T - 1, endMs: T + 1 }]);
    assert.ok(trend !== undefined);
    await store.putTrends([trend]);
    await store.insertEvent(newEvent(7, T, { percent_magnitude: 5, boxes_triggered: ['7'] }));
    await store.putBoxEvent({ ...boxEvent(7, '7', T), location: 'test-lab' }, counts(400), T + 5);
    await store.insertMetrics({ name: 'tb', bytes: 2157 });
    await store.insertMetrics({ name: 'ab', sent: 484, recv: 433_947 });
    await store.insertMetrics({ name: 'ab', sent: 3, recv: 5_000_000_000 });
    const finding = { service: 'BOX', serviceID: '7', status: 'UP', info: '' } as const;
    await store.insertHealth({ timestamp: new Date(T), ...finding });
    await store.nextEventIds(1);
  }

  it('int32 numbers, int64 times, doubles also when whole, dates, text ids', async () => {
    await write(await given().open({ retention }));
    const { db } = given();
    const one = async (name: string, filter = {}) =>
      typesOf(extended(await db.collection(name).findOne(filter, TYPED)));
    const metric = (name: string) => ({
      [`${name}.min`]: DOUBLE,
      [`${name}.max`]: DOUBLE,
      [`${name}.average`]: DOUBLE,
    });
    const dated = { _id: '$oid', expire_at: LONG, expireAt: '$date' };
    assert.deepEqual(await one('measurements'), {
      ...dated,
      box_id: 'string',
      timestamp_ms: LONG,
      frequency: DOUBLE,
      voltage: DOUBLE,
      thd: DOUBLE,
      transient: DOUBLE,
    });
    assert.deepEqual(await one('trends'), {
      ...dated,
      box_id: 'string',
      timestamp_ms: LONG,
      location: 'string',
      ...metric('frequency'),
      ...metric('voltage'),
      ...metric('thd'),
      ...metric('transient'),
    });
    assert.deepEqual(await one('events'), {
      ...dated,
      event_id: INT,
      type: 'string',
      description: 'string',
      boxes_triggered: 'string',
      boxes_received: 'string',
      latencies_ms: LONG,
      percent_magnitude: DOUBLE,
      target_event_start_timestamp_ms: LONG,
      target_event_end_timestamp_ms: LONG,
    });
    assert.deepEqual(await one('box_events'), {
      _id: '$oid',
      event_id: INT,
      box_id: 'string',
      event_start_timestamp_ms: LONG,
      event_end_timestamp_ms: LONG,
      window_timestamps_ms: LONG,
      location: 'string',
      data_fs_filename: 'string',
    });
    assert.deepEqual(await one('fs.files'), {
      _id: '$oid',
      length: LONG,
      chunkSize: INT,
      uploadDate: '$date',
      filename: 'string',
      'metadata.event_id': INT,
      'metadata.box_id': 'string',
    });
    assert.deepEqual(await one('fs.chunks'), { _id: '$oid', files_id: '$oid', n: INT, data: '$binary' });
    assert.deepEqual(await one('opq_boxes'), {
      _id: '$oid',
      box_id: 'string',
      name: 'string',
      description: 'string',
      calibration_constant: DOUBLE,
      unplugged: 'boolean',
      location: 'string',
      location_start_time_ms: LONG,
      'location_archive.location': 'string',
      'location_archive.location_start_time_ms': LONG,
      public_key: 'string',
    });
    assert.deepEqual(await one('makai_metrics', { name: 'tb' }), { _id: '$oid', name: 'string', bytes: INT });
    assert.deepEqual(await one('makai_metrics', { sent: 3 }), {
      _id: '$oid',
      name: 'string',
      sent: INT,
      recv: LONG,
    });
    assert.deepEqual(await one('health'), {
      _id: '$oid',
      timestamp: '$date',
      service: 'string',
      serviceID: 'string',
      status: 'string',
      info: 'string',
    });
  });

  it('without a TTL: no date, and an expire_at that no collector reaches', async () => {
    await write(await given().open());
    for (const name of ['trends', 'events']) {
      const document = extended(await given().db.collection(name).findOne({}, TYPED));
      assert.equal(document.expireAt, undefined);
      assert.deepEqual(document.expire_at, { [LONG]: '253402300799' });
    }
  });

  it('with retention laha: expire_at alone', async () => {
    await write(await given().open({ retention: { ...retention, mode: 'laha' } }));
    for (const name of ['measurements', 'trends', 'events']) {
      const types = typesOf(extended(await given().db.collection(name).findOne({}, TYPED)));
      assert.deepEqual([types.expire_at, types.expireAt], [LONG, undefined], name);
    }
  });

  it('every field that the programs of 2020 wrote has their type in ours', async function () {
    const folder = join(SHARED_DATA, 'golden/mongo');
    if (!existsSync(folder)) return this.skip();
    const store = await given().open({ retention });
    await write(store);
    await store.putMakaiConfig({ triggering: goldenTriggering(folder) });
    for (const name of [
      'measurements',
      'trends',
      'events',
      'box_events',
      'fs.files',
      'fs.chunks',
      'opq_boxes',
      'makai_metrics',
      'makai_config',
    ]) {
      const golden = goldenOf(folder, name);
      const ours = await given().db.collection(name).find({}, TYPED).toArray();
      for (const document of golden.documents) {
        const theirs = typesOf(document);
        // GridFS has had no md5 since its specification of 2020; drivers of today do not write it.
        delete theirs.md5;
        const same = ours
          .map((one) => typesOf(extended(one)))
          .find((types) => Object.entries(theirs).every(([field, type]) => types[field] === type));
        assert.ok(same, `${name}: ${JSON.stringify(theirs)}`);
      }
    }
  });

  it('documents of 2020 are read for what they are', async function () {
    const folder = join(SHARED_DATA, 'golden/mongo');
    if (!existsSync(folder)) return this.skip();
    const store = await given().open({ retention: { ...retention, mode: 'laha' } });
    for (const name of [
      'events',
      'box_events',
      'opq_boxes',
      'makai_config',
      'laha_config',
      'measurements',
      'trends',
    ]) {
      const documents = goldenOf(folder, name).documents.map((document) => BSON.EJSON.deserialize(document));
      await given()
        .db.collection(name)
        .insertMany(documents as Document[]);
    }
    const event = await store.event(7);
    assert.deepEqual(event?.boxes_received, ['8', '7', '1234']);
    assert.equal(event?.type, undefined);
    assert.equal((await store.boxEvents(7))[0]?.data_fs_filename, 'event_7_7');
    assert.equal((await store.box('7'))?.calibration_constant, 152.5);
    assert.equal((await store.makaiConfig())?.triggering.triggering_overrides[0]?.box_id, '2001');
    assert.equal((await store.lahaConfig())?.ttls.trends, 1_209_600);
    assert.deepEqual(await store.nextEventIds(1), [8]);
  });
});

interface Golden {
  documents: Document[];
}

function goldenOf(folder: string, collection: string): Golden {
  return JSON.parse(readFileSync(join(folder, `v3_${collection}.json`), 'utf8')) as Golden;
}

function goldenTriggering(folder: string) {
  const [document] = goldenOf(folder, 'makai_config').documents;
  const config = BSON.EJSON.deserialize(document ?? {}) as Document;
  return config.triggering as Parameters<Store['putMakaiConfig']>[0]['triggering'];
}
