/** Two gateways of one store, as processes, with a real nats-server, a real MongoDB, mosquitto and a mail server: whatever becomes of the active one, the other goes on with what it had to do. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { StandbyStatus } from '../../gateway/standby/standby.js';
import { ensureStream } from '../../nats/stream.js';
import { openStore } from '../../store/open.js';
import type { IncidentGroup, Store } from '../../store/store.js';
import { type Writable, writable } from '../store/writable.js';
import { freePort } from '../support/free-port.js';
import { givenMongo } from '../support/mongo-server.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { gatewaySettings, incidentOf } from './given.js';
import { type Heard, Mosquitto, needsMosquitto, subscriber } from './mosquitto.js';
import { mailbox } from './notify/rig.js';

const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const START = Date.now() - 3_600_000;

interface Process {
  child: ChildProcess;
  status(): Promise<{ nats?: StandbyStatus } | undefined>;
  end(signal?: NodeJS.Signals): Promise<void>;
}

describe('gateway: two with one store', function () {
  this.timeout(600_000);
  const mongo = givenMongo();
  const binary = givenNats();
  let nats: NatsServer;
  let folder: string;
  let url: string;
  let store: Writable<Store>;
  let mosquitto: Mosquitto;
  let mail: Awaited<ReturnType<typeof mailbox>>;
  let heard: Heard[];
  let endHearing: () => Promise<unknown>;
  const processes: Process[] = [];

  beforeEach(async function () {
    const program = needsMosquitto(this);
    nats = await NatsServer.start(binary());
    const connection = await connect({ servers: nats.url });
    await ensureStream(connection, { replicas: 1, maxBytes: 2 ** 24, maxAgeMs: 3_600_000 });
    await connection.close();
    mosquitto = await Mosquitto.start(program);
    mail = await mailbox();
    folder = mkdtempSync(join(tmpdir(), 'makai-standby-'));
    url = `${mongo().uri}/makai_test_${randomBytes(6).toString('hex')}`;
    store = writable(await openStore(url, { retention: RETENTION }));
    const { client, heard: all } = await subscriber(mosquitto.url, {}, 'makai/#');
    heard = all;
    endHearing = () => client.endAsync(true);
  });
  afterEach(async () => {
    for (const { end } of processes.splice(0)) await end();
    await endHearing?.();
    await store?.close();
    await mosquitto?.remove();
    await mail?.stop();
    await nats?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function gateway(name: string): Promise<Process> {
    const port = await freePort();
    const own = join(folder, name);
    mkdirSync(own);
    const channel = {
      ...{ type: 'mail', server: `smtp://127.0.0.1:${mail.port}`, from: 'makai@example.org' },
      ...{ to: 'ada@example.org', require_tls: false },
    };
    const recipients = [{ name: 'ada', tags: ['power-quality'], per_hour: 1000, channels: [channel] }];
    writeFileSync(join(own, 'notify.yaml'), JSON.stringify({ recipients }), { mode: 0o600 });
    const file = join(own, 'gateway.json');
    const settings = await gatewaySettings(url, own, {
      ...{ mqtt: { url: mosquitto.url }, nats: { servers: [nats.url] }, status: `127.0.0.1:${port}` },
    });
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
    const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'dist/cli/main.js'), 'gateway', file], {
      stdio: 'ignore',
    });
    const one: Process = {
      child,
      status: async () => {
        try {
          const reply = await fetch(`http://127.0.0.1:${port}/status`, { signal: AbortSignal.timeout(5000) });
          return ((await reply.json()) as { details: { nats?: StandbyStatus } }).details;
        } catch {
          return undefined;
        }
      },
      end: async (signal = 'SIGKILL') => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill(signal);
        await gone;
      },
    };
    processes.push(one);
    return one;
  }

  const isActive = async (one: Process): Promise<boolean> => {
    const status = await one.status();
    return status?.nats?.elected === true && 'followed' in status;
  };
  const active = (one: Process) => until('it is the active one', () => isActive(one));
  const standsBy = (one: Process) =>
    until('it stands by', async () => (await one.status())?.nats?.service !== undefined);

  /** Stores an incident with a group of its own, which makes an alert. */
  async function incident(n: number): Promise<void> {
    const finding = incidentOf('1', START + 1000 * n, { deviation_from_nominal: -80 });
    await store.putIncident({ incident: finding, samples: new Int16Array() });
    const id = await store.highestId('incident');
    const group: IncidentGroup = {
      ...{ group_id: id, scope: 'box', incident_ids: [id], box_ids: ['1'], boxes_heard: 1, first_box: '1' },
      ...{ deepest_box: '1', spread_ms: 0, spread_depth: 0, from_measurements: [], sentence: `sag ${id}.` },
    };
    await store.apply({ kind: 'incident_group', group });
  }

  /** How often each incident was published for the first time, and how many mails each alert had. */
  const mailsOf = (id: number): number =>
    mail.mails.filter((text) => new RegExp(`^Subject: .*\\bsag ${id}\\.`, 'm').test(text)).length;
  const messagesOf = (id: number): number =>
    heard.filter(({ payload, topic }) => topic.startsWith('makai/incidents/') && payload.incident_id === id)
      .length;

  async function reported(upTo: number): Promise<void> {
    await until(`alerts of ${upTo} incidents`, async () => {
      for (let id = 1; id <= upTo; id += 1) if (mailsOf(id) === 0 || messagesOf(id) === 0) return false;
      return true;
    });
  }
  function doubled(of: (id: number) => number, upTo: number): number {
    let more = 0;
    for (let id = 1; id <= upTo; id += 1) more += Math.max(0, of(id) - 1);
    return more;
  }

  it('kill -9 of the active one: alerts go on, none is lost, and a mail is doubled at most once', async () => {
    const a = await gateway('a');
    await active(a);
    const b = await gateway('b');
    await standsBy(b);
    assert.equal(await isActive(b), false);
    let n = 0;
    for (; n < 20; n += 1) await incident(n);
    await until('the first mail', async () => mail.mails.length > 3);
    await a.end('SIGKILL');
    const killedMs = performance.now();
    for (; n < 40; n += 1) await incident(n);
    await active(b);
    process.stderr.write(
      `      the other one is active after ${((performance.now() - killedMs) / 1000).toFixed(1)} s\n`,
    );
    await reported(40);
    // What was under way to the one mailbox when it was killed; of MQTT also what NATS did not have yet.
    const mails = doubled(mailsOf, 40);
    process.stderr.write(`      mails doubled: ${mails}\n`);
    assert.ok(mails <= 1, `${mails} mails were doubled`);
    const before = mail.mails.length;
    const again = await gateway('c');
    await standsBy(again);
    await incident(n);
    await reported(41);
    assert.equal(mail.mails.length, before + 1);
  });

  it('one that is stopped hands over: nothing is doubled', async () => {
    const a = await gateway('a');
    await active(a);
    const b = await gateway('b');
    await standsBy(b);
    for (let n = 0; n < 10; n += 1) await incident(n);
    await reported(10);
    await a.end('SIGTERM');
    await active(b);
    for (let n = 10; n < 20; n += 1) await incident(n);
    await reported(20);
    assert.equal(doubled(mailsOf, 20), 0);
  });

  it('one that stood still while another took over says nothing any more', async () => {
    const a = await gateway('a');
    await active(a);
    const b = await gateway('b');
    await standsBy(b);
    for (let n = 0; n < 5; n += 1) await incident(n);
    await reported(5);
    a.child.kill('SIGSTOP');
    for (let n = 5; n < 10; n += 1) await incident(n);
    await active(b);
    await reported(10);
    a.child.kill('SIGCONT');
    await until('it stands by', async () => (await a.status())?.nats?.elected === false);
    for (let n = 10; n < 15; n += 1) await incident(n);
    await reported(15);
    assert.equal(doubled(mailsOf, 15), 0);
    assert.equal(await isActive(b), true);
  });

  it('without NATS nobody is active; what is stored meanwhile is said afterwards', async () => {
    const a = await gateway('a');
    await active(a);
    await incident(0);
    await reported(1);
    await nats.kill();
    await until('it is not active', async () => !(await isActive(a)));
    for (let n = 1; n < 5; n += 1) await incident(n);
    await nats.start();
    await reported(5);
    assert.equal(doubled(mailsOf, 5), 0);
  });
});
