/** Trends in a real store, where time must pass: a box that falls silent, a store that is unavailable. */
import assert from 'node:assert/strict';
import type { Store } from '../../store/store.js';
import { intercepted } from '../store/writable.js';
import { ServiceRig, until } from './rig.js';

describe('triggering-service: trends, in time', () => {
  let rig: ServiceRig;
  beforeEach(() => {
    rig = new ServiceRig();
  });
  afterEach(() => rig.end());

  it('writes the last minute of a box that falls silent, with the location of the box', async () => {
    await rig.start({ mongo_trends_update_interval_seconds: 1 });
    await rig.store.putBox({ box_id: '9', calibration_constant: 1, unplugged: false, location: 'lab' });
    const second = 1000 * Math.floor(Date.now() / 1000);
    await rig.send2(9, second - 1000, { rms: 100 });
    await rig.send2(9, second + 100, { rms: 120 });
    await until(async () => (await rig.trends(9)).length === 2);
    assert.deepEqual(await rig.voltages(9), [
      [second, 100, 100, 100],
      [second + 1000, 120, 120, 120],
    ]);
    const first = (await rig.trends(9))[0];
    assert.equal(first?.location, 'lab');
  });

  it('keeps what the store does not take, and computes it when the store is back', async () => {
    let away = true;
    const failing = (store: Store): Store =>
      intercepted(
        {
          ...store,
          newestByBox: () => (away ? Promise.reject(new Error('not now')) : store.newestByBox()),
        },
        ({ kind }) => {
          if (away && (kind === 'trends' || kind === 'trend_windows')) throw new Error('not now');
        },
      );
    await rig.start({ mongo_trends_update_interval_seconds: 1 }, failing);
    const second = 1000 * Math.floor(Date.now() / 1000) - 5000;
    for (let i = 0; i < 5; i++) await rig.send2(9, second + 1000 * i, { rms: 100 + i });
    await until(() => rig.service.status().trends.failures > 0);
    away = false;
    await rig.stopService();
    assert.deepEqual(
      (await rig.voltages(9)).map(([, min]) => min),
      [100, 101, 102, 103, 104],
    );
    assert.ok(
      rig.lines.some((line) => line.lane === 'trends' && /kept and tried again/.test(String(line.msg))),
    );
  });
});
