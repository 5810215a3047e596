import assert from 'node:assert/strict';
import { MakaiError } from '../../../common/errors.js';
import { silentLogger } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics/metrics.js';
import { addStoreMetrics } from '../../../store/outbox/metrics.js';
import { Outbox } from '../../../store/outbox/outbox.js';
import { LOSABLE_KINDS } from '../../../store/outbox/policy.js';
import { eventIdOf } from '../../../store/writes.js';
import { all, boxEvent, bytesOf, columnsOf, counts, newEvent } from '../contract/given.js';
import { givenSpool, primaryOver, until } from './given.js';

const MINUTE = 60_000;

describe('spool: the database is unavailable', () => {
  const given = givenSpool();

  it('from the start: everything is taken, and delivered once when it comes, in order', async () => {
    const { clock, database, way } = given();
    way.open = false;
    const spool = await given().open();
    const t = clock.ms;
    const batch = columnsOf([
      { box: 1, at: t, metrics: { f: [59.9, 60, 60.1], rms: 120 } },
      { box: 2, at: t, invalid: ['f'] },
    ]);
    assert.deepEqual(await spool.insertMeasurements(batch), { inserted: 2, duplicates: 0 });
    await spool.insertEvent(newEvent(7, t, { boxes_triggered: ['1'] }));
    await spool.addTriggeredBoxes(7, ['2']);
    assert.equal(await spool.putBoxEvent(boxEvent(7, '2', t), counts(601), t + 30), 'stored');
    assert.equal(await spool.putBoxEvent(boxEvent(7, '2', t), counts(5), t + 31), 'duplicate');
    await spool.insertMetrics({ name: 'ab', sent: 1, recv: 2 });
    const finding = { service: 'BOX', serviceID: '1', status: 'DOWN', info: 'silent' } as const;
    await spool.insertHealth({ timestamp: new Date(t), ...finding });
    const stats = spool.stats();
    assert.equal(stats.state, 'unavailable');
    assert.deepEqual(stats.waiting, {
      measurements: 1,
      event: 1,
      triggered_boxes: 1,
      box_event: 1,
      metrics: 1,
      health: 1,
    });
    assert.equal(stats.measurements, 2);
    assert.equal(stats.oldestMs, t);
    await assert.rejects(spool.event(7), { code: 'STORE_UNAVAILABLE' });

    // An hour later; what was accepted then expires as if it had been delivered immediately.
    clock.ms += 3_600_000;
    way.open = true;
    await spool.drained();
    assert.equal(spool.stats().rows, 0);
    assert.equal(spool.stats().state, 'up');
    assert.deepEqual(spool.stats().delivered, {
      measurements: 2,
      event: 1,
      triggered_boxes: 1,
      box_event: 1,
      metrics: 1,
      health: 1,
    });
    const lane = (...names: string[]) => way.seen.filter((name) => names.includes(name));
    const ofEvents = ['event', 'triggered_boxes', 'box_event'];
    assert.deepEqual(lane(...ofEvents), ofEvents);
    assert.deepEqual(lane('metrics', 'health'), ['metrics', 'health']);
    const [first] = await all(database.measurements('1'));
    assert.deepEqual(first?.extremes?.frequency, { min: Math.fround(59.9), max: Math.fround(60.1) });
    assert.equal(first?.expire_at, Math.ceil(t / 1000) + 86_400);
    assert.deepEqual((await all(database.measurements('2')))[0]?.invalid, ['frequency']);
    const event = await database.event(7);
    assert.deepEqual(event?.boxes_triggered, ['1', '2']);
    assert.deepEqual([event?.boxes_received, event?.latencies_ms], [['2'], [t + 30]]);
    assert.ok((await database.waveform('event_7_2'))?.equals(bytesOf(counts(601))));
    assert.equal((await spool.event(7))?.event_id, 7);
  });

  it('what waits outlives a restart, with the database still unavailable', async () => {
    const { clock, database, way } = given();
    way.open = false;
    const first = await given().open();
    await first.insertEvent(newEvent(3, clock.ms));
    await first.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { f: 60 } }]));
    await first.putOpenRequest({ key: 'event:3', body: '{"x":1}' });
    await first.close();
    const second = await given().open();
    assert.deepEqual(second.stats().waiting, { event: 1, measurements: 1 });
    assert.deepEqual(await second.openRequests(), [{ key: 'event:3', body: '{"x":1}' }]);
    await second.putBoxEvent(boxEvent(3, '1', clock.ms), counts(9), clock.ms);
    way.open = true;
    await second.drained();
    assert.deepEqual((await database.event(3))?.boxes_received, ['1']);
    assert.equal((await all(database.measurements('1'))).length, 1);
  });

  it('breaks off in the middle of a write whose answer is lost: nothing is lost, nothing doubled', async () => {
    const { clock, database, way } = given();
    const spool = await given().open();
    way.loseAnswers = true;
    const t = clock.ms;
    await spool.insertMeasurements(columnsOf([{ box: 1, at: t, metrics: { f: 60 } }]));
    await spool.insertEvent(newEvent(1, t));
    await spool.putBoxEvent(boxEvent(1, '1', t), counts(50), t + 1);
    // Until here the first write alone was done; now a drain is broken off too.
    way.open = true;
    await until(() => spool.stats().state === 'unavailable' || spool.stats().rows === 0);
    way.loseAnswers = false;
    await spool.drained();
    assert.equal((await all(database.measurements('1'))).length, 1);
    assert.equal((await all(database.events())).length, 1);
    const event = await database.event(1);
    assert.deepEqual([event?.boxes_received, event?.latencies_ms], [['1'], [t + 1]]);
  });

  it('becomes unavailable and comes back again and again under load: each write is there once', async function () {
    this.timeout(400_000);
    const { clock, database, way } = given();
    const spool = await given().open();
    const t = clock.ms;
    let flips = 0;
    const flipping = setInterval(() => {
      way.open = !way.open;
      flips += 1;
    }, 37);
    const events: Promise<unknown>[] = [];
    for (let i = 0; i < 300; i += 1) {
      await spool.insertMeasurements(columnsOf([{ box: i % 7, at: t + i, metrics: { f: 60 } }]));
      if (i % 5 === 0) {
        const id = 1 + i / 5;
        const one = async (): Promise<void> => {
          await spool.insertEvent(newEvent(id, t + i));
          for (const box of ['1', '2', '3']) {
            await spool.putBoxEvent(boxEvent(id, box, t + i), counts(20, id), t + i);
          }
        };
        events.push(one());
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await Promise.all(events);
    clearInterval(flipping);
    assert.ok(flips > 5);
    way.open = true;
    await until(() => spool.stats().state !== 'unavailable');
    await spool.drained();
    let measurements = 0;
    for (let box = 0; box < 7; box += 1)
      measurements += (await all(database.measurements(String(box)))).length;
    assert.equal(measurements, 300);
    const stored = await all(database.events());
    assert.deepEqual(
      stored.map((event) => event.event_id),
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
    for (const event of stored) assert.deepEqual(event.boxes_received.toSorted(), ['1', '2', '3']);
  });

  it('a database that never answers holds nobody up: an event is durable here within its deadline', async () => {
    const { clock, database, way } = given();
    const spool = await given().open({ deadlineMs: 30 });
    way.delayMs = Number.POSITIVE_INFINITY;
    await spool.insertEvent(newEvent(1, clock.ms));
    await spool.putBoxEvent(boxEvent(1, '1', clock.ms), counts(3), clock.ms);
    await spool.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { f: 60 } }]));
    assert.ok(spool.stats().rows >= 2);
    way.delayMs = 0;
    // The drain hangs in a call that is never answered; the rows are safe, and a restart delivers them.
    await spool.close();
    const again = await given().open();
    await again.drained();
    assert.deepEqual((await database.event(1))?.boxes_received, ['1']);
    assert.equal((await all(database.measurements('1'))).length, 1);
  });

  it('what comes live for an event that waits here queues behind it; other events pass', async () => {
    const { clock, database, way } = given();
    const spool = await given().open();
    way.open = false;
    await spool.insertEvent(newEvent(1, clock.ms));
    const order: string[] = [];
    way.refuse = (name, write) => {
      if (write?.kind === 'event' || write?.kind === 'box_event') order.push(`${name} ${eventIdOf(write)}`);
      return undefined;
    };
    await spool.putBoxEvent(boxEvent(1, '1', clock.ms), counts(2), clock.ms);
    way.open = true;
    await until(() => spool.stats().state !== 'unavailable');
    await spool.putBoxEvent(boxEvent(1, '2', clock.ms), counts(2), clock.ms);
    await spool.insertEvent(newEvent(2, clock.ms));
    await spool.drained();
    const ofOne = order.filter((entry) => entry.endsWith(' 1'));
    assert.equal(ofOne[0], 'event 1');
    assert.deepEqual((await database.event(1))?.boxes_received, ['1', '2']);
  });

  it('trends of windows that lay here are computed again after the drain', async () => {
    const { clock, database, way } = given();
    const spool = await given().open();
    const start = Math.floor(clock.ms / MINUTE) * MINUTE - 10 * MINUTE;
    const sample = (box: number, at: number, rms: number) =>
      columnsOf([{ box, at: start + at, metrics: { rms } }]);
    const windows = (...boxes: string[]) =>
      boxes.map((boxId) => ({ boxId, startMs: start, endMs: start + MINUTE }));
    await spool.insertMeasurements(sample(1, 1_000, 110));
    way.open = false;
    await spool.insertMeasurements(sample(1, 30_000, 130));
    await spool.insertMeasurements(sample(2, 31_000, 90));
    // Asked for while it is unavailable: for later. Put then: the same.
    assert.equal((await spool.apply({ kind: 'trend_windows', windows: windows('1') })).inserted, 0);
    await spool.putTrends([{ box_id: '3', timestamp_ms: start + MINUTE, location: 'unknown' }]);
    way.open = true;
    await spool.drained();
    const trendOf = async (box: string) => (await all(database.trends(box)))[0];
    assert.deepEqual((await trendOf('1'))?.voltage, { min: 110, max: 130, average: 120 });
    assert.equal((await trendOf('1'))?.timestamp_ms, start + MINUTE);
    // Nobody asked for this one: the daemon may have been killed before its minute was over.
    assert.equal((await trendOf('2'))?.voltage?.average, 90);
    assert.equal(await trendOf('3'), undefined);
  });

  it('trends of a service that does not know where a box is get its location from the database', async () => {
    const { clock, database } = given();
    const spool = await given().open();
    await database.putBox({ box_id: '1', calibration_constant: 1, unplugged: false, location: 'lab' });
    const timestamp_ms = Math.floor(clock.ms / MINUTE) * MINUTE;
    await spool.putTrends(['1', '2'].map((box_id) => ({ box_id, timestamp_ms, location: 'unknown' })));
    await spool.putTrends([{ box_id: '1', timestamp_ms: timestamp_ms - MINUTE, location: 'roof' }]);
    await spool.drained();
    const places = async (box: string) => (await all(database.trends(box))).map(({ location }) => location);
    assert.deepEqual([await places('1'), await places('2')], [['roof', 'lab'], ['unknown']]);
  });

  it('a minute that is not over is left to its end', async () => {
    const { clock, database, way } = given();
    clock.ms = Math.floor(clock.ms / MINUTE) * MINUTE + 20_000;
    way.open = false;
    const spool = await given().open();
    await spool.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { rms: 120 } }]));
    way.open = true;
    await spool.drained();
    assert.deepEqual(await all(database.trends('1')), []);
    clock.ms += MINUTE;
    await spool.apply({ kind: 'trend_windows', windows: [] });
    way.open = false;
    await spool.insertMeasurements(columnsOf([{ box: 2, at: clock.ms, metrics: { rms: 120 } }]));
    way.open = true;
    await spool.drained();
    assert.equal((await all(database.trends('1'))).length, 1);
  });

  it('what the database refuses is quarantined with its reason, and the rest goes on', async () => {
    const { clock, database, way } = given();
    way.open = false;
    const spool = await given().open();
    for (const id of [1, 2, 3]) {
      await spool.insertEvent(newEvent(id, clock.ms));
      await spool.putBoxEvent(boxEvent(id, '1', clock.ms), counts(2), clock.ms);
    }
    way.refuse = (_, write) => {
      return write?.kind === 'event' && write.event.event_id === 2
        ? new MakaiError('STORE_REFUSED', 'a validator')
        : undefined;
    };
    way.open = true;
    await spool.drained();
    assert.deepEqual(
      (await all(database.events())).map((event) => event.event_id),
      [1, 3],
    );
    // Its waveform is of no use without it, and would be an orphan there.
    assert.equal(spool.stats().quarantined, 2);
    const metrics = new Metrics('acquisition-broker', '0');
    addStoreMetrics(metrics, spool, new Outbox({ store: spool, log: silentLogger() }));
    const text = await metrics.exposition();
    metrics.stop();
    assert.match(text, /^makai_spool_quarantined_rows 2$/m);
    for (const kind of LOSABLE_KINDS)
      assert.ok(text.includes(`makai_spool_dropped_total{kind="${kind}"} 0\n`), kind);
    assert.deepEqual(await database.boxEvents(2), []);
    assert.ok(
      given().logged.some(({ level, err }) => level === 50 && /a validator/.test(JSON.stringify(err))),
    );
  });

  it('boxes and configuration are remembered, also for a start without the database', async () => {
    const { database, way } = given();
    const box = { box_id: '1', calibration_constant: 150, unplugged: false, public_key: 'k'.repeat(40) };
    await database.putBox(box);
    const first = await given().open();
    assert.deepEqual(await first.boxes(), [box]);
    assert.equal(await first.makaiConfig(), undefined);
    way.open = false;
    assert.deepEqual(await first.boxes(), [box]);
    assert.deepEqual(await first.box('1'), box);
    await first.close();
    const second = await given().open();
    assert.deepEqual(await second.boxes(), [box]);
    assert.equal(await second.makaiConfig(), undefined);
    assert.equal(await second.box('2'), undefined);
    await assert.rejects(second.lahaConfig(), { code: 'STORE_UNAVAILABLE' });
    await assert.rejects(second.putBox(box), { code: 'STORE_UNAVAILABLE' });
  });

  it('what a start without the database needs is remembered though nobody asked for it', async () => {
    const { database, way } = given();
    const box = { box_id: '1', calibration_constant: 150, unplugged: false, location: 'lab' };
    await database.putBox(box);
    const first = await given().open();
    way.open = false;
    await first.close();
    const second = await given().open();
    assert.deepEqual(await second.box('1'), box);
  });

  it('a waveform does not wait for a location that nobody knows: the database fills it in', async () => {
    const { clock, database, way } = given();
    way.open = false;
    const spool = await given().open();
    assert.equal(await spool.box('1'), undefined);
    await assert.rejects(spool.boxes(), { code: 'STORE_UNAVAILABLE' });
    await spool.insertEvent(newEvent(1, clock.ms));
    await spool.putBoxEvent(boxEvent(1, '1', clock.ms), counts(2), clock.ms);
    await spool.putBoxEvent({ ...boxEvent(1, '2', clock.ms), location: 'roof' }, counts(2), clock.ms);
    await spool.putBoxEvent(boxEvent(1, '3', clock.ms), counts(2), clock.ms);
    for (const box_id of ['1', '2']) {
      await database.putBox({ box_id, calibration_constant: 1, unplugged: false, location: 'lab' });
    }
    way.open = true;
    await spool.drained();
    const locations = (await database.boxEvents(1)).map(({ box_id, location }) => `${box_id} ${location}`);
    assert.deepEqual(locations, ['1 lab', '2 roof', '3 unknown']);
    // Stored directly, by a broker that asked before the return: the database knows better here too.
    await spool.insertEvent(newEvent(2, clock.ms));
    await spool.putBoxEvent(boxEvent(2, '1', clock.ms), counts(2), clock.ms);
    assert.equal((await database.boxEvents(2))[0]?.location, 'lab');
  });

  it('an error that needs a person stops a start, and is logged while running', async () => {
    const refused = new MakaiError('STORE_ACCESS_DENIED', 'the password is wrong');
    await assert.rejects(given().open({ open: () => Promise.reject(refused) }), {
      code: 'STORE_ACCESS_DENIED',
    });
    let tries = 0;
    const spool = await given().open({
      open: () => {
        tries += 1;
        const error = tries === 1 ? new MakaiError('STORE_UNAVAILABLE', 'not yet') : refused;
        return Promise.reject(error);
      },
    });
    await until(() => tries > 3);
    await spool.insertEvent(newEvent(1, given().clock.ms));
    assert.equal(spool.stats().state, 'unavailable');
    const conflicts = given().logged.filter(({ code }) => code === 'STORE_ACCESS_DENIED');
    assert.equal(conflicts.length, 1);
  });

  it('a client that sticks to its last error is replaced by another', async () => {
    const { clock, database, way } = given();
    const stuck = { ...way, open: true };
    let clients = 0;
    const spool = await given().open({
      open: () => {
        clients += 1;
        return Promise.resolve(primaryOver(database, clients === 1 ? stuck : way));
      },
    });
    // The first client never works again, though the database is there.
    stuck.open = false;
    await spool.insertEvent(newEvent(1, clock.ms));
    await spool.drained();
    assert.equal(clients, 2);
    assert.notEqual(await database.event(1), undefined);
  });

  it('a second process cannot have the same file', async () => {
    await given().open();
    await assert.rejects(given().open(), { code: 'STORE_UNAVAILABLE' });
  }).timeout(400_000);
});
