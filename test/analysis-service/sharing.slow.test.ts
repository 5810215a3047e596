/** Several analysis services on one MongoDB, as processes, with a real nats-server: they divide a backlog, and whatever becomes of one of them, each waveform is analysed once. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { Publisher } from 'zeromq';
import type { AnalysisServiceStatus } from '../../analysis-service/index.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { ensureStream } from '../../nats/stream.js';
import { measurement } from '../../proto/index.js';
import { openStore } from '../../store/open.js';
import type { IncidentDocument, Store } from '../../store/store.js';
import { all, newEvent } from '../store/contract/given.js';
import { type Writable, writable } from '../store/writable.js';
import { freePort } from '../support/free-port.js';
import { givenMongo } from '../support/mongo-server.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { CALIBRATION, START, storeWaveform, waveform } from './given.js';

const BOXES = Array.from({ length: 8 }, (_, i) => String(1000 + i));
const SAG = { fromS: 0.3, toS: 0.48, pu: 0.4 };
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
/** Events are so far apart that no disturbance is in two of them. */
const APART_MS = 60_000;
/** Hundreds of waveforms, on a machine that may do much else. */
const PATIENCE_MS = 500_000;

interface Service {
  child: ChildProcess;
  status(): Promise<AnalysisServiceStatus | undefined>;
  kill(): Promise<void>;
}

