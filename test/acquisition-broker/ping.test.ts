import assert from 'node:assert/strict';
import { Pinger } from '../../acquisition-broker/boxes/pinger.js';
import { ManualClock } from './manual-clock.js';
import { startRig } from './rig.js';

const PING_EVERY_MS = 13_000;

describe('acquisition broker: PING', () => {
  it('goes out each 13 s while no READ does, counted from 0', async () => {
    const clock = new ManualClock();
    const pings: string[] = [];
    let lastCommandAt = Number.NEGATIVE_INFINITY;
    const pinger = new Pinger({
      clock,
      keepAlive: { everyMs: PING_EVERY_MS, greetAfterMs: 250 },
      lastCommandAt: () => lastCommandAt,
      ping: (number) => pings.push(`${clock.monotonic() / 1000} ${number}`),
      greeted: () => pings.push('greeted'),
    });
    clock.advance(2 * PING_EVERY_MS);
    assert.deepEqual(pings, ['13 0', '26 1']);
    clock.advance(10_000);
    lastCommandAt = clock.monotonic();
    clock.advance(12_999);
    assert.equal(pings.length, 2);
    clock.advance(1);
    assert.deepEqual(pings.slice(2), ['49 2']);
    pinger.greet();
    pinger.greet();
    clock.advance(250);
    assert.deepEqual(pings.slice(3), ['49.25 3', 'greeted']);
    clock.advance(PING_EVERY_MS);
    assert.deepEqual(pings.slice(5), ['62.25 4']);
    await pinger.stop();
    pinger.greet();
    clock.advance(100_000);
    assert.equal(pings.length, 6);
  });

  it('goes out although clients ask, as long as the Box 2s are asked nothing', async () => {
    const clock = new ManualClock();
    const rig = await startRig({ clock, boxes: [7] });
    try {
      const client = await rig.client();
      const ask = async (requestData: boolean, boxId: number): Promise<void> => {
        for (let i = 0; i < 6; i += 1) {
          const endMs = clock.now() - 1000;
          await client.request({ startMs: endMs - 1000, endMs, boxIds: [boxId], requestData });
          await client.evnew();
          clock.advance(7_000);
        }
      };
      await ask(false, 7);
      assert.equal(rig.broker.status().sent.ping, 3, 'events that are only logged, for 42 s');
      await rig.box(7, 3);
      await ask(true, 7);
      assert.equal(rig.broker.status().sent.ping, 6, 'Commands to a Box 3, for 42 s more');
      await ask(true, 1001);
      assert.equal(rig.broker.status().sent.ping, 6, 'no PING while READs go out');
    } finally {
      await rig.stop();
    }
  });
});
