/** Trends in a real store: late measurements, restarts in mid-minute, a crash. */
import assert from 'node:assert/strict';
import { createLogger } from '../../common/log.js';
import { openStore } from '../../store/open.js';
import { Outbox } from '../../store/outbox/outbox.js';
import { Trends } from '../../triggering-service/trends/trends.js';
import { minute, ServiceRig, until } from './rig.js';

const MINUTE = 60_000;

describe('triggering-service: trends', () => {
  let rig: ServiceRig;
  beforeEach(() => {
    rig = new ServiceRig();
  });
  afterEach(() => rig.end());

  it('computes a minute again when measurements of it come late, however late', async () => {
    await rig.start();
    const long = minute(600);
    const recent = minute(3);
    await rig.send2(9, recent, { rms: 100 });
    await rig.send2(9, recent + 2 * MINUTE, { rms: 120 });
    await rig.send2(9, recent + 30_000, { rms: 110 });
    await rig.send2(9, long + 500, { rms: 90 });
    await rig.received(4);
    await rig.stopService();
    assert.deepEqual(await rig.voltages(9), [
      [long + MINUTE, 90, 90, 90],
      [recent + MINUTE, 100, 110, 105],
      [recent + 3 * MINUTE, 120, 120, 120],
    ]);
    await rig.store.close();
    await rig.start();
    await rig.send2(9, long + 1500, { rms: 80 });
    await rig.received(1);
    await rig.stopService();
    assert.deepEqual((await rig.voltages(9))[0], [long + MINUTE, 80, 90, 85]);
  });

  it('loses nothing that was stored by a restart in mid-minute', async () => {
    const start = minute(1);
    for (const [second, rms] of [
      [5, 110],
      [20, 120],
      [40, 130],
    ] as const) {
      await rig.start();
      await rig.send2(9, start + 1000 * second, { rms });
      await rig.received(1);
      await rig.stopService();
      await rig.store.close();
    }
    await rig.start();
    assert.deepEqual(await rig.voltages(9), [[start + MINUTE, 110, 130, 120]]);
  });

  it('computes at its start what a crash left undone, also of boxes that never come back', async () => {
    await rig.start();
    const start = minute(5);
    for (let i = 0; i < 3 * 60; i++) await rig.send2(9, start + 1000 * i, { rms: 100 + Math.floor(i / 60) });
    await rig.received(180);
    await until(() => rig.service.status().store.stored === 180);
    // As after kill -9: what was stored is there, and nothing of what was in memory.
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    const other = await openStore(`sqlite:${rig.folder}/makai.db`, { retention });
    const measurements = { accepted: 0, settled: () => Promise.resolve() };
    const log = createLogger('test', 'silent');
    const trends = new Trends({
      store: other,
      outbox: new Outbox({ store: other, log }),
      windowMs: MINUTE,
      measurements,
      log,
    });
    await trends.recover();
    await until(() => trends.status().waiting === 0 && trends.status().written > 0);
    const found = await rig.voltages(9);
    await trends.stop();
    await other.close();
    assert.deepEqual(
      found.map(([, min]) => min),
      [100, 101, 102],
    );
  });
});
