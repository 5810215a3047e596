import assert from 'node:assert/strict';
import { Int32 } from 'mongodb';
import { givenMongo } from '../../support/mongo-server.js';
import { all, columnsOf } from '../contract/given.js';
import { givenDatabase } from './given.js';

/** Whole seconds, now: a server deletes what has expired. */
const T = Math.floor(Date.now() / 1000) * 1000;

describe('MongoDB: documents that people edit', () => {
  const given = givenDatabase(givenMongo());
  const reports = () => given().logged.filter((line) => line.msg === 'invalid document');

  it('a bad box is reported once with its field; its last good form stays, the others are as they are', async () => {
    const store = await given().open();
    const boxes = given().db.collection('opq_boxes');
    await store.putBox({ box_id: '1', calibration_constant: 150, unplugged: false });
    await store.putBox({ box_id: '2', calibration_constant: 96, unplugged: false });
    await store.boxes();
    await boxes.updateOne({ box_id: '1' }, { $set: { calibration_constant: 'a lot', public_key: 'short' } });
    await boxes.updateOne({ box_id: '2' }, { $set: { calibration_constant: 97.5 } });
    for (let read = 0; read < 3; read += 1) {
      const found = await store.boxes();
      assert.deepEqual(
        found.map((box) => box.calibration_constant),
        [150, 97.5],
      );
    }
    assert.equal((await store.box('1'))?.calibration_constant, 150);
    assert.equal(reports().length, 1);
    assert.equal(reports()[0]?.document, 'opq_boxes 1');
    assert.deepEqual(reports()[0]?.mistakes, [
      'calibration_constant: a number above 0 is expected, found "a lot"',
      'public_key: 40 characters of Z85 are expected, found 5',
    ]);
    await boxes.updateOne({ box_id: '1' }, { $set: { calibration_constant: 151, public_key: '' } });
    assert.equal((await store.box('1'))?.calibration_constant, 151);
    await boxes.deleteOne({ box_id: '1' });
    assert.equal(await store.box('1'), undefined);
  });

  it('a box that was never good is left out', async () => {
    const store = await given().open();
    await given().db.collection('opq_boxes').insertOne({ box_id: '1', unplugged: 'yes' });
    assert.deepEqual(await store.boxes(), []);
    assert.equal(reports().length, 1);
  });

  it('what others leave out of a box has the meaning that readers give it; what they add stays', async () => {
    const store = await given().open();
    const boxes = given().db.collection('opq_boxes');
    await boxes.insertOne({ box_id: '9', name: 'x', owners: ['someone'], location: null });
    assert.deepEqual(await store.box('9'), {
      box_id: '9',
      name: 'x',
      calibration_constant: 1,
      unplugged: true,
    });
    await store.putBox({ box_id: '9', calibration_constant: 2, unplugged: false });
    const document = await boxes.findOne({ box_id: '9' });
    assert.deepEqual([document?.owners, document?.name], [['someone'], undefined]);
  });

  it('a bad makai_config is reported with its fields and the last good one stays in force', async () => {
    const store = await given().open();
    const configs = given().db.collection('makai_config');
    const good = {
      default_ref_f: new Int32(60),
      default_ref_v: 120,
      default_threshold_percent_f_low: 1.5,
      default_threshold_percent_f_high: 1.5,
      default_threshold_percent_v_low: 2.5,
      default_threshold_percent_v_high: 2.5,
      default_threshold_percent_thd_high: 3,
      triggering_overrides: [
        {
          box_id: '2001',
          ref_f: 60,
          ref_v: 120,
          threshold_percent_f_low: 5,
          threshold_percent_f_high: 5,
          threshold_percent_v_low: 5,
          threshold_percent_v_high: 5,
        },
      ],
    };
    await configs.insertOne({ triggering: good });
    const first = await store.makaiConfig();
    assert.equal(first?.triggering.default_ref_f, 60);
    assert.equal(first?.triggering.triggering_overrides[0]?.threshold_percent_thd_high, undefined);
    const bad = [{ ...good.triggering_overrides[0], ref_v: 0 }];
    await configs.updateOne(
      {},
      { $set: { 'triggering.default_ref_v': -1, 'triggering.triggering_overrides': bad } },
    );
    assert.deepEqual(await store.makaiConfig(), first);
    assert.deepEqual(await store.makaiConfig(), first);
    assert.equal(reports().length, 1);
    assert.deepEqual(reports()[0]?.mistakes, [
      'triggering.default_ref_v: a number above 0 is expected, found -1',
      'triggering.triggering_overrides[0].ref_v: a number above 0 is expected, found 0',
    ]);
    await configs.deleteMany({});
    assert.equal(await store.makaiConfig(), undefined);
  });

  it('laha_config is read again when its cache is old, and a bad one changes nothing', async () => {
    const clock = { ms: T };
    const store = await given().open({
      retention: { mode: 'laha', measurementsSeconds: 1000 },
      now: () => clock.ms,
      cacheSeconds: 60,
    });
    const config = given().db.collection('laha_config');
    let box = 0;
    const lives = async (): Promise<number | undefined> => {
      box += 1;
      await store.insertMeasurements(columnsOf([{ box, at: clock.ms, metrics: { f: 60 } }]));
      const [measurement] = await all(store.measurements(String(box)));
      return measurement && measurement.expire_at - clock.ms / 1000;
    };
    assert.equal(await lives(), 1000);
    await config.insertOne({ ttls: { measurements: 50, trends: 5, incidents: 7 } });
    clock.ms += 59_000;
    assert.equal(await lives(), 1000);
    clock.ms += 1_000;
    assert.equal(await lives(), 50);
    await config.updateOne({}, { $set: { 'ttls.measurements': 'a day' } });
    clock.ms += 60_000;
    assert.equal(await lives(), 50);
    assert.deepEqual(reports()[0]?.mistakes, [
      'ttls.measurements: seconds above 0 are expected, found "a day"',
    ]);
    await config.updateOne({}, { $set: { 'ttls.measurements': 70 } });
    clock.ms += 60_000;
    assert.equal(await lives(), 70);
  });
});
