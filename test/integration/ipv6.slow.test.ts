/** The whole line where there is only IPv6 (two hosts, connected by a virtual wire), and where the system has no IPv6. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { Kind } from '../../config/kinds.js';
import { canMakeHosts, type Host, Hosts } from '../deploy/namespaces.js';
import { attempt } from '../support/command.js';
import { until } from '../support/until.js';

const MAKAI = [process.execPath, join(PACKAGE_ROOT, 'dist/cli/main.js')];
/** Documentation addresses (RFC 3849) and names (RFC 2606). */
const SERVER = '2001:db8:6d::1';
const BOXES = '2001:db8:6d::2';
const NAME = 'server.example';

/** Ends its own calls of socket(AF_INET6) with EAFNOSUPPORT, as a kernel without IPv6 does, and becomes the program named. */
const WITHOUT_IPV6 = `
import ctypes, os, struct, sys
nr = 41 if os.uname().machine == 'x86_64' else 198
code = [(0x20,0,0,0), (0x15,0,3,nr), (0x20,0,0,16), (0x15,0,1,10), (0x06,0,0,0x00050000|97), (0x06,0,0,0x7fff0000)]
filters = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *line) for line in code))
program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', len(code), ctypes.addressof(filters)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0): sys.exit('no seccomp')
os.execvp(sys.argv[1], sys.argv[1:])`;

class Daemons {
  readonly #ends: (() => Promise<void>)[] = [];
  /** what each wrote to stderr */
  readonly logs = new Map<string, string>();

  /** @param prefix command before `makai`. Fulfilled when the first line of stdout is there */
  async start(name: string, prefix: readonly string[], args: readonly string[]): Promise<string> {
    const [program = '', ...rest] = [...prefix, ...MAKAI, ...args];
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.logs.set(name, '');
    child.stderr.on('data', (data: Buffer) => this.logs.set(name, `${this.logs.get(name)}${data}`));
    this.#ends.push(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    const first = new Promise<string>((resolve) =>
      child.stdout.once('data', (data: Buffer) => resolve(`${data}`)),
    );
    const failed = ended.then(() => Promise.reject(new Error(`${name} ended: ${this.logs.get(name)}`)));
    failed.catch(() => undefined);
    return Promise.race([first, failed]);
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

function change({ configs }: Workspace, kind: Kind, settings: object): void {
  const file = configs[kind];
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...config, ...settings }), { mode: 0o600 });
}

