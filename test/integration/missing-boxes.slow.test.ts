/** The five causes of docs/troubleshooting.md, each with real processes on hosts of their own: what the commands, the log and the metrics say. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { Kind } from '../../config/kinds.js';
import { writePublicCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { canMakeHosts, type Host, Hosts } from '../deploy/namespaces.js';
import { attempt, run } from '../support/command.js';
import { until, untilEqual } from '../support/until.js';

const MAKAI = [process.execPath, join(PACKAGE_ROOT, 'dist/cli/main.js')];
const PAGE = readFileSync(join(PACKAGE_ROOT, 'docs/troubleshooting.md'), 'utf8');
const DAEMONS = ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const;
/** Box → where it lives; all but the last are certified. */
const BOXES = { wrongKey: 1, well: 2, clock: 3, wrongPort: 4, blocked: 5, stranger: 9 } as const;

interface Row {
  box_id: string;
  expected: boolean;
  record: boolean;
  heard: boolean;
  why?: string;
}

describe('integration: a box is missing', function () {
  this.timeout(400_000);
  const children: ChildProcess[] = [];
  const homes = new Map<number, Host>();
  let hosts: Hosts;
  let server: Host;
  let folder = '';
  let workspace: Workspace;
  let log = '';

  const onServer = (...args: string[]): string[] => ['ip', 'netns', 'exec', server.name, ...MAKAI, ...args];
  const brokerOf = (id: number): string => `10.80.${id}.1`;
  const homeOf = (id: number): string => `10.80.${id}.2`;

  before(async function () {
    if (!canMakeHosts()) {
      process.stderr.write('    no network namespaces here (root, ip, nft and python3): left out\n');
      return this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'makai-missing-'));
    workspace = await prepareWorkspace(folder, ['1', '2', '3', '4', '5']);
    hosts = new Hosts();
    server = hosts.add('s');
    for (const id of Object.values(BOXES)) {
      const home = hosts.add(`b${id}`);
      homes.set(id, home);
      hosts.join(`mk${id}`, [
        [server, [`${brokerOf(id)}/24`]],
        [home, [`${homeOf(id)}/24`]],
      ]);
    }
    server.run('nft', 'add', 'table', 'inet', 'drops');
    server.run('nft', 'add', 'chain', 'inet', 'drops', 'in', '{ type filter hook input priority 0; }');
    server.run('nft', 'add', 'rule', 'inet', 'drops', 'in', 'ip', 'saddr', homeOf(BOXES.blocked), 'drop');
    set('triggering-broker', { interface: 'tcp://*:9880' });
    set('acquisition-broker', { box_pub: 'tcp://*:8194', box_pull: 'tcp://*:8196' });
    for (const kind of DAEMONS) await start(onServer(kind, workspace.configs[kind]));
    // The records: all but that of box 2, which is heard without one.
    for (const id of ['1', '3', '4', '5', '9'])
      await run(onServer('boxes', 'add', id, '--dir', folder, '--name', `box ${id}`));
    const wrongKey = join(folder, 'other.key');
    await writePublicCertificate(wrongKey, { boxId: undefined, publicKey: newKeyPair().publicKey });
    await box(BOXES.well);
    await box(BOXES.wrongKey, ['--server-key', wrongKey]);
    await box(BOXES.clock, ['--ago', '200000']);
    await box(BOXES.wrongPort, ['--measurements', `tcp://${brokerOf(BOXES.wrongPort)}:9980`]);
    await box(BOXES.blocked);
    await box(BOXES.stranger);
  });
  after(async () => {
    for (const child of children.splice(0).reverse()) await stop(child);
    await hosts?.remove();
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });

  async function stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    await ended;
  }

  function set(kind: Kind, settings: object): void {
    const file = workspace.configs[kind];
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, ...settings }), { mode: 0o600 });
  }

  async function start([program = '', ...args]: string[]): Promise<void> {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    child.stderr.on('data', (data: Buffer) => {
      log += data.toString();
    });
    const ended = new Promise<never>((_, reject) =>
      child.once('close', () => reject(new Error(`${args.join(' ')} ended: ${log.slice(-2000)}`))),
    );
    ended.catch(() => undefined);
    await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
  }

  function box(id: number, more: readonly string[] = []): Promise<void> {
    const home = homes.get(id);
    assert.ok(home);
    const at = brokerOf(id);
    return start([
      ...['ip', 'netns', 'exec', home.name, ...MAKAI, 'box', '--first-id', `${id}`, '--json'],
      ...['--keys', workspace.keyDirectory, '--measurements', `tcp://${at}:9880`],
      ...['--commands', `tcp://${at}:8194`, '--replies', `tcp://${at}:8196`, ...more],
    ]);
  }

  async function rows(): Promise<Map<string, Row>> {
    const { stdout } = await attempt(onServer('boxes', 'status', '--dir', folder, '--json'));
    const all = stdout.split('\n').filter((line) => line !== '');
    return new Map(all.map((line) => JSON.parse(line) as Row).map((row) => [row.box_id, row]));
  }

  /** The reason begins so, as the page has it. */
  async function untilWhy(id: number, begin: string, rest: RegExp): Promise<void> {
    assert.ok(PAGE.includes(`\`${begin}\``), `${begin} is not in docs/troubleshooting.md`);
    let why: string | undefined;
    await until(`box ${id}: ${begin}`, async () => {
      why = (await rows()).get(`${id}`)?.why;
      return why?.startsWith(begin) === true && rest.test(why);
    }).catch((error: unknown) => assert.fail(`${String(error)}: ${why}`));
  }

  const metric = async (series: string): Promise<string> => {
    const { status } = JSON.parse(readFileSync(workspace.configs['triggering-broker'], 'utf8')) as {
      status: string;
    };
    const script = `fetch('http://${status}/metrics').then((r) => r.text()).then(console.log)`;
    const text = await run(['ip', 'netns', 'exec', server.name, process.execPath, '-e', script]);
    return text.split('\n').find((line) => line.startsWith(`${series} `)) ?? `no ${series}`;
  };

  /** As the page has it, from the host of a box. */
  async function probe(id: number, port: number): Promise<number | null> {
    const command = "timeout 3 bash -c '</dev/tcp/SERVER/9880'";
    assert.ok(PAGE.includes(command));
    const home = homes.get(id);
    assert.ok(home);
    const there = command.replace('SERVER', brokerOf(id)).replace('9880', String(port));
    return (await attempt(['ip', 'netns', 'exec', home.name, 'bash', '-c', there])).code;
  }

  it('not: it is heard, and without a record that is said', async () => {
    await until('box 2 is heard', async () => (await rows()).get('2')?.heard === true);
    const row = (await rows()).get('2');
    assert.deepEqual([row?.why, row?.expected, row?.record], [undefined, true, false]);
    const list = await attempt(onServer('boxes', 'list', '--dir', folder));
    assert.match(list.stderr, /^heard, without a record: 2; makai boxes add 2 /m);
  });

  it('not registered: with the address of the refused key', async () => {
    await untilWhy(
      BOXES.stranger,
      'not registered',
      /no key of it may connect; .*refused keys.*10\.80\.9\.2/,
    );
    assert.match(log, /refused a key/);
    assert.match(await metric('makai_pending_keys'), / [1-9]/);
    const pending = await run(
      onServer('keys', 'pending', '--dir', workspace.keyDirectory, '--status', statusOf()),
    );
    assert.ok(pending.includes('10.80.9.2'), pending);
  });

  function statusOf(): string {
    return (JSON.parse(readFileSync(workspace.configs['triggering-broker'], 'utf8')) as { status: string })
      .status;
  }

  it('wrong server key: with the address, in the log, doctor and the metrics too', async () => {
    await untilWhy(BOXES.wrongKey, 'no connection', /wrong server key\): 10\.80\.1\.2/);
    const table = await attempt(onServer('boxes', 'status', '--dir', folder));
    assert.equal(table.code, 1);
    assert.match(table.stdout, /^connections with another server key than ours come from: 10\.80\.1\.2$/m);
    assert.match(log, /"address":"10\.80\.1\.2".*another server key than ours/);
    assert.match(await metric('makai_wrong_server_key_addresses'), / 1$/);
    assert.match(await metric('makai_connections_refused_total{reason="wrong_server_key"}'), / \d+$/);
    const doctor = await attempt(onServer('doctor', '--dir', folder));
    assert.match(
      doctor.stdout,
      /connections with another server key than ours since its start from 10\.80\.1\.2/,
    );
  });

  it('clock', async () => {
    await untilWhy(BOXES.clock, 'clock', /more than 24 h old/);
    assert.equal((await rows()).get('3')?.heard, true);
  });

  it('wrong port: the other connection is there, and the port is refused', async () => {
    await untilWhy(BOXES.wrongPort, 'wrong port or blocked', /acquisition broker only/);
    // Its three seconds are short where the machine stands still.
    await untilEqual(() => probe(BOXES.wrongPort, 9980), 1);
    await untilEqual(() => probe(BOXES.wrongPort, 9880), 0);
  });

  it('blocked: nothing comes, and the port does not reply', async () => {
    await untilWhy(BOXES.blocked, 'no connection', /blocked/);
    assert.equal(await probe(BOXES.blocked, 9880), 124);
  });

  it('wrong server key, of a box that was let in before: it is named', async () => {
    const [well] = children.slice(-6);
    assert.ok(well);
    await stop(well);
    await box(BOXES.well, ['--server-key', join(folder, 'other.key')]);
    await untilWhy(BOXES.well, 'wrong server key', /10\.80\.2\.2/);
  });
});
