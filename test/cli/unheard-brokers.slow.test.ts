/** Triggering brokers that a follower does not hear, with processes of all of them and a real nats-server: its status, `makai status --cluster`, the doctor. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from '../../cli/doctor/reported.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { freePorts } from '../../common/free-ports.js';
import { parseStatusEndpoint } from '../../config/types.js';
import { readMetrics, readStatus } from '../../daemon/status/client.js';
import type { Overview } from '../../nats/overview.js';
import type { HeardBrokers } from '../../stream/brokers.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until, untilEqual } from '../support/until.js';
import { makai, type Programs, RunningProgram } from './run-process.js';

const FOLLOWERS = ['gateway', 'analysis-service'] as const;
type Follower = (typeof FOLLOWERS)[number];

describe('cli: triggering brokers that followers do not hear', function () {
  this.timeout(300_000);
  const binary = givenNats();
  const programs: RunningProgram[] = [];
  let folder: string;
  let nats: NatsServer;
  let workspace: Workspace;
  let second: { endpoint: string; file: string };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-unheard-'));
    nats = await NatsServer.start(binary());
    workspace = await prepareWorkspace(folder, ['1']);
    const [boxes, backend, status] = await freePorts(3);
    const endpoint = `tcp://127.0.0.1:${backend}`;
    second = { endpoint, file: join(folder, 'second_broker.json') };
    const broker = changed('triggering-broker', { nats: { servers: [nats.url], replicas: 1 } });
    const own = { interface: `tcp://127.0.0.1:${boxes}`, backend: endpoint, status: `127.0.0.1:${status}` };
    const spool = (name: string) => ({ spool: { path: join(folder, name) } });
    const natsOf = (name: string) => ({ nats: { ...broker.nats, ...spool(name) } });
    write(workspace.configs['triggering-broker'], { ...broker, ...natsOf('spool-1') });
    write(second.file, { ...broker, ...own, ...natsOf('spool-2') });
    for (const kind of FOLLOWERS)
      write(
        workspace.configs[kind],
        changed(kind, {
          further_trigger_endpoints: [endpoint],
          nats: { servers: [nats.url] },
        }),
      );
  });
  afterEach(async () => {
    for (const program of programs) program.child.kill('SIGKILL');
    for (const program of programs.splice(0)) await program.end();
    await nats?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  type File = Record<string, unknown> & { nats?: object };
  const changed = (kind: keyof Workspace['configs'], more: File): File => ({
    ...(JSON.parse(readFileSync(workspace.configs[kind], 'utf8')) as File),
    ...more,
  });
  const write = (file: string, fields: object): void =>
    writeFileSync(file, JSON.stringify(fields), { mode: 0o600 });
  const start: Programs['start'] = (...args) => {
    const program = new RunningProgram('cli/main.js', args);
    programs.push(program);
    return program;
  };
  function addressOf(kind: Follower) {
    const { status } = changed(kind, {}) as { status?: string };
    const address = parseStatusEndpoint(status ?? '');
    assert.ok(address);
    return address;
  }
  async function details(kind: Follower): Promise<Readonly<Record<string, unknown>>> {
    return (await readStatus(addressOf(kind))).details;
  }
  const metric = async (kind: Follower): Promise<string | undefined> =>
    /^makai_triggering_brokers_missing (\d+)$/m.exec(await readMetrics(addressOf(kind)))?.[1];
  const hears = async (kind: Follower): Promise<unknown> =>
    ((await details(kind)) as { stream?: HeardBrokers }).stream;
  const ask = (...args: string[]) => makai(['status', '--cluster', '--dir', folder, ...args]);
  const wrong = async (): Promise<string[]> => {
    const { wrong: all } = JSON.parse((await ask('--json')).stdout) as Overview & { wrong: string[] };
    // Without the name, which is that of the process.
    const shown = all.map((line) => line.replace(/ \S+-\d+ does not hear/, ' does not hear'));
    return shown.filter((line) => line.includes('does not hear')).sort();
  };
  const both = (endpoint: string): string[] => [
    `analysis service does not hear the triggering broker ${endpoint}: no new outage is reported meanwhile`,
    `gateway does not hear the triggering broker ${endpoint}: live values of its boxes are missing`,
  ];
  /** What the doctor says of a daemon that has run for a while. */
  const judged = async (kind: Follower): Promise<string> =>
    judge({ kind, details: await details(kind), uptimeSeconds: 600, metrics: undefined })
      .map(({ message }) => message)
      .filter((message) => message.includes('triggering broker'))
      .join();

  it('names each one, from when it is lost until it is heard again', async () => {
    const { endpoint } = second;
    const first = String(changed('triggering-broker', {}).backend);
    const broker = start('triggering-broker', workspace.configs['triggering-broker']);
    await broker.line();
    for (const kind of FOLLOWERS) start(kind, workspace.configs[kind]);
    for (const kind of FOLLOWERS) await until(`the ${kind} is ready`, () => isReady(kind));
    for (const kind of FOLLOWERS)
      await untilEqual(() => hears(kind), { brokers: 2, connected: 1, missing: [endpoint] });
    await untilEqual(wrong, both(endpoint));
    for (const kind of FOLLOWERS) assert.equal(await metric(kind), '1');
    assert.equal(
      await judged('gateway'),
      `it hears 1 of 2 triggering brokers, and has no live values of its boxes; not ${endpoint}`,
    );

    start('triggering-broker', second.file);
    await untilEqual(wrong, []);
    const { stdout } = await ask();
    assert.match(stdout, /\nactive gateway: \S+-\d+, hears 2 of 2 triggering brokers\n/);
    assert.deepEqual(await hears('gateway'), { brokers: 2, connected: 2, missing: [] });
    assert.equal(await judged('gateway'), '');
    for (const kind of FOLLOWERS) assert.equal(await metric(kind), '0');

    broker.child.kill('SIGKILL');
    for (const kind of FOLLOWERS)
      await untilEqual(() => hears(kind), { brokers: 2, connected: 1, missing: [first] });
    await untilEqual(wrong, both(first));
    start('triggering-broker', workspace.configs['triggering-broker']);
    await untilEqual(wrong, []);
  });

  /** A gateway only when it is the active one. */
  async function isReady(kind: Follower): Promise<boolean> {
    try {
      return (await hears(kind)) !== undefined;
    } catch {
      return false;
    }
  }
});
