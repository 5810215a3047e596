import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../../../common/clock.js';
import { MakaiError } from '../../../common/errors.js';
import { createLogger } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics/metrics.js';
import { addStoreMetrics, spoolStatus } from '../../../store/outbox/metrics.js';
import { Outbox } from '../../../store/outbox/outbox.js';
import { Retries } from '../../../store/spool/retries.js';
import type { Row } from '../../../store/spool/rows.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { eventIdOf } from '../../../store/writes.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';
import { all, boxEvent, columnsOf, counts, newEvent } from '../contract/given.js';
import { givenSpool, until } from './given.js';

const DENIED = new MakaiError('STORE_ACCESS_DENIED', 'no right to write there');
const FAULT = new MakaiError('STORE_UNAVAILABLE', 'code 1');

describe('spool: a database that is available but does not take a write', () => {
  const given = givenSpool();
  let time: ManualClock;
  beforeEach(() => {
    time = new ManualClock();
  });
  /** The test's timers, and the time of day of `given`. */
  const timed = (): Clock => ({
    ...systemClock,
    now: () => given().clock.ms,
    after: (ms, fn) => time.after(ms, fn),
  });

  /** Lets time go by in the eyes of the spool, at least a minute, with room to work in between: the slower the machine, the fewer tries. */
  const minuteUntil = async (condition: () => boolean): Promise<void> => {
    for (let passed = 0; passed < 60_000 || !condition(); passed += 250) {
      time.advance(250);
      await sleep(2);
    }
  };
  /** After 0, 1, 3, 7, 15, 31 s, then each 30 s; once more where it came live. */
  const mostTries = (rows: number) => rows * (8 + time.monotonic() / 30_000);
  const lines = (level: number) => given().logged.filter((line) => line.level === level);

  it('one kind alone: tried with growing pauses, logged once, and everything else goes on', async () => {
    const { clock, database, way } = given();
    let pings = 0;
    let tries = 0;
    let broken = true;
    way.refuse = (name) => {
      if (name === 'ping') pings += 1;
      if (name !== 'metrics' || !broken) return undefined;
      tries += 1;
      return DENIED;
    };
    const spool = await given().open({ clock: timed() });
    for (const name of ['ab', 'tb']) await spool.insertMetrics({ name, sent: 1, recv: 1 });
    await minuteUntil(() => tries >= 3 && spool.stats().notTaken.length > 0);
    assert.ok(tries <= mostTries(2), `${tries} tries`);
    assert.ok(pings >= 1 && pings <= tries, `${pings} pings`);
    assert.deepEqual(spool.stats().notTaken, ['diagnostics']);
    assert.notEqual(spool.stats().state, 'unavailable');
    const metrics = new Metrics('acquisition-broker', '0');
    addStoreMetrics(metrics, spool, new Outbox({ store: spool, log: createLogger('test', 'silent') }));
    assert.match(await metrics.exposition(), /makai_store_up 0/);
    assert.deepEqual(spoolStatus(spool).spool?.not_taken, ['diagnostics']);
    // What comes of this kind meanwhile does not knock again; what is of another kind goes there directly.
    const before = tries;
    for (let i = 0; i < 20; i += 1) await spool.insertMetrics({ name: 'ab', sent: i, recv: 1 });
    assert.ok(tries <= before + 1, `${tries - before} tries`);
    await spool.insertEvent(newEvent(1, clock.ms));
    assert.notEqual(await database.event(1), undefined);
    assert.deepEqual(
      [...lines(50), ...lines(40)].map(({ group, code }) => [group, code]),
      [['diagnostics', 'STORE_ACCESS_DENIED']],
    );

    broken = false;
    await minuteUntil(() => spool.stats().rows === 0);
    assert.deepEqual([spool.stats().delivered.metrics, spool.stats().notTaken], [22, []]);
    assert.equal(lines(30).filter(({ group }) => group === 'diagnostics').length, 1);
    assert.match(await metrics.exposition(), /makai_store_up 1/);
    metrics.stop();
  });

  for (const [what, kind] of [
    ['measurements', 'measurements'],
    ['event', 'event'],
    ['waveform', 'box_event'],
  ] as const) {
    it(`one row of ${what} alone: kept and taken in the end, the rows behind it go on`, async () => {
      const { clock, database, way } = given();
      const t = clock.ms;
      way.open = false;
      const spool = await given().open({ clock: timed() });
      for (const id of [1, 2, 3]) {
        await spool.insertMeasurements(columnsOf([{ box: id, at: t, metrics: { f: 60 } }]));
        await spool.insertEvent(newEvent(id, t));
        await spool.putBoxEvent(boxEvent(id, '1', t), counts(4), t);
      }
      let tries = 0;
      let broken = true;
      way.refuse = (_, write) => {
        if (write?.kind !== kind || !broken) return undefined;
        const isFirst = write.kind === 'measurements' ? write.columns.boxId[0] === 1 : eventIdOf(write) === 1;
        if (!isFirst) return undefined;
        tries += 1;
        return FAULT;
      };
      way.open = true;
      await minuteUntil(() => tries >= 2 && spool.stats().rows === (what === 'event' ? 2 : 1));
      assert.ok(tries <= mostTries(1), `${tries} tries`);
      for (const id of [2, 3]) {
        assert.deepEqual((await database.event(id))?.boxes_received, ['1']);
        assert.equal((await all(database.measurements(String(id)))).length, 1);
      }
      // Nor does it stand in the way of what comes later.
      await spool.insertEvent(newEvent(4, t));
      assert.notEqual(await database.event(4), undefined);
      assert.equal(lines(50).length, 1);

      broken = false;
      await minuteUntil(() => spool.stats().rows === 0);
      assert.equal(spool.stats().quarantined, 0);
      assert.deepEqual(spool.stats().dropped, {});
      assert.deepEqual((await database.event(1))?.boxes_received, ['1']);
      assert.equal((await all(database.measurements('1'))).length, 1);
    });
  }

  it('all kinds, though it answers: it is unavailable, probed at an even pace, and logged once', async () => {
    const { clock, database, way } = given();
    let pings = 0;
    let broken = true;
    const writes: string[] = [];
    way.refuse = (name, write) => {
      if (name === 'ping') pings += 1;
      if ((write === undefined && name !== 'ping') || !broken) return undefined;
      writes.push(name);
      return DENIED;
    };
    const spool = await given().open({ clock: timed() });
    await spool.insertEvent(newEvent(1, clock.ms));
    await spool.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { f: 60 } }]));
    await minuteUntil(() => pings > 1);
    assert.deepEqual(spool.stats().state, 'unavailable');
    assert.deepEqual(
      writes.filter((name) => name !== 'ping'),
      ['event'],
    );
    // Twice a second.
    assert.ok(pings <= 1 + time.monotonic() / 500, `${pings} pings`);
    assert.deepEqual([lines(40).length, lines(50).length], [1, 1]);
    broken = false;
    await minuteUntil(() => spool.stats().rows === 0);
    assert.notEqual(await database.event(1), undefined);
    assert.deepEqual([spool.stats().state, spool.stats().notTaken], ['up', []]);
  });

  it('a read that fails has the database looked into once a second at most', async () => {
    const { way } = given();
    let pings = 0;
    way.refuse = (name) => {
      if (name === 'ping') pings += 1;
      return name === 'events' || name === 'boxes' ? DENIED : undefined;
    };
    const spool = await given().open({ clock: timed() });
    for (let i = 0; i < 100; i += 1) await assert.rejects(spool.boxes(), { code: 'STORE_UNAVAILABLE' });
    assert.ok(pings <= 2, `${pings} pings`);
    time.advance(1_000);
    await assert.rejects(spool.boxes());
    await until(() => spool.stats().state === 'up');
    assert.ok(pings <= 3, `${pings} pings`);
    assert.deepEqual(lines(40), []);
  });

  it('rows of a version before, which nothing reads any more, are quarantined and not lost', async () => {
    const { file, way } = given();
    way.open = false;
    const first = await given().open({ clock: timed() });
    await first.insertMetrics({ name: 'ab', sent: 1, recv: 1 });
    await first.insertEvent(newEvent(1, given().clock.ms));
    await first.close();
    const old = new DatabaseHandle(file);
    old.exec(
      'ALTER TABLE quarantine RENAME TO aside; ALTER TABLE event_ids RENAME TO numbers; ALTER TABLE queue DROP COLUMN plugin; PRAGMA user_version = 2',
    );
    old.close();
    const second = await given().open({ clock: timed() });
    assert.deepEqual([second.stats().rows, second.stats().quarantined], [0, 2]);
    await second.close();
    const now = new DatabaseHandle(file, { readonly: true });
    assert.deepEqual(now.prepare('SELECT kind, event_id FROM quarantine ORDER BY seq').raw().all(), [
      ['metrics', null],
      ['event', 1],
    ]);
    now.close();
  });

  it('pauses double from one second to thirty; a success ends them, an outage too', () => {
    const log = createLogger('test', 'info', { write: () => undefined });
    const pauses: number[] = [];
    let over = (): void => undefined;
    let woken = 0;
    const after = (ms: number, fn: () => void) => {
      pauses.push(ms);
      over = fn;
      return () => undefined;
    };
    const retries = new Retries(log, { ...systemClock, after }, () => {
      woken += 1;
    });
    const fail = (times: number): void => {
      for (let i = 0; i < times; i += 1) {
        retries.failed('events', FAULT, true);
        // Others under way at the same time say nothing new.
        if (retries.isHeld('events')) retries.failed('events', FAULT, true);
        over();
      }
    };
    fail(9);
    const doubling = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
    assert.deepEqual(pauses.splice(0), doubling);
    assert.deepEqual([woken, retries.notTaken], [7, ['events']]);
    retries.succeeded('events');
    assert.deepEqual(retries.notTaken, []);
    over = () => undefined;
    fail(3);
    assert.deepEqual(pauses.splice(0), [1000]);
    retries.forgive();
    assert.equal(retries.isHeld('events'), false);

    // Not known yet whether the database is there: decided when it is.
    over = () => undefined;
    for (let i = 0; i < 3; i += 1) {
      retries.failed('events', FAULT, false);
      assert.equal(retries.isHeld('events'), false);
      retries.falseAlarm();
      assert.equal(retries.isHeld('events'), i === 2);
    }
    retries.forgive();
    pauses.length = 0;
    const row = { seq: 1, queue: 'events', kind: 'event', acceptedMs: 0, items: 1, body: Buffer.of() } as Row;
    for (let i = 0; i < 7; i += 1) {
      retries.rowFailed(row, FAULT, true);
      assert.equal(retries.isDue(row), false);
      over();
      assert.equal(retries.isDue(row), true);
    }
    assert.deepEqual(pauses, doubling);
  });
});
