/** A rotation of the server's key, step by step as docs/security.md has it, with all daemons killed and started again between any two steps. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose } from '../../cli/doctor/index.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import type { Kind } from '../../config/kinds.js';
import { makai, Programs, type RunningProgram } from '../cli/run-process.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const BROKERS = ['triggering-broker', 'acquisition-broker'] as const;
const DAEMONS = [...BROKERS, 'triggering-service'] as const;

interface Endpoints {
  measurements: string;
  commands: string;
  replies: string;
}

describe('integration: the key of the server is changed', function () {
  this.timeout(400_000);
  const programs = new Programs();
  const daemons = new Map<Kind, RunningProgram>();
  let folder = '';
  let workspace: Workspace;
  let next: Endpoints;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-rotation-'));
    workspace = await prepareWorkspace(folder, ['1', '2']);
    const at = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`;
    next = { measurements: await at(), commands: await at(), replies: await at() };
  });
  afterEach(async () => {
    await programs.kill();
    daemons.clear();
    await rm(folder, { recursive: true, force: true });
  });

  async function reboot(): Promise<void> {
    for (const daemon of daemons.values()) daemon.child.kill('SIGKILL');
    for (const daemon of daemons.values()) await daemon.end();
    for (const kind of DAEMONS) {
      const daemon = programs.start(kind, workspace.configs[kind]);
      assert.match((await daemon.line()) ?? `${kind}: ${(await daemon.end()).stderr}`, /"ready"/);
      daemons.set(kind, daemon);
    }
  }

  function box(id: 1 | 2, { commands, measurements, replies }: Endpoints, serverKey: string): RunningProgram {
    return programs.start(
      ...[
        'box',
        '--first-id',
        `${id}`,
        '--keys',
        workspace.keyDirectory,
        '--server-key',
        serverKey,
        '--json',
      ],
      ...['--measurements', measurements, '--commands', commands, '--replies', replies],
    );
  }

  function set(kind: (typeof BROKERS)[number], settings: Record<string, string | undefined>): void {
    const file = workspace.configs[kind];
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, ...settings }), { mode: 0o600 });
  }

  /** Both boxes, or those named, are heard now. */
  async function heard(...ids: string[]): Promise<void> {
    const { code, stderr } = await makai([
      ...[
        'listen',
        '--endpoint',
        workspace.endpoints.backend,
        '--boxes',
        ids[0] ?? '',
        '--count',
        '1',
        '--json',
      ],
    ]);
    assert.equal(code, 0, stderr);
    if (ids.length > 1) await heard(...ids.slice(1));
  }

  const rotate = (...options: string[]) =>
    makai(['keys', 'rotate-server', '--dir', workspace.keyDirectory, ...options]);
  const wrongKeys = async (): Promise<string[]> =>
    (await diagnose(folder))
      .filter(({ area, verdict }) => area === 'keys' && verdict === 'wrong')
      .map(({ message }) => message);

  it('between any two steps the daemons start, and boxes with the right key are let in', async () => {
    const { keys } = workspace;
    const oldPublic = join(folder, 'old.key');
    const newPublic = join(folder, 'new.key');
    writeFileSync(oldPublic, readFileSync(keys.serverPublic));
    // The settings first: there is no next key yet, and its endpoints carry the present one.
    set('triggering-broker', { server_cert_next: keys.nextServerSecret, interface_next: next.measurements });
    set('acquisition-broker', {
      ...{
        server_cert_next: keys.nextServerSecret,
        box_pub_next: next.commands,
        box_pull_next: next.replies,
      },
    });
    await reboot();
    box(1, workspace.endpoints, oldPublic);
    let second = box(2, workspace.endpoints, oldPublic);
    await heard('1', '2');

    assert.equal((await rotate()).code, 0);
    writeFileSync(newPublic, readFileSync(keys.nextServerPublic));
    await reboot();
    await heard('1', '2');

    second.child.kill('SIGKILL');
    await second.end();
    second = box(2, next, newPublic);
    await heard('1', '2');
    await reboot();
    await heard('1', '2');

    const asked = await rotate('--finish');
    assert.equal(asked.code, 2, asked.stdout);
    assert.match(asked.stderr, /^moved to the next key: 1 boxes$/m);
    assert.match(asked.stderr, /^not moved, kept out from now on until they have the next key: 1$/m);
    assert.deepEqual(await wrongKeys(), []);

    const finished = await rotate('--finish', '--yes');
    assert.equal(finished.code, 0, finished.stderr);
    // Running brokers take it over, and the box that has moved stays.
    await until('the new key is in force', async () => (await wrongKeys()).length === 0);
    await heard('2');
    await until('the box that has not moved is told apart', async () =>
      (await diagnose(folder)).some(({ message }) => message.includes('another server key than ours')),
    );
    await reboot();
    await heard('2');

    const gone = { server_cert_next: undefined };
    set('triggering-broker', { ...gone, interface: next.measurements, interface_next: undefined });
    set('acquisition-broker', {
      ...{ ...gone, box_pub: next.commands, box_pull: next.replies },
      ...{ box_pub_next: undefined, box_pull_next: undefined },
    });
    await reboot();
    await heard('2');
    await rm(`${keys.serverSecret}.previous`);
    await reboot();
    await heard('2');
  });

  it('a stolen key: the new one is in force within seconds, the old one no longer', async () => {
    const { keys } = workspace;
    const oldPublic = join(folder, 'old.key');
    writeFileSync(oldPublic, readFileSync(keys.serverPublic));
    await reboot();
    box(1, workspace.endpoints, oldPublic);
    await heard('1');
    assert.equal((await rotate()).code, 0);
    const asked = await rotate('--finish');
    assert.match(asked.stderr, /not moved, .*: 1$/m);
    assert.match(asked.stderr, /^not seen since the brokers started: 2$/m);
    assert.equal((await rotate('--finish', '--yes')).code, 0);
    box(2, workspace.endpoints, keys.serverPublic);
    await heard('2');
    const connected = async (): Promise<number> => {
      const { stdout } = await makai(['status', '--dir', folder, '--json']);
      const broker = JSON.parse(stdout.split('\n')[0] ?? '') as { details: { boxes: { connected: number } } };
      return broker.details.boxes.connected;
    };
    assert.equal(await connected(), 1);
    await until('both brokers have the new key', async () => (await wrongKeys()).length === 0);
  });

  it('a key file that a broker cannot take over is named by doctor', async () => {
    await reboot();
    writeFileSync(workspace.keys.serverSecret, 'nonsense', { mode: 0o600 });
    await until('doctor names both brokers', async () => {
      const found = await diagnose(folder);
      const subjects = found
        .filter(({ message }) => message.includes('was not taken over'))
        .map(({ subject }) => subject);
      return new Set(subjects).size === 2;
    });
  });
});
