import assert from 'node:assert/strict';
import { Aggregates, type Reach } from '../../../analysis-service/aggregates/aggregates.js';
import { MakaiError } from '../../../common/errors.js';
import { silentLogger } from '../../../common/log.js';
import type { Store } from '../../../store/store.js';
import type { Write } from '../../../store/writes.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';
import { all, columnsOf } from '../../store/contract/given.js';
import { openWritable, type Writable } from '../../store/writable.js';

const TEN = 600_000;
const TWO_HOURS = 7_200_000;
const START = Math.floor(1_780_000_000_000 / TWO_HOURS) * TWO_HOURS;
const DAY_SECONDS = 86_400;

describe('analysis-service/aggregates', () => {
  let clock: ManualClock;
  let store: Writable<Store>;
  let written: Write[];
  let fails: () => boolean;
  beforeEach(async () => {
    clock = new ManualClock(START);
    written = [];
    fails = () => false;
    const retention = { mode: 'ttl' as const, measurementsSeconds: DAY_SECONDS };
    store = await openWritable(':memory:', { retention, now: () => clock.now() });
  });
  afterEach(() => store.close());

  const put = async (write: Write) => {
    if (fails()) throw new MakaiError('STORE_UNAVAILABLE', 'nobody replies');
    written.push(write);
    return store.apply(write);
  };
  const follower = () => new Aggregates({ store, put, clock, log: silentLogger() });
  /** a measurement each 10 s in [fromMs, toMs) */
  const measure = (box: number, fromMs: number, toMs: number, rms = 120) =>
    store.insertMeasurements(
      columnsOf(
        Array.from({ length: (toMs - fromMs) / 10_000 }, (_, i) => ({
          box,
          at: fromMs + 10_000 * i,
          metrics: { rms, f: 60, thd: 0.02 },
        })),
      ),
    );
  const ends = async (boxId: string, seconds: 600 | 7200) =>
    (await all(store.aggregates(boxId, seconds))).map(({ timestamp_ms }) => (timestamp_ms - START) / TEN);

  it('a window is there after its end, not before; the two hours after theirs', async () => {
    await store.putBox({ box_id: '1', calibration_constant: 1, unplugged: false, location: 'lab' });
    await measure(1, START, START + TWO_HOURS + TEN);
    const aggregates = follower();
    clock.advance(TEN + 14_000);
    await aggregates.pass('all');
    assert.deepEqual(await ends('1', 600), []);
    clock.advance(1_000);
    await aggregates.pass('recent');
    assert.deepEqual(await ends('1', 600), [1]);
    clock.advance(TWO_HOURS);
    await aggregates.pass('all');
    assert.deepEqual(
      await ends('1', 600),
      Array.from({ length: 13 }, (_, i) => i + 1),
    );
    assert.deepEqual(await ends('1', 7200), [12]);
    const [two] = await all(store.aggregates('1', 7200));
    assert.deepEqual([two?.measurements, two?.coverage, two?.location], [720, 1, 'lab']);
    assert.ok(Math.abs((two?.voltage?.rms ?? 0) - 120) < 1e-9);
  });

  it('the same again writes nothing, also after a restart', async () => {
    await measure(1, START, START + TWO_HOURS);
    clock.advance(TWO_HOURS + 20_000);
    await follower().pass('all');
    const count = written.length;
    await follower().pass('all');
    assert.equal(written.length, count);
  });

  it('late measurements: their window and its two hours are computed again, however late', async () => {
    await measure(1, START, START + TEN, 100);
    await measure(1, START + 2 * TEN, START + TWO_HOURS);
    clock.advance(TWO_HOURS + 20_000);
    await follower().pass('all');
    assert.deepEqual((await ends('1', 600)).length, 11);
    clock.advance(10 * 3_600_000);
    await measure(1, START + TEN, START + 2 * TEN, 110);
    await store.insertMeasurements(columnsOf([{ box: 1, at: START + 5, metrics: { rms: 140 } }]));
    await follower().pass('all');
    const windows = await all(store.aggregates('1', 600, { limit: 2 }));
    assert.deepEqual(
      windows.map(({ measurements }) => measurements),
      [61, 60],
    );
    assert.equal(windows[0]?.voltage?.max, 140);
    const [two] = await all(store.aggregates('1', 7200));
    assert.deepEqual([two?.measurements, two?.coverage, two?.voltage?.max], [721, 1, 140]);
  });

  it('what was computed stays when its measurements have gone, also when a late one comes', async () => {
    await measure(1, START, START + TEN);
    clock.advance(TEN + 20_000);
    await follower().pass('all');
    clock.advance(2 * DAY_SECONDS * 1000);
    await store.sweep(clock.now());
    await store.insertMeasurements(columnsOf([{ box: 1, at: START + 7, metrics: { rms: 1 } }]));
    await follower().pass('all');
    const [window] = await all(store.aggregates('1', 600));
    assert.deepEqual([window?.measurements, window?.voltage?.max], [60, 120]);
  });

  it('boxes that are silent, new or unknown do not hold others up', async () => {
    await measure(2, START, START + TEN);
    await measure(1, START + TEN, START + 2 * TEN);
    await store.putBox({ box_id: '3', calibration_constant: 1, unplugged: false });
    clock.advance(TWO_HOURS + 20_000);
    await follower().pass('all');
    assert.deepEqual(await Promise.all(['1', '2', '3'].map((id) => ends(id, 600))), [[2], [1], []]);
    assert.deepEqual(await Promise.all(['1', '2', '3'].map((id) => ends(id, 7200))), [[12], [12], []]);
  });

  it('looks at all at the start and every six hours, at some hours once an hour, else at the last windows', async () => {
    const reaches: Reach[] = [];
    class Noting extends Aggregates {
      override async pass(reach: Reach): Promise<void> {
        reaches.push(reach);
        await super.pass(reach);
      }
    }
    const aggregates = new Noting({ store, put, clock, log: silentLogger() });
    aggregates.start();
    for (let passes = 0; passes < 73; passes += 1) {
      clock.advance(passes === 0 ? 0 : TEN);
      const isDone = () => reaches.length > passes;
      for (let i = 0; i < 1000 && !isDone(); i += 1) await new Promise((resolve) => setImmediate(resolve));
      for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await aggregates.stop();
    assert.deepEqual(
      reaches,
      Array.from({ length: 73 }, (_, i) => (i % 36 === 0 ? 'all' : i % 6 === 0 ? 'hours' : 'recent')),
    );
  });

  it('runs by itself after each window; a failure of the store is made good by the next pass', async () => {
    await measure(1, START, START + 3 * TEN);
    const aggregates = follower();
    const settled = async () => {
      for (let i = 0; i < 200; i += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    aggregates.start();
    for (const ms of [0, 15_000]) {
      clock.advance(ms);
      await settled();
    }
    fails = () => true;
    clock.advance(TEN);
    await settled();
    assert.deepEqual([await ends('1', 600), aggregates.status().failed], [[], 1]);
    fails = () => false;
    clock.advance(TEN);
    await settled();
    assert.deepEqual(await ends('1', 600), [1, 2]);
    clock.advance(TEN);
    await settled();
    assert.deepEqual(await ends('1', 600), [1, 2, 3]);
    assert.deepEqual(aggregates.status(), { written: 3, upToMs: START + 3 * TEN, failed: 1 });
    await aggregates.stop();
    await measure(1, START + 3 * TEN, START + 4 * TEN);
    clock.advance(TWO_HOURS);
    await settled();
    assert.deepEqual(await ends('1', 600), [1, 2, 3]);
  });
});
