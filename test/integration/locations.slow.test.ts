/**
 * The broker and the triggering service as processes that start while their database is unavailable, and boxes over CURVE: no box event and no trend that is stored
 * in the minute after its return says "unknown" where the box has a location; nor does what an earlier version stored so.
 */
import assert from 'node:assert/strict';
import { Ledger } from '../faults/ledger.js';
import { BOX_IDS, FaultLine } from '../faults/line.js';
import { until } from '../support/until.js';

/** The shortest window of a trend, so that there are many. */
const TREND_SECONDS = 5;
const OLD_EVENT = 1;

describe('locations after a start without the database', function () {
  this.timeout(600_000);
  let line: FaultLine | undefined;
  let ledger: Ledger | undefined;
  after(async () => {
    await line?.stop();
  });

  it('are right in every box event and trend', async function () {
    line = await FaultLine.start({
      store: 'mongo',
      only: 'triggering-broker',
      config: { 'triggering-service': { mongo_trends_update_interval_seconds: TREND_SECONDS } },
    });
    const control = line?.mongo?.control;
    if (line === undefined || control === undefined) this.skip();
    const { daemons } = line;
    const detailsOf = line.details.bind(line);
    const before = await line.openStore();
    const now = Date.now();
    for (const id of BOX_IDS) {
      const box = { box_id: String(id), calibration_constant: 100, unplugged: false };
      await before.putBox({ ...box, location: `room-${id}`, location_start_time_ms: now - 3_600_000 });
    }
    await storeOld(before, now);
    await before.close();

    await control.kill();
    for (const kind of ['acquisition-broker', 'triggering-service'] as const) await daemons[kind].start();
    ledger = new Ledger(line);
    ledger.start();
    await ledger.moreEvents(4);
    await ledger.moreMeasurements(100);
    await control.start();
    await ledger.moreEvents(20);
    await ledger.settle({ waveforms: false });
    for (const kind of ['acquisition-broker', 'triggering-service'] as const)
      await until(
        `nothing waits in the spool of the ${kind}`,
        async () => {
          const { spool } = (await detailsOf(kind)) as { spool?: { state: string; rows: number } };
          return spool?.state === 'up' && spool.rows === 0;
        },
        300_000,
      );

    const after = await line.openStore();
    try {
      await until('trends of all boxes, all with their location', async () => {
        for (const id of BOX_IDS) {
          let count = 0;
          for await (const trend of after.trends(String(id))) {
            if (trend.location !== `room-${id}`) return false;
            count += 1;
          }
          if (count < 3) return false;
        }
        return true;
      });
      let seen = 0;
      for await (const { event_id } of after.events())
        for (const boxEvent of await after.boxEvents(event_id)) {
          assert.equal(boxEvent.location, `room-${boxEvent.box_id}`, `event ${event_id}`);
          seen += 1;
        }
      assert.ok(seen > 4 * 20, `${seen} box events`);
    } finally {
      await after.close();
    }
    assert.deepEqual(line.deaths(), []);
  });
});

/** What the version before this one stored in the minute after a return. */
async function storeOld(store: Awaited<ReturnType<FaultLine['openStore']>>, now: number): Promise<void> {
  const [id = 0] = BOX_IDS;
  const box_id = String(id);
  const startMs = now - 600_000;
  const span = { target_event_start_timestamp_ms: startMs, target_event_end_timestamp_ms: startMs + 1000 };
  await store.apply({
    kind: 'event',
    event: {
      ...{ event_id: OLD_EVENT, type: 'OTHER', description: 'old', percent_magnitude: 0, ...span },
      boxes_triggered: [box_id],
    },
  });
  await store.apply({
    kind: 'box_event',
    acceptedAtMs: startMs,
    samples: new Int16Array(200),
    boxEvent: {
      ...{ event_id: OLD_EVENT, box_id, location: 'unknown', window_timestamps_ms: [startMs] },
      ...{ event_start_timestamp_ms: startMs, event_end_timestamp_ms: startMs + 16 },
      data_fs_filename: `event_${OLD_EVENT}_${box_id}`,
    },
  });
  await store.apply({
    kind: 'trends',
    trends: [{ box_id, timestamp_ms: startMs, location: 'unknown' }],
  });
}
