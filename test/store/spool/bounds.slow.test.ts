import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import fc from 'fast-check';
import { SPOOLED_KINDS } from '../../../store/outbox/policy.js';
import { VICTIMS } from '../../../store/spool/queue-engine.js';
import { runs } from '../../support/property.js';
import { all, boxEvent, columnsOf, counts, newEvent } from '../contract/given.js';
import { givenSpool } from './given.js';

describe('spool: its bounds', () => {
  const given = givenSpool();
  const KIB = 1024;

  /** 100 measurements: 6.2 kB and a row. */
  const batch = (at: number, box = 1) =>
    columnsOf(Array.from({ length: 100 }, (_, i) => ({ box, at: at + i, metrics: { f: 60 } })));

  it('full: the oldest measurements make room for measurements and waveforms, waveforms stay', async () => {
    const { clock, database, way } = given();
    way.open = false;
    const spool = await given().open({ maxBytes: 64 * KIB });
    const t = clock.ms;
    await spool.insertEvent(newEvent(1, t));
    await spool.putBoxEvent(boxEvent(1, '1', t), counts(5000), t);
    for (let i = 0; i < 12; i += 1) await spool.insertMeasurements(batch(t + i * 1000));
    const before = spool.stats();
    assert.ok(before.bytes <= 64 * KIB);
    assert.ok((before.dropped.measurements ?? 0) >= 300);
    assert.equal(before.dropped.measurements, 1200 - before.measurements);
    await spool.putBoxEvent(boxEvent(1, '2', t), counts(5000), t);
    assert.equal(spool.stats().waiting.box_event, 2);
    way.open = true;
    await spool.drained();
    assert.deepEqual((await database.event(1))?.boxes_received, ['1', '2']);
    const left = await all(database.measurements('1'));
    assert.equal(left.length + (spool.stats().dropped.measurements ?? 0), 1200);
    // The newest are those that are left.
    assert.equal(left.at(-1)?.timestamp_ms, t + 11_099);
  });

  it('full of measurements: they make room for what plugins and analyses find, not for states of plugins', async () => {
    const { clock, way } = given();
    way.open = false;
    const spool = await given().open({ maxBytes: 64 * KIB });
    for (let i = 0; i < 12; i += 1) await spool.insertMeasurements(batch(clock.ms + i * 1000));
    const name = { plugin: 'p', series: 's', box_id: '1' };
    const values = Array.from({ length: 100 }, (_, i) => ({ ...name, timestamp_ms: i, value: i }));
    const remarks = ['x'.repeat(4 * KIB)];
    await Promise.all([
      spool.apply({ kind: 'series', values }),
      spool.apply({ kind: 'analysis', eventId: 1, boxId: '1', findings: [], remarks }),
    ]);
    const { measurements, waiting } = spool.stats();
    assert.deepEqual([waiting.series, waiting.analysis], [1, 1]);
    const body = 'x'.repeat(8 * KIB);
    await spool.apply({ kind: 'plugin_state', state: { plugin: 'p', format: 'json', body } });
    assert.equal(spool.stats().measurements, measurements);
    assert.equal(spool.stats().dropped.plugin_state, 1);
  });

  it('every kind that is spooled has its place among those that are dropped', () => {
    assert.deepEqual(
      SPOOLED_KINDS.filter((kind) => !VICTIMS.includes(kind)),
      [],
    );
  });

  it('full of waveforms: measurements are dropped on arrival, the oldest waveform makes room, events stay', async () => {
    const { clock, database, way } = given();
    way.open = false;
    const spool = await given().open({ maxBytes: 64 * KIB });
    const t = clock.ms;
    for (let id = 1; id <= 6; id += 1) {
      await spool.insertEvent(newEvent(id, t));
      await spool.putBoxEvent(boxEvent(id, '1', t), counts(6000), t);
    }
    await spool.insertMeasurements(batch(t));
    await spool.insertMeasurements(batch(t + 1000));
    const { dropped, waiting } = spool.stats();
    assert.equal(waiting.event, 6);
    assert.equal(waiting.box_event, 5);
    assert.deepEqual(dropped, { box_event: 1, measurements: 200 });
    way.open = true;
    await spool.drained();
    const received = (await all(database.events())).map((event) => event.boxes_received.length);
    assert.deepEqual(received, [0, 1, 1, 1, 1, 1]);
  });

  it('too old: dropped by age, counted, at start and while running', async () => {
    const { clock, way } = given();
    way.open = false;
    const first = await given().open({ maxAgeSeconds: 3600 });
    await first.insertMeasurements(batch(clock.ms));
    await first.insertEvent(newEvent(1, clock.ms));
    await first.close();
    clock.ms += 1_800_000;
    const second = await given().open({ maxAgeSeconds: 3600 });
    await second.insertMeasurements(batch(clock.ms));
    assert.equal(second.stats().measurements, 200);
    await second.close();
    clock.ms += 1_800_001;
    const third = await given().open({ maxAgeSeconds: 3600 });
    assert.deepEqual(third.stats().dropped, { measurements: 100, event: 1 });
    assert.equal(third.stats().measurements, 100);
    assert.ok(given().logged.some(({ level, msg }) => level === 40 && /dropped/.test(String(msg))));
  });

  it('whatever comes, it stays within its bytes, counts all, and drops no waveform before a measurement', async () => {
    const { clock, way } = given();
    way.open = false;
    const kinds = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('m' as const), size: fc.integer({ min: 1, max: 300 }) }),
        fc.record({ kind: fc.constant('w' as const), size: fc.integer({ min: 0, max: 9000 }) }),
      ),
      { minLength: 1, maxLength: 60 },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(kinds, async (writes) => {
        run += 1;
        const spool = await given().open({ maxBytes: 40 * KIB, file: `${given().file}.${run}` });
        let waveforms = 0;
        let measurements = 0;
        for (const [i, { kind, size }] of writes.entries()) {
          const waiting = spool.stats();
          if (kind === 'w') {
            await spool.putBoxEvent(boxEvent(i, '1', clock.ms), counts(size), clock.ms);
            waveforms += 1;
          } else {
            const samples = Array.from({ length: size }, (_, at) => ({
              box: 1,
              at: clock.ms + i * 300 + at,
            }));
            await spool.insertMeasurements(columnsOf(samples));
            measurements += size;
          }
          const now = spool.stats();
          assert.ok(now.bytes <= 40 * KIB);
          assert.equal(now.measurements + (now.dropped.measurements ?? 0), measurements);
          assert.equal((now.waiting.box_event ?? 0) + (now.dropped.box_event ?? 0), waveforms);
          const lostWaveform = (now.dropped.box_event ?? 0) > (waiting.dropped.box_event ?? 0);
          if (lostWaveform) assert.equal(now.measurements, 0);
        }
        await spool.close();
      }),
      { numRuns: runs(15) },
    );
  }).timeout(400_000);

  it('trend windows count, have a small share, go when they are old, and are not needed for what is spooled', async () => {
    const { clock, database, way } = given();
    way.open = false;
    const limits = { maxBytes: 1024 * KIB, maxAgeSeconds: 3600 };
    const first = await given().open(limits);
    const minute = 60_000;
    const start = Math.floor(clock.ms / minute) * minute;
    clock.ms = start + 30_000;
    const empty = first.stats().bytes;
    for (let at = 1; at <= 30; at += 1) {
      const ended = Array.from({ length: 1000 }, (_, box) => ({
        ...{ box_id: String(1000 + box), timestamp_ms: start + at * minute, location: 'lab' },
      }));
      await first.putTrends(ended);
      // The same ones once more are no new ones.
      if (at === 1) await first.putTrends(ended);
    }
    const { bytes, dropped, trendWindows } = first.stats();
    assert.equal(trendWindows, 2048);
    assert.deepEqual(dropped, { trend_windows: 30_000 - 2048 });
    assert.ok(bytes > empty && bytes <= limits.maxBytes / 16, `${bytes} bytes`);
    assert.ok(statSync(given().file).size < limits.maxBytes / 2);

    // A window that there was no room for: its measurements bring it along.
    clock.ms = start + 29 * minute;
    await first.insertMeasurements(columnsOf([{ box: 1999, at: clock.ms, metrics: { rms: 120 } }]));
    await first.close();
    clock.ms = start + 62 * minute + 1;
    const second = await given().open(limits);
    assert.deepEqual(second.stats().dropped, { trend_windows: 2000 });
    assert.equal(second.stats().trendWindows, 48);
    way.open = true;
    await second.drained();
    const trends = await all(database.trends('1999'));
    assert.deepEqual(
      trends.map(({ timestamp_ms, voltage }) => [timestamp_ms, voltage?.average]),
      [[start + 30 * minute, 120]],
    );
    assert.deepEqual([second.stats().trendWindows, second.stats().bytes], [0, 0]);
    // Room that has become free is room.
    way.open = false;
    await second.putTrends([{ box_id: '1', timestamp_ms: clock.ms, location: 'lab' }]);
    assert.equal(second.stats().trendWindows, 1);
  });

  it('the file shrinks again after an outage', async () => {
    const { clock, way } = given();
    way.open = false;
    const spool = await given().open();
    await spool.insertEvent(newEvent(1, clock.ms));
    for (let box = 1; box <= 20; box += 1) {
      await spool.putBoxEvent(boxEvent(1, String(box), clock.ms), counts(100_000, box), clock.ms);
    }
    const size = () => statSync(given().file).size + statSync(`${given().file}-wal`).size;
    assert.ok(size() > 4_000_000);
    way.open = true;
    await spool.drained();
    await spool.insertMeasurements(batch(clock.ms));
    way.open = false;
    await spool.insertMeasurements(batch(clock.ms + 500));
    way.open = true;
    await spool.drained();
    assert.ok(size() < 1_000_000, String(size()));
  });
});