describe('integration: IPv6', () => {
  const daemons = new Daemons();
  let hosts: Hosts | undefined;
  let names: string[] = [];
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-ipv6-'));
  });
  afterEach(async () => {
    await daemons.stop();
    await hosts?.remove();
    for (const name of names) rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
    hosts = undefined;
    names = [];
    await rm(folder, { recursive: true, force: true });
  });

  /** A host that has no IPv4 address at all, not even on loopback. */
  function host(letter: string): Host {
    hosts ??= new Hosts();
    const made = hosts.add(letter);
    made.run('ip', 'address', 'delete', '127.0.0.1/8', 'dev', 'lo');
    // `ip netns exec` puts these in the place of those in /etc.
    mkdirSync(`/etc/netns/${made.name}`, { recursive: true });
    writeFileSync(`/etc/netns/${made.name}/hosts`, `::1 localhost\n${SERVER} ${NAME}\n`);
    names.push(made.name);
    return made;
  }

  it('alone: brokers, service, boxes, listen, request, status and doctor', async function () {
    if (!canMakeHosts()) {
      process.stderr.write('    no network namespaces here (root, ip, nft and python3): left out\n');
      return this.skip();
    }
    const [server, boxes] = [host('s'), host('b')];
    hosts?.join('mk6', [
      [server, [`${SERVER}/64`]],
      [boxes, [`${BOXES}/64`]],
    ]);
    const on = (at: Host): string[] => ['ip', 'netns', 'exec', at.name];
    const workspace = await prepareWorkspace(folder, ['1', '2']);
    // Each way to write an address once: all, an address, a name, an interface.
    change(workspace, 'triggering-broker', {
      interface: 'tcp://*:9880',
      backend: 'tcp://[::1]:9881',
      status: '[::1]:9890',
    });
    change(workspace, 'acquisition-broker', {
      box_pub: `tcp://[${SERVER}]:8194`,
      box_pull: `tcp://${NAME}:8196`,
      backend_pull: 'tcp://localhost:9884',
      backend_pub: 'tcp://lo:9899',
      zmq_event_endpoint: 'tcp://[::]:10000',
      zmq_event_id_endpoint: 'tcp://localhost:10001',
      status: '*:9891',
    });
    change(workspace, 'triggering-service', {
      zmq_trigger_endpoint: 'tcp://[::1]:9881',
      zmq_acquisition_endpoint: 'tcp://localhost:9884',
      status: 'localhost:9892',
      plugins: [],
    });
    for (const kind of ['triggering-broker', 'acquisition-broker'] as const) {
      const check = await attempt([...on(server), ...MAKAI, 'config', 'check', workspace.configs[kind]]);
      assert.deepEqual(
        [check.code, check.stdout.split('\n').filter((line) => line.includes('opened'))],
        [0, []],
      );
      await daemons.start(kind, on(server), [kind, workspace.configs[kind]]);
    }
    await daemons.start('triggering-service', on(server), [
      'triggering-service',
      workspace.configs['triggering-service'],
    ]);
    await daemons.start('box', on(boxes), [
      ...[
        'box',
        '--count',
        '2',
        '--first-id',
        '1',
        '--dialect',
        'mixed',
        '--keys',
        workspace.keyDirectory,
        '--json',
      ],
      ...['--measurements', `tcp://${NAME}:9880`, '--commands', `tcp://[${SERVER}]:8194`],
      ...['--replies', `tcp://${NAME}:8196`],
    ]);
    for (const endpoint of ['tcp://[::1]:9881', 'tcp://localhost:9881']) {
      // Each by itself: one may be connected later than the other, or send several in a row.
      for (const id of ['1', '2']) {
        const heard = await attempt([
          ...[...on(server), ...MAKAI, 'listen', '--endpoint', endpoint],
          ...['--boxes', id, '--count', '1', '--json'],
        ]);
        assert.equal(heard.code, 0, heard.stderr);
        assert.equal(String((JSON.parse(heard.stdout) as { box_id: unknown }).box_id), id);
      }
    }
    const asked = await attempt([
      ...[...on(server), ...MAKAI, 'request', '--dir', folder, '--last', '1', '--wait', '60', '--json'],
    ]);
    assert.equal(asked.code, 0, `${asked.stderr}${asked.stdout}`);
    const status = await attempt([...on(server), ...MAKAI, 'status', '--dir', folder, '--json']);
    const running = status.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { running: boolean });
    // The others are not started.
    assert.deepEqual(running.map((one) => one.running).slice(0, 3), [true, true, true]);
    const doctor = await attempt([...on(server), ...MAKAI, 'doctor', '--dir', folder, '--json']);
    const ports = doctor.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { area: string; verdict: string; subject: string; message: string })
      .filter(
        ({ area, subject }) => area === 'ports' && !/^(analysis-service|web-service|gateway) /.test(subject),
      );
    assert.deepEqual(
      ports.filter(({ verdict }) => verdict !== 'ok'),
      [],
    );
    assert.ok(ports.length >= 12, `${ports.length}`);
    const health = await attempt([
      ...on(server),
      ...MAKAI,
      'boxes',
      'health',
      '1',
      '--dir',
      folder,
      '--json',
    ]);
    assert.ok(health.stdout.includes(BOXES), health.stdout);
  });

  it('boxes of both families at one broker: an IPv4 address is shown as IPv4', async function () {
    if (!canMakeHosts()) {
      process.stderr.write('    no network namespaces here (root, ip, nft and python3): left out\n');
      return this.skip();
    }
    const workspace = await prepareWorkspace(folder, ['1', '2']);
    hosts = new Hosts();
    const server = hosts.add('d');
    const on = ['ip', 'netns', 'exec', server.name];
    change(workspace, 'triggering-broker', { interface: 'tcp://*:9880', status: '127.0.0.1:9890' });
    await daemons.start('broker', on, ['triggering-broker', workspace.configs['triggering-broker']]);
    for (const [id, address] of [
      ['1', '127.0.0.1'],
      ['2', '[::1]'],
    ])
      await daemons.start(`box ${id}`, on, [
        ...['box', '--first-id', `${id}`, '--keys', workspace.keyDirectory, '--json'],
        ...['--measurements', `tcp://${address}:9880`],
      ]);
    await until('both addresses are shown', async () => {
      const { stdout } = await attempt([...on, ...MAKAI, 'boxes', 'health', '--dir', folder, '--json']);
      const records = stdout.split('\n').filter((line) => line !== '');
      const addresses = records.flatMap((line) =>
        [...line.matchAll(/"address":"([^"]+)"/g)].map(([, a]) => a),
      );
      return addresses.includes('127.0.0.1') && addresses.includes('::1') && !stdout.includes('ffff');
    });
  });

  it('absent: tcp://* is IPv4 alone, and said once', async function () {
    const probe = spawnSync('python3', [
      '-c',
      WITHOUT_IPV6,
      'python3',
      '-c',
      'import socket; socket.socket(socket.AF_INET6)',
    ]);
    if (!/Address family not supported/.test(`${probe.stderr}`)) {
      process.stderr.write(`    the system cannot be kept from IPv6 here (seccomp, python3): left out\n`);
      return this.skip();
    }
    const workspace = await prepareWorkspace(folder, ['1']);
    const { port } = new URL(workspace.endpoints.measurements.replace('tcp:', 'http:'));
    const without = ['python3', '-c', WITHOUT_IPV6];
    change(workspace, 'triggering-broker', { interface: `tcp://*:${port}` });
    change(workspace, 'acquisition-broker', {
      box_pub: workspace.endpoints.commands.replace('127.0.0.1', '*'),
      box_pull: workspace.endpoints.replies.replace('127.0.0.1', '*'),
    });
    for (const kind of ['triggering-broker', 'acquisition-broker'] as const)
      await daemons.start(kind, without, [kind, workspace.configs[kind]]);
    const { measurements, commands, replies } = workspace.endpoints;
    await daemons.start('box', without, [
      ...['box', '--first-id', '1', '--keys', workspace.keyDirectory, '--json'],
      ...['--measurements', measurements, '--commands', commands, '--replies', replies],
    ]);
    const heard = await attempt([
      ...without,
      ...MAKAI,
      ...['listen', '--endpoint', workspace.endpoints.backend, '--count', '2', '--json'],
    ]);
    assert.equal(heard.code, 0, heard.stderr);
    for (const kind of ['triggering-broker', 'acquisition-broker'])
      assert.equal(daemons.logs.get(kind)?.match(/has no IPv6/g)?.length, 1, daemons.logs.get(kind));
    await daemons.stop();
    change(workspace, 'triggering-broker', { interface: `tcp://[::1]:${port}` });
    const refused = await attempt([
      ...without,
      ...MAKAI,
      'triggering-broker',
      workspace.configs['triggering-broker'],
    ]);
    assert.match(refused.stderr, /ENDPOINT_UNAVAILABLE/);
    const check = await attempt([
      ...[...without, ...MAKAI, 'config', 'check', workspace.configs['triggering-broker']],
    ]);
    assert.match(check.stdout, /^warning: interface: tcp:\/\/\[::1\]:\d+ cannot be opened here: /m);
  });
});
