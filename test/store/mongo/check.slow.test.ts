import assert from 'node:assert/strict';
import { Long } from 'mongodb';
import { checkMongoStore } from '../../../store/mongo/check/check.js';
import { givenMongo } from '../../support/mongo-server.js';
import { boxEvent, counts, newEvent } from '../contract/given.js';
import { givenDatabase } from './given.js';

/** Whole seconds, now: a server deletes what has expired. */
const T = Math.floor(Date.now() / 1000) * 1000;

describe('MongoDB: store check', () => {
  const given = givenDatabase(givenMongo());

  const found = async (pattern: RegExp, mode: 'ttl' | 'laha' = 'ttl') => {
    const findings = await checkMongoStore(given().url, mode);
    const finding = findings.find(({ message }) => pattern.test(message));
    return finding?.severity;
  };

  it('a database without anything: only missing indexes', async () => {
    const findings = await checkMongoStore(given().url, 'ttl');
    assert.deepEqual(
      findings.map(({ severity }) => severity),
      ['info', 'warning'],
    );
    assert.deepEqual(await given().db.listCollections().toArray(), []);
  });

  it('a laha_config under retention ttl; old dates under retention laha', async () => {
    const store = await given().open({
      retention: { mode: 'ttl', measurementsSeconds: 60, eventsSeconds: 86_400 },
    });
    await store.insertEvent(newEvent(1, T));
    await given()
      .db.collection('laha_config')
      .insertOne({ ttls: { measurements: 5 } });
    assert.equal(await found(/there is a laha_config/), 'warning');
    assert.equal(await found(/events of an earlier retention "ttl"/, 'laha'), 'warning');
    assert.equal(await found(/there is no laha_config/, 'laha'), undefined);
  });

  it('documents of people: boxes, thresholds, times of life', async () => {
    await given().open();
    const { db } = given();
    await db.collection('opq_boxes').insertMany([
      { box_id: '7', name: 'no calibration' },
      { box_id: '8', name: 'bad', calibration_constant: 'a hundred', unplugged: false },
    ]);
    await db.collection('makai_config').insertMany([{ triggering: { default_ref_f: 'sixty' } }, {}]);
    await db.collection('laha_config').insertOne({ ttls: { measurements: -1 } });
    assert.equal(await found(/box 7 lacks calibration_constant and unplugged/), 'warning');
    assert.equal(await found(/box 8: calibration_constant: .*"a hundred"/), 'error');
    assert.equal(await found(/makai_config: triggering.default_ref_f: .*"sixty"/), 'error');
    assert.equal(await found(/makai_config has more than one document/), 'warning');
    assert.equal(await found(/laha_config: ttls.measurements/), 'error');
  });

  it('event numbers at their end, of another type, events without expire_at', async () => {
    await given().open();
    const events = given().db.collection('events');
    await events.insertOne({ event_id: Long.fromNumber(3), expire_at: 1 });
    assert.equal(await found(/event_id is no int32/), 'warning');
    await events.insertOne({ event_id: 1_000_000_001 });
    assert.equal(await found(/had never reached this database/), 'info');
    assert.equal(await found(/events without expire_at, for example 1000000001/, 'laha'), 'warning');
    await events.insertOne({ event_id: 2_147_483_000, expire_at: 1 });
    assert.equal(await found(/highest event_id is 2147483000/), 'error');
  });

  it('waveforms that are gone or lack chunks', async () => {
    const store = await given().open();
    for (const box of ['1', '2', '3']) {
      await store.putBoxEvent(boxEvent(1, box, T), counts(600), T);
    }
    const { db } = given();
    assert.equal(await found(/waveforms/), undefined);
    await db.collection('fs.files').deleteOne({ filename: 'event_1_1' });
    const file = await db.collection('fs.files').findOne({ filename: 'event_1_2' });
    await db.collection('fs.chunks').deleteMany({ files_id: file?._id });
    assert.equal(await found(/name 1 waveforms that are not there, for example event_1_1 /), 'error');
    assert.equal(await found(/1 waveforms lack chunks, for example event_1_2/), 'error');
    await assert.rejects(store.waveform('event_1_2'), { code: 'STORE_DAMAGED' });
  });
});
