/** What a service decides as measurements enter is decided in whichever worker they enter: flags, and an id in use twice. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MeasurementDocument, TrendDocument } from '../../store/store.js';
import { Owner } from '../../triggering-service/workers/ownership.js';
import { minute, until } from './rig.js';
import { WorkersRig } from './workers-rig.js';

const MINUTE = 60_000;

async function all<T>(documents: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const document of documents) found.push(document);
  return found;
}

describe('triggering-service: two workers judge as one thread does', function () {
  this.timeout(400_000);
  let rig: WorkersRig;
  beforeEach(() => {
    rig = new WorkersRig();
  });
  afterEach(() => rig.end());

  /** One box of each worker. */
  function ids(): [number, number] {
    const owners = [0, 1].map((worker) => new Owner({ of: 1, index: 0, workers: 2, worker, block: 1 }));
    const [first, second] = owners.map((owner) => {
      for (let id = 1001; ; id += 1) if (owner.owns(id)) return id;
    });
    return [first ?? 0, second ?? 0];
  }

  it('flags: a sag is flagged in the measurements and trends of boxes of both', async () => {
    const boxes = ids();
    await rig.start({ workers: 2, share: { block: 1 } });
    const start = minute(3);
    // Each minute 12 measurements; the fourth and fifth of the first minute are a sag, and so is what follows it.
    const volts = Array.from({ length: 24 }, (_, i) => (i === 4 || i === 5 ? 90 : 120));
    for (const [i, rms] of volts.entries()) {
      for (const id of boxes) await rig.send2(id, start + (i * MINUTE) / 12, rms);
      if (i === 0) await until(() => rig.taken === 2 && rig.workers.every((one) => one.subscriptions > 1));
    }
    await until(() => rig.taken === 48);
    await rig.stopServices();
    for (const id of boxes) {
      const found: MeasurementDocument[] = await all(rig.store.measurements(String(id)));
      const flagged = found.flatMap((one, i) => (one.flagged === undefined ? [] : [[i, ...one.flagged]]));
      assert.deepEqual(
        flagged,
        [4, 5, 6].map((i) => [i, 'sag']),
        String(id),
      );
      const trends: TrendDocument[] = await all(rig.store.trends(String(id)));
      assert.deepEqual(
        trends.map((trend) => [trend.flagged, trend.voltage?.min, trend.unflagged?.voltage?.min]),
        [
          [3 / 12, 90, 120],
          [undefined, 120, undefined],
        ],
      );
    }
  });

  it('an id in use twice is found and withheld in the worker that has it, in both; a neighbour is not', async () => {
    const boxes = ids();
    const neighbour = 1499;
    await rig.start({ workers: 2, share: { block: 1 } });
    const findings = () =>
      rig.services
        .flatMap((service) => service.status().box_health.worst)
        .filter(({ findings: codes }) => codes.includes('ID_IN_USE_TWICE'))
        .map(({ box_id }) => Number(box_id))
        .sort((a, b) => a - b);
    // In real time: the finding needs 30 s of two clocks that are 4 s apart.
    const endMs = Date.now() + 3 * MINUTE;
    while (findings().length < 2 && Date.now() < endMs) {
      const now = Date.now();
      for (const id of boxes) {
        await rig.send2(id, now, 120);
        await rig.send2(id, now - 4000, 121);
      }
      await rig.send2(neighbour, now, 120);
      await sleep(160);
    }
    assert.deepEqual(
      findings(),
      [...boxes].sort((a, b) => a - b),
    );
    const [service] = rig.services;
    const before = service?.status().withheld ?? 0;
    const taken = rig.taken;
    const now = Date.now();
    for (const id of [...boxes, neighbour]) await rig.send2(id, now, 120);
    await until(() => rig.taken === taken + 3);
    await until(() => (service?.status().withheld ?? 0) === before + 2);
    await rig.stopServices();
    const stored = await Promise.all(
      [...boxes, neighbour].map((id) => all(rig.store.measurements(String(id)))),
    );
    assert.equal(
      stored.reduce((sum, found) => sum + found.length, 0),
      taken + 3,
      'all is stored',
    );
  });
});
