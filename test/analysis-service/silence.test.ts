import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { HeardTimes } from '../../analysis-service/outages/heard.js';
import { Outages } from '../../analysis-service/outages/outages.js';
import { silences, type Watched } from '../../analysis-service/outages/silence.js';
import { KnownBoxes } from '../../analysis-service/waveforms/references.js';
import type { Clock } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';
import { silentLogger } from '../../common/log.js';
import { type IncidentIds, STORE_IDS } from '../../daemon/incident-ids.js';
import type { IncidentDocument, Store } from '../../store/store.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';
import { all, columnsOf, finding } from '../store/contract/given.js';
import { openWritable } from '../store/writable.js';
import { until } from '../support/until.js';

const box = (boxId: string, location: string | undefined, silentS: number): Watched => ({
  boxId,
  location,
  heardMs: 1_000_000 - 1000 * silentS,
});
const scopes = (boxes: readonly Watched[]) =>
  silences(boxes, 1_000_000).map(({ boxId, scope }) => `${boxId} ${scope}`);

describe('analysis-service: outages', () => {
  it('tell one box from its location and from the region', () => {
    assert.deepEqual(scopes([box('1', 'a', 61), box('2', 'a', 1), box('3', 'b', 1)]), ['1 box']);
    assert.deepEqual(scopes([box('1', 'a', 61), box('2', 'a', 55), box('3', 'b', 1)]), ['1 location']);
    assert.deepEqual(scopes([box('1', 'a', 61), box('2', 'a', 62), box('3', 'b', 60)]), [
      '1 region',
      '2 region',
      '3 region',
    ]);
    assert.deepEqual(scopes([box('1', undefined, 61), box('2', undefined, 1)]), ['1 box']);
    assert.deepEqual(scopes([box('1', 'a', 59)]), []);
    // A single site: whether the region is out cannot be known.
    assert.deepEqual(scopes([box('1', 'a', 61), box('2', 'a', 61)]), ['1 location', '2 location']);
  });

  it('know a region that has a name', () => {
    const regions = new Map([
      ['a', ['oahu']],
      ['b', ['oahu', 'hawaii']],
      ['c', ['hawaii']],
    ]);
    const found = (...silentS: [number, number, number]) =>
      silences(
        [box('1', 'a', silentS[0]), box('2', 'b', silentS[1]), box('3', 'c', silentS[2])],
        1_000_000,
        regions,
      ).map(({ boxId, region, scope }) => [boxId, scope, region]);
    assert.deepEqual(found(61, 55, 1), [['1', 'region', 'oahu']]);
    assert.deepEqual(found(1, 62, 61), [
      ['2', 'region', 'hawaii'],
      ['3', 'region', 'hawaii'],
    ]);
    // A feeder of the town: the town is out, and not only the feeder.
    const nested = new Map([
      ['a', ['feeder', 'town']],
      ['b', ['feeder', 'town']],
      ['c', ['town']],
    ]);
    const boxes = [box('1', 'a', 61), box('2', 'b', 55), box('3', 'c', 55), box('4', 'd', 1)];
    assert.equal(silences(boxes, 1_000_000, nested)[0]?.region, 'town');
    // All of them: more than one region.
    assert.deepEqual(found(61, 55, 55), [['1', 'region', undefined]]);
    assert.deepEqual(found(61, 1, 55), [['1', 'box', undefined]]);
  });

  async function setUp() {
    const clock = new ManualClock();
    const store = await openWritable(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
    for (const [box_id, location] of [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
    ] as const)
      await store.putBox({ box_id, location, calibration_constant: 1, unplugged: false });
    await store.putBox({ box_id: '4', location: 'b', calibration_constant: 1, unplugged: true });
    await store.putBox({ box_id: '5', calibration_constant: 1, unplugged: false, kind: 'import' });
    await store.insertMeasurements(
      columnsOf([1, 2, 3, 4, 5].map((id) => ({ box: id, at: clock.now() - 5000 }))),
    );
    const last = new Map<string, number>();
    const heard = { connectedMs: 0 as number | undefined, of: (boxId: string) => last.get(boxId) };
    const changes: IncidentDocument[] = [];
    const make = (more: { store?: Store; ids?: IncidentIds; clock?: Clock } = {}) =>
      new Outages({
        store,
        ids: STORE_IDS,
        heard,
        clock,
        boxes: new KnownBoxes(store, { voltage: 120, frequency: 60 }, clock),
        log: silentLogger(),
        onChanged: (incident) => changes.push(incident),
        ...more,
      });
    /** Seconds pass; the boxes named are heard each second. */
    const pass = async (outages: Outages, seconds: number, ...boxes: string[]): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(1000);
        for (const boxId of boxes) last.set(boxId, clock.monotonic());
        if (second % 5 === 4) await outages.look();
      }
    };
    return { clock, store, heard, changes, make, pass };
  }

  it('one box that falls silent: one incident, open until it is heard again', async () => {
    const { changes, clock, make, pass, store } = await setUp();
    const outages = make();
    await pass(outages, 70, '1', '2', '3');
    assert.deepEqual(await all(store.incidents()), []);
    const lastHeard = clock.now();
    await pass(outages, 120, '2', '3');
    const [outage, ...others] = await all(store.incidents());
    assert.deepEqual(others, []);
    assert.deepEqual(
      [
        outage?.box_id,
        outage?.event_id,
        outage?.measurement_type,
        outage?.classifications,
        outage?.end_timestamp_ms,
      ],
      ['1', -1, 'HEALTH', ['OUTAGE'], -1],
    );
    assert.equal(outage?.metadata.scope, 'box');
    assert.ok(Math.abs((outage?.start_timestamp_ms ?? 0) - lastHeard) <= 1000);
    await pass(outages, 10, '1', '2', '3');
    const [over, ...more] = await all(store.incidents());
    assert.deepEqual(more, []);
    assert.equal(over?.incident_id, outage?.incident_id);
    assert.ok(Math.abs((over?.end_timestamp_ms ?? 0) - (clock.now() - 10_000)) <= 6000);
    assert.deepEqual(
      changes.map((one) => one.end_timestamp_ms === -1),
      [true, false],
    );
  });

  it('unplugged and imported boxes, and those that nobody has heard, have none', async () => {
    const { make, pass, store } = await setUp();
    await store.putBox({ box_id: '6', calibration_constant: 1, unplugged: false });
    await pass(make(), 300, '1', '2', '3');
    assert.deepEqual(await all(store.incidents()), []);
  });

  it('silence of all boxes while the broker is not connected is our own fault, also for a minute after', async () => {
    const { clock, heard, make, pass, store } = await setUp();
    const outages = make();
    await pass(outages, 70, '1', '2', '3');
    heard.connectedMs = undefined;
    await pass(outages, 200);
    heard.connectedMs = clock.monotonic();
    await pass(outages, 55);
    assert.deepEqual(await all(store.incidents()), []);
    // The broker is back, and two locations stay silent: the region.
    await pass(outages, 70);
    const found = await all(store.incidents());
    assert.deepEqual(
      found.map((one) => `${one.box_id} ${String(one.metadata.scope)}`),
      ['1 region', '2 region', '3 region'],
    );
  });

  it('none begins where this process stood still: what came meanwhile is read first', async () => {
    const { clock, make, pass, store } = await setUp();
    const outages = make();
    outages.start();
    await pass(outages, 70, '1', '2', '3');
    clock.advance(90_000);
    await turn();
    await outages.look();
    assert.deepEqual(await all(store.incidents()), []);
    await pass(outages, 50, '2', '3');
    assert.deepEqual(await all(store.incidents()), []);
    // Box 1 did stay silent.
    await pass(outages, 20, '2', '3');
    await outages.stop();
    assert.deepEqual(
      (await all(store.incidents())).map((one) => one.box_id),
      ['1'],
    );
  });

  it('an outage whose write was done although it failed is one, and ends', async () => {
    const { clock, make, pass, store } = await setUp();
    let lost = 0;
    const losing: Store = {
      ...store,
      apply: async (write) => {
        const stored = await store.apply(write);
        if (lost >= 2) return stored;
        lost += 1;
        throw new MakaiError('STORE_UNAVAILABLE', 'the reply is lost');
      },
    };
    let drift = 0;
    const drifting: Clock = {
      now: () => clock.now() + drift,
      monotonic: () => clock.monotonic(),
      after: (ms, fn) => clock.after(ms, fn),
    };
    const outages = make({ store: losing, clock: drifting });
    await pass(outages, 60, '1', '2', '3');
    for (let look = 0; look < 20; look += 1) {
      // The two clocks of a machine do not run alike.
      drift += 1.3;
      await pass(outages, 5, '2', '3').catch((error: unknown) => assert.match(String(error), /lost/));
    }
    assert.equal(lost, 2);
    assert.equal((await all(store.incidents())).length, 1);
    await pass(outages, 10, '1', '2', '3');
    const [outage, ...others] = await all(store.incidents());
    assert.deepEqual(others, []);
    assert.notEqual(outage?.end_timestamp_ms, -1);
  });

  it('has the ids that another service gives, asked for once', async () => {
    const { make, pass, store } = await setUp();
    let [asked, refused] = [0, 0];
    const ids: IncidentIds = {
      ...STORE_IDS,
      number: async (findings) => {
        if (refused < 2) {
          refused += 1;
          throw new MakaiError('TIMEOUT', 'no reply');
        }
        asked += 1;
        return findings.map((one) => ({ ...one, incident: { ...one.incident, incident_id: 700 } }));
      },
    };
    const outages = make({ ids });
    await pass(outages, 60, '1', '2', '3');
    for (let look = 0; look < 20; look += 1)
      await pass(outages, 5, '2', '3').catch((error: unknown) => assert.match(String(error), /no reply/));
    await pass(outages, 10, '1', '2', '3');
    const [outage, ...others] = await all(store.incidents());
    assert.deepEqual([others, outage?.incident_id, asked, refused], [[], 700, 1, 2]);
    assert.notEqual(outage?.end_timestamp_ms, -1);
  });

  it('of several outages of a box that go on, the last one does after a restart', async () => {
    const { clock, make, pass, store } = await setUp();
    const startMs = clock.now();
    for (const ms of [0, 3, 90_000]) {
      const outage = { measurement_type: 'HEALTH', classifications: ['OUTAGE'], end_timestamp_ms: -1 };
      await store.putIncident(finding(-1, '1', startMs + ms, outage));
    }
    const outages = make();
    outages.start();
    await until('the others are closed', async () => {
      await pass(outages, 5, '2', '3');
      return (await all(store.incidents({ goesOn: true }))).length === 1;
    });
    await pass(outages, 10, '1', '2', '3');
    await outages.stop();
    const ends = (await all(store.incidents({ boxId: '1' }))).map((one) => one.end_timestamp_ms - startMs);
    assert.deepEqual(ends.slice(0, 2), [90_000, 90_000]);
    assert.ok((ends[2] ?? 0) >= 90_000);
    assert.equal(ends.length, 3);
  });

  it('a recovery that fails and is tried again leaves outages that go on as they are', async () => {
    const { clock, make, pass, store } = await setUp();
    const outage = { measurement_type: 'HEALTH', classifications: ['OUTAGE'], end_timestamp_ms: -1 };
    await store.putIncident(finding(-1, '1', clock.now() - 1000, outage));
    let calls = 0;
    const failing: Store = {
      ...store,
      newestByBox: () => {
        calls += 1;
        if (calls === 1) throw new MakaiError('STORE_UNAVAILABLE', 'not now');
        return store.newestByBox();
      },
    };
    const outages = make({ store: failing });
    outages.start();
    await until('it is recovered', async () => {
      await pass(outages, 5, '2', '3');
      return calls === 2 && outages.open === 1;
    });
    assert.equal((await all(store.incidents({ goesOn: true }))).length, 1);
    await pass(outages, 10, '1', '2', '3');
    await outages.stop();
    const [incident, ...others] = await all(store.incidents());
    assert.deepEqual(others, []);
    assert.ok((incident?.end_timestamp_ms ?? 0) > (incident?.start_timestamp_ms ?? 0));
  });

  it('of invented ids those heard longest ago are forgotten, and counted', () => {
    const times = new HeardTimes(3);
    for (let ms = 0; ms < 100; ms += 1) {
      times.heard('real', ms);
      times.heard(`invented ${ms}`, ms);
    }
    assert.deepEqual(
      [times.of('real'), times.of('invented 99'), times.of('invented 9')],
      [99, 99, undefined],
    );
    assert.equal(times.heard('new', 100), true);
    assert.equal(times.heard('new', 100), false);
    assert.deepEqual([times.of('new'), times.forgotten], [100, 99]);
  });

  it('a message costs about the same however many boxes send', () => {
    const cost = (boxes: number): number => {
      const times = new HeardTimes(100_000);
      const ids = Array.from({ length: boxes }, (_, i) => String(i));
      for (const id of ids) times.heard(id, 0);
      const begun = process.cpuUsage();
      for (let round = 0; round < 40_000 / boxes; round += 1) for (const id of ids) times.heard(id, round);
      const { user, system } = process.cpuUsage(begun);
      return user + system;
    };
    cost(10);
    const ofFew = Math.min(cost(10), cost(10), cost(10));
    const ofMany = Math.min(cost(20_000), cost(20_000));
    assert.ok(ofMany < 12 * ofFew, `${ofMany} µs in place of ${ofFew} µs`);
  });

  it('an outage that goes on is known after a restart, and ended then', async () => {
    const { heard, make, pass, store } = await setUp();
    const first = make();
    await pass(first, 70, '1', '2', '3');
    await pass(first, 70, '2', '3');
    assert.equal((await all(store.incidents())).length, 1);
    heard.connectedMs = 0;
    const second = make();
    second.start();
    await pass(second, 70, '2', '3');
    await pass(second, 10, '1', '2', '3');
    await second.stop();
    const [outage, ...others] = await all(store.incidents());
    assert.deepEqual(others, []);
    assert.notEqual(outage?.end_timestamp_ms, -1);
  });
});
