/** What the gateway learns of the other daemons at its start: findings that ended while it did not run are passed on as ended. */
import assert from 'node:assert/strict';
import { type Clock, systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Metrics } from '../../common/metrics/metrics.js';
import { KIND_NAMES } from '../../config/kind-names.js';
import { HEALTH_DAEMONS } from '../../daemon/box-health.js';
import { startStatusServer } from '../../daemon/status/server.js';
import { DaemonFollower } from '../../gateway/follow/daemons.js';
import type { FollowedFindings } from '../../gateway/followed.js';
import type { RetainedSender } from '../../gateway/send/retained.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

/** Looks come every 3 s: twenty times as fast here. */
const clock: Clock = { ...systemClock, after: (ms, fn) => systemClock.after(ms / 20, fn) };

describe('gateway: the daemons that it follows', function () {
  this.timeout(60_000);

  it('findings of boxes that are well again, or are not there any more, are said to be over', async () => {
    const log = silentLogger();
    const nobody = `127.0.0.1:${await freePort()}`;
    const named = Object.fromEntries(KIND_NAMES.map((kind) => [kind, nobody]));
    const finding = { code: 'CLOCK_OFFSET', since_ms: 5, info: '10 h' };
    const servers = [];
    for (const daemon of HEALTH_DAEMONS) {
      const isService = daemon === 'triggering-service';
      const records = ['1001', '1002', '1003'].map((box_id) => ({
        box_id,
        findings: isService && box_id === '1003' ? [finding] : [],
      }));
      const server = await startStatusServer({
        ...{ daemon, version: '1', isNamed: true, log, metrics: new Metrics(daemon, '1') },
        ...{ address: { host: '127.0.0.1', port: 0 }, details: () => ({}), boxHealth: async () => records },
      });
      servers.push(server);
      named[daemon] = server.address ?? '';
    }
    const passed: FollowedFindings[] = [];
    const retained: string[] = [];
    const follower = new DaemonFollower({
      ...{ named, ownAddress: () => undefined, knowsMeters: () => true, clock, log },
      retained: { put: (topic: string) => void retained.push(topic) } as unknown as RetainedSender,
      followers: [
        {
          // From before a restart; 2000 was removed.
          boxesWithFindings: async () => ['1002', '1003', '2000'],
          findings: async (found) => void passed.push(found),
        },
      ],
    });
    follower.start();
    try {
      await until('they are passed on', async () => passed.length >= 3);
      const found = passed.slice(0, 3).sort((a, b) => Number(a.box_id) - Number(b.box_id));
      assert.deepEqual(found, [
        { box_id: '1002', findings: [] },
        { box_id: '1003', findings: [finding] },
        { box_id: '2000', findings: [] },
      ]);
      assert.ok(retained.includes('makai/boxes/2000/health'));
    } finally {
      await follower.stop();
      for (const server of servers) await server.stop();
    }
  });

  it('a meter from before keeps its findings until the records of meters were read and it was heard', async () => {
    const log = silentLogger();
    const nobody = `127.0.0.1:${await freePort()}`;
    const named = Object.fromEntries(KIND_NAMES.map((kind) => [kind, nobody]));
    let meter: object | undefined;
    const servers = [];
    let reads = 0;
    for (const daemon of [...HEALTH_DAEMONS, 'gateway'] as const) {
      const server = await startStatusServer({
        ...{ daemon, version: '1', isNamed: true, log, metrics: new Metrics(daemon, '1') },
        ...{ address: { host: '127.0.0.1', port: 0 }, details: () => ({}) },
        boxHealth: async () => {
          if (daemon !== 'gateway') return [];
          reads += 1;
          return meter === undefined ? [] : [{ box_id: '1000000000', findings: [], meter }];
        },
      });
      servers.push(server);
      named[daemon] = server.address ?? '';
    }
    const passed: FollowedFindings[] = [];
    const follower = new DaemonFollower({
      ...{ named, ownAddress: () => named.gateway, clock, log },
      knowsMeters: () => meter !== undefined,
      retained: { put: () => undefined } as unknown as RetainedSender,
      followers: [
        {
          boxesWithFindings: async () => ['1000000000'],
          findings: async (found) => void passed.push(found),
        },
      ],
    });
    follower.start();
    try {
      await until('it was read twice', async () => reads >= 2);
      meter = { name: 'kitchen', is_unknown: true };
      await until('it was read twice more', async () => reads >= 4);
      assert.deepEqual(passed, []);
      meter = { name: 'kitchen', last_ms: 5 };
      await until('it is over', async () => passed.length > 0);
      assert.deepEqual(passed, [{ box_id: '1000000000', findings: [] }]);
    } finally {
      await follower.stop();
      for (const server of servers) await server.stop();
    }
  });
});
