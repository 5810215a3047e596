/** A service with a real store: measurements of sick clocks are all stored, and the health of boxes is served. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readBoxHealth, readStatus } from '../../../daemon/status/client.js';
import type { BoxHealth } from '../../../triggering-service/box-health/record.js';
import { ServiceRig, until } from '../rig.js';

const COUNT = 60;

describe('triggering-service: box health', function () {
  this.timeout(120_000);
  let rig: ServiceRig;
  beforeEach(() => {
    rig = new ServiceRig();
  });
  afterEach(() => rig.end());

  const status = () => ({ path: join(rig.folder, 'status') });
  const health = async (boxId?: string) => (await readBoxHealth(status(), boxId)) as BoxHealth[];

  it('a clock of whole seconds, and one that stands still: every measurement is stored, with the time that the box sent', async () => {
    await rig.start();
    const now = 1000 * Math.floor(Date.now() / 1000) - 60_000;
    for (let i = 0; i < COUNT; i += 1) {
      await rig.send2(7, now + 1000 * Math.floor(i / 6), { rms: 110 + i / 10 });
      await rig.send2(8, now, { rms: 110 + i / 10 });
      // The same measurement twice.
      await rig.send2(9, now + 1000 * i, { rms: 110 + i / 10 });
      await rig.send2(9, now + 1000 * i, { rms: 110 + i / 10 });
    }
    await rig.received(4 * COUNT);
    await rig.stopService();
    const seconds = await rig.measurements(7);
    const rms = (list: { voltage?: number }[]) => list.map(({ voltage = 0 }) => Math.round(10 * voltage));
    const sent = Array.from({ length: COUNT }, (_, i) => 1100 + i);
    assert.deepEqual(rms(seconds), sent);
    assert.deepEqual(
      seconds.map((m) => m.reported_timestamp_ms ?? m.timestamp_ms),
      Array.from({ length: COUNT }, (_, i) => now + 1000 * Math.floor(i / 6)),
    );
    const standing = await rig.measurements(8);
    assert.deepEqual(rms(standing), sent);
    assert.deepEqual(new Set(standing.map((m) => m.reported_timestamp_ms ?? m.timestamp_ms)), new Set([now]));
    assert.deepEqual(rms(await rig.measurements(9)), sent);
  });

  it('is served, of all boxes and of one', async () => {
    await rig.start({ status: `unix:${status().path}` });
    const now = Date.now();
    await until(async () => {
      await rig.send2(1001, Date.now());
      await rig.send2(1002, now + 3_600_000);
      return (await health()).length === 2;
    });
    const [one] = await health('1002');
    assert.ok((one?.stream.dropped.time_in_the_future ?? 0) > 0);
    assert.equal(one?.stream.measurements, 0);
    assert.deepEqual((await health('1001'))[0]?.findings, []);
    assert.deepEqual(await health('1003'), []);
    const { details } = await readStatus(status());
    assert.deepEqual(details.box_health, { boxes: 0, by_finding: {}, worst: [] });
    await assert.rejects(() => readBoxHealth(status(), 'abc'), /HTTP 400/);
  });
});