describe('analysis-service: several with one store', function () {
  this.timeout(1_500_000);
  const mongo = givenMongo();
  const binary = givenNats();
  let nats: NatsServer;
  let folder: string;
  let url: string;
  let store: Writable<Store>;
  const services: Service[] = [];

  beforeEach(async () => {
    nats = await NatsServer.start(binary());
    const connection = await connect({ servers: nats.url });
    await ensureStream(connection, { replicas: 1, maxBytes: 2 ** 24, maxAgeMs: 3_600_000 });
    await connection.close();
    folder = mkdtempSync(join(tmpdir(), 'makai-sharing-'));
    url = `${mongo().uri}/makai_test_${randomBytes(6).toString('hex')}`;
    store = writable(await openStore(url, { retention: RETENTION }));
    for (const box_id of BOXES)
      await store.putBox({ box_id, calibration_constant: CALIBRATION, unplugged: false, location: 'lab' });
  });
  afterEach(async () => {
    for (const { kill } of services.splice(0)) await kill();
    await store?.close();
    await nats?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function service(name: string, trigger = 'tcp://127.0.0.1:9'): Promise<Service> {
    const port = await freePort();
    const file = join(folder, `${name}.json`);
    writeFileSync(
      file,
      JSON.stringify({
        ...{ store: url, workers: 1, status: `127.0.0.1:${port}`, nats: { servers: [nats.url] } },
        ...{ incident_pub: 'tcp://127.0.0.1:*', zmq_trigger_endpoint: trigger },
        zmq_data_endpoint: 'tcp://127.0.0.1:9',
      }),
      { mode: 0o600 },
    );
    const child = spawn(
      process.execPath,
      [join(PACKAGE_ROOT, 'dist/cli/main.js'), 'analysis-service', file],
      {
        stdio: ['ignore', 'ignore', 'ignore'],
      },
    );
    const one: Service = {
      child,
      status: async () => {
        try {
          const response = await fetch(`http://127.0.0.1:${port}/status`, {
            signal: AbortSignal.timeout(5000),
          });
          return ((await response.json()) as { details: AnalysisServiceStatus }).details;
        } catch {
          return undefined;
        }
      },
      kill: async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      },
    };
    services.push(one);
    return one;
  }

  const has = (one: Service, partitions: number) =>
    until(`it has ${partitions} partitions`, async () => {
      const { nats: shared } = (await one.status()) ?? {};
      return shared?.partitions.length === partitions;
    });
  const doneBy = async (one: Service): Promise<number> => {
    const status = await one.status();
    return status === undefined || status.incidents === 'off' ? 0 : status.incidents.waveforms;
  };

  /** Events of all boxes, each with the same sag. @returns how many waveforms there are */
  async function backlog(first: number, count: number): Promise<number> {
    const samples = waveform(1, [SAG]);
    for (let eventId = first; eventId < first + count; eventId += 1) {
      const startMs = START + APART_MS * eventId;
      await store.insertEvent(newEvent(eventId, startMs, { boxes_triggered: BOXES }));
      await Promise.all(BOXES.map((box) => storeWaveform(store, eventId, box, samples, startMs)));
    }
    return count * BOXES.length;
  }

  const analysed = () =>
    until('no waveform waits', async () => (await store.countWaitingWaveforms(1)) === 0, PATIENCE_MS);

  /** As one service would have left it. */
  async function assertOnce(first: number, count: number): Promise<void> {
    const incidents = await all(store.incidents());
    const ids = incidents.map(({ incident_id }) => incident_id);
    assert.equal(new Set(ids).size, ids.length, 'no id is given twice');
    const found = new Map<string, IncidentDocument[]>();
    for (const one of incidents) {
      const key = `${one.event_id} ${one.box_id} ${one.measurement_type} ${one.start_timestamp_ms}`;
      found.set(key, [...(found.get(key) ?? []), one]);
    }
    for (const [key, those] of found) assert.equal(those.length, 1, `${key} is there once`);
    for (let eventId = first; eventId < first + count; eventId += 1)
      for (const box of BOXES) {
        const of = incidents.filter((one) => one.event_id === eventId && one.box_id === box);
        const sags = of.filter(({ classifications }) => classifications.includes('VOLTAGE_SAG'));
        assert.equal(sags.length, 1, `event ${eventId}, box ${box}: ${sags.length} sags`);
        assert.equal(sags[0]?.metadata.same_as, undefined);
      }
  }

  /** Every sag is in the one group of its event, which has all its boxes. */
  async function grouped(first: number, count: number): Promise<void> {
    const problems = async (): Promise<string[]> => {
      const found: string[] = [];
      for (let eventId = first; eventId < first + count; eventId += 1) {
        const incidents = await store.incidentsOfEvent(eventId);
        const sags = incidents.filter(({ classifications }) => classifications.includes('VOLTAGE_SAG'));
        const groups = sags.map(
          ({ box_id, group }) => `${box_id} in ${group?.group_id} of ${group?.box_ids}`,
        );
        const isOne = new Set(sags.map(({ group }) => group?.group_id)).size === 1;
        if (!isOne || sags.some(({ group }) => group?.box_ids.length !== BOXES.length))
          found.push(`event ${eventId}: ${groups.join('; ')}`);
      }
      return found;
    };
    let last: string[] = [];
    await until(
      'every sag has its group',
      async () => {
        last = await problems();
        return last.length === 0;
      },
      PATIENCE_MS,
    ).catch((error: unknown) => {
      throw new Error(`${last.length} have not: ${last.slice(0, 5).join('\n')}`, { cause: error });
    });
  }

  it('both work while both live; kill -9 of one loses and doubles nothing', async () => {
    const a = await service('a');
    const b = await service('b');
    await has(a, 32);
    await has(b, 32);
    const elected = async (): Promise<Service[]> => {
      const found: Service[] = [];
      for (const one of services) if ((await one.status())?.nats?.elected === true) found.push(one);
      return found;
    };
    await until('one is elected', async () => (await elected()).length === 1);
    const total = await backlog(1, 60);
    await until('both have done something', async () => (await doneBy(a)) > 10 && (await doneBy(b)) > 10);
    // The one that looks after groups: all that it does is taken up by the other one.
    const holders: Service[] = [];
    // A status may be late where much is analysed.
    await until('it is known who is elected', async () => holders.push(...(await elected())) > 0);
    const [first] = holders;
    assert.ok(first);
    const left = await store.countWaitingWaveforms(total);
    await first.kill();
    const killedMs = performance.now();
    const other = first === a ? b : a;
    process.stderr.write(`      killed with ${left} of ${total} waveforms left\n`);
    await has(other, 64);
    process.stderr.write(
      `      all partitions after ${((performance.now() - killedMs) / 1000).toFixed(1)} s\n`,
    );
    await backlog(61, 10);
    await analysed();
    await assertOnce(1, 70);
    await grouped(1, 70);
    await until('the other one is elected', async () => (await other.status())?.nats?.elected === true);
  });

  it('one that stood still while its boxes became another one’s writes nothing that doubles', async () => {
    const a = await service('a');
    const b = await service('b');
    await has(a, 32);
    await has(b, 32);
    await backlog(1, 30);
    await until('both have begun', async () => (await doneBy(a)) > 2 && (await doneBy(b)) > 2);
    a.child.kill('SIGSTOP');
    await has(b, 64);
    await analysed();
    a.child.kill('SIGCONT');
    await has(a, 32);
    await backlog(31, 5);
    await analysed();
    await sleep(2000);
    await assertOnce(1, 35);
    await grouped(1, 35);
  });

  it('an outage is one, though the service that looks after it is killed while it goes on, or before it is known', async () => {
    const stream = new Publisher({ linger: 0 });
    await stream.bind('tcp://127.0.0.1:*');
    const silent = new Set<string>();
    let isOver = false;
    const sending = (async () => {
      while (!isOver) {
        for (const box of BOXES.filter((one) => !silent.has(one))) {
          const one = { boxId: Number(box), timestampMs: Date.now(), metrics: {} };
          await stream.send([box, measurement.encode(one)]);
        }
        await sleep(1000);
      }
    })();
    const [first = '', second = ''] = BOXES;
    const outagesOf = async (box: string): Promise<IncidentDocument[]> =>
      (await all(store.incidents({ boxId: box }))).filter(({ classifications }) =>
        classifications.includes('OUTAGE'),
      );
    try {
      const a = await service('a', stream.lastEndpoint ?? '');
      await until('it is elected', async () => (await a.status())?.nats?.elected === true);
      const b = await service('b', stream.lastEndpoint ?? '');
      await has(b, 32);
      await sleep(5000);
      silent.add(first);
      // Boxes are silent after a minute, and for a minute after the start nothing is said.
      await until('the first outage', async () => (await outagesOf(first)).length > 0, PATIENCE_MS);
      silent.add(second);
      await sleep(3000);
      await a.kill();
      await until('the other one looks after it', async () => (await b.status())?.nats?.elected === true);
      await until('the second outage', async () => (await outagesOf(second)).length > 0, PATIENCE_MS);
      silent.clear();
      await until('both are over', async () => {
        const both = [...(await outagesOf(first)), ...(await outagesOf(second))];
        return both.every(({ end_timestamp_ms: endMs }) => endMs > 0);
      });
      for (const box of [first, second]) assert.equal((await outagesOf(box)).length, 1, box);
      for (const box of BOXES.slice(2)) assert.equal((await outagesOf(box)).length, 0, box);
    } finally {
      isOver = true;
      await sending;
      stream.close();
    }
  });

  it('without NATS nothing is analysed, and nothing is lost', async () => {
    const a = await service('a');
    await has(a, 64);
    await nats.kill();
    await has(a, 0);
    await backlog(1, 2);
    await sleep(3000);
    assert.equal(await store.countWaitingWaveforms(100), 2 * BOXES.length);
    await nats.start();
    await analysed();
    await assertOnce(1, 2);
    await grouped(1, 2);
  });
});
