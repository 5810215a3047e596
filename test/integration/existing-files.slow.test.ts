/**
 * Files as the existing programs have them, with the daemons as processes and boxes over CURVE: keys of boxes in the store beside a folder of certificates, the
 * default paths of v2, and the event endpoints of v3 in the file of the triggering service.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Reply, Request, Subscriber } from 'zeromq';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { parseStatusEndpoint } from '../../config/index.js';
import { KINDS, type Kind } from '../../config/kinds.js';
import { readStatus } from '../../daemon/status/client.js';
import { readSecretCertificate } from '../../keys/files.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { makai, RunningProgram } from '../cli/run-process.js';
import { DaemonProcess } from '../faults/daemon-process.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const DAEMONS = ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const;
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;

describe('files of existing programs, with the daemons as processes', function () {
  this.timeout(400_000);
  let folder = '';
  let workspace: Workspace;
  let store: Store | undefined;
  const daemons: DaemonProcess[] = [];
  const boxes: RunningProgram[] = [];
  const sockets: { close(): void }[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-existing-'));
    workspace = await prepareWorkspace(folder, ['1001', '1002']);
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    for (const box of boxes) box.child.kill('SIGKILL');
    await Promise.all(boxes.splice(0).map((box) => box.end()));
    for (const daemon of daemons.splice(0).reverse()) await daemon.stop();
    await store?.close();
    store = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const fieldsOf = (kind: Kind): Record<string, unknown> =>
    JSON.parse(readFileSync(workspace.configs[kind], 'utf8')) as Record<string, unknown>;

  /** @param more fields in place of those of the workspace; undefined takes one away */
  function write(kind: Kind, more: Record<string, unknown>, file = workspace.configs[kind]): void {
    writeFileSync(file, JSON.stringify({ ...fieldsOf(kind), ...more }), { mode: 0o600 });
  }

  /** @param file undefined: the daemon looks for one */
  async function start(kind: Kind, file: string | undefined, prefix: readonly string[] = []): Promise<void> {
    const args = file === undefined ? [kind] : [kind, file];
    const daemon = new DaemonProcess({ name: kind, args, logFile: logFile(kind), prefix });
    daemons.push(daemon);
    await daemon.start();
  }

  const logFile = (kind: Kind): string => join(workspace.logs, `${kind}.log`);
  const logOf = (kind: Kind): string => readFileSync(logFile(kind), 'utf8');

  function startBox(id: number): void {
    const { commands, measurements, replies } = workspace.endpoints;
    const args = ['--first-id', String(id), '--keys', workspace.keyDirectory, '--source', 'quiet', '--json'];
    const endpoints = ['--measurements', measurements, '--commands', commands, '--replies', replies];
    boxes.push(new RunningProgram('cli/main.js', ['box', ...args, ...endpoints]));
  }

  async function untilStored(id: number): Promise<void> {
    store ??= await openStore(workspace.storeUrl, { retention: RETENTION });
    const open = store;
    await until(`measurements of box ${id}`, async () => {
      for await (const _ of open.measurements(String(id), { limit: 1 })) return true;
      return false;
    });
  }

  it('v2: a box whose key is in the store alone, and one whose certificate is in the folder, both get in and are asked', async () => {
    const { keys, storeUrl } = workspace;
    for (const kind of DAEMONS) write(kind, { store: storeUrl });
    const { publicKey } = await readSecretCertificate(keys.boxSecret('1002'));
    rmSync(keys.boxPublic('1002'));
    store = await openStore(storeUrl, { retention: RETENTION });
    for (const [box_id, more] of [
      ['1001', {}],
      ['1002', { public_key: publicKey }],
    ] as const)
      await store.putBox({ box_id, calibration_constant: 100, unplugged: false, ...more });
    for (const kind of DAEMONS) await start(kind, workspace.configs[kind]);
    for (const id of [1001, 1002]) startBox(id);
    for (const id of [1001, 1002]) await untilStored(id);
    const asked = await makai([
      'request',
      '--boxes',
      '1001,1002',
      '--last',
      '1',
      '--wait',
      '60',
      '--dir',
      folder,
    ]);
    assert.equal(asked.code, 0, asked.stderr);
    const doctor = await makai(['doctor', '--dir', folder]);
    assert.doesNotMatch(doctor.stdout, /no source reads/);
  });

  it('v2: a key in the store that no source reads does not get in, and doctor names it', async () => {
    const { keys, storeUrl } = workspace;
    for (const kind of DAEMONS) write(kind, { store: storeUrl, white_list: 'directory' });
    const { publicKey } = await readSecretCertificate(keys.boxSecret('1002'));
    rmSync(keys.boxPublic('1002'));
    store = await openStore(storeUrl, { retention: RETENTION });
    await store.putBox({
      box_id: '1002',
      calibration_constant: 100,
      unplugged: false,
      public_key: publicKey,
    });
    for (const kind of DAEMONS) await start(kind, workspace.configs[kind]);
    startBox(1002);
    const status = parseStatusEndpoint(String(fieldsOf('triggering-broker').status));
    assert.ok(status);
    await until('a refused handshake', async () => {
      const { access } = (await readStatus(status, 60_000)).details as {
        access: { gate: { refused: { unknown: number } } };
      };
      return access.gate.refused.unknown > 0;
    });
    const doctor = await makai(['doctor', '--dir', folder]);
    for (const kind of ['triggering-broker', 'acquisition-broker'])
      assert.match(
        doctor.stdout,
        new RegExp(`keys +${kind}: no source reads the keys in opq_boxes of 1 boxes: 1002\\n`),
      );
  });

  it('v2: the default paths are found when there is no file at ours, and the log says so', async function () {
    const prefix = givenEtc(folder, [
      [workspace.configs['triggering-broker'], 'triggering_broker_config.json'],
      [workspace.configs['acquisition-broker'], 'acquisition_broker_config.json'],
      [workspace.configs['triggering-service'], 'makai.json'],
    ]);
    if (prefix === undefined) {
      process.stderr.write('    no mount namespace (unshare): the default paths are left out\n');
      this.skip();
    }
    for (const kind of DAEMONS) await start(kind, undefined, prefix);
    startBox(1001);
    await untilStored(1001);
    for (const [kind, file] of [
      ['triggering-broker', 'triggering_broker_config.json'],
      ['triggering-service', 'makai.json'],
    ] as const) {
      const log = logOf(kind);
      assert.ok(log.includes(`"source":"/etc/opq/${file}"`), log);
      assert.ok(log.includes(`there is no ${KINDS[kind].paths[0]}`), log);
    }
    assert.doesNotMatch(logOf('acquisition-broker'), /existing installation/);
  });

  it('v3: event endpoints of the service file on tcp://* are open on every interface, with the warning', async function () {
    const outside = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    if (outside === undefined) {
      process.stderr.write('    no interface but loopback: left out\n');
      this.skip();
    }
    const [notices, ids] = [await freePort(), await freePort()];
    const service = { zmq_event_endpoint: `tcp://*:${notices}`, zmq_event_id_endpoint: `tcp://*:${ids}` };
    write('acquisition-broker', { zmq_event_endpoint: undefined, zmq_event_id_endpoint: undefined });
    write('triggering-service', service);
    for (const kind of DAEMONS) await start(kind, workspace.configs[kind]);
    const log = logOf('acquisition-broker');
    for (const [field, endpoint] of Object.entries(service)) {
      const line = log.split('\n').find((text) => text.includes(`"field":"${field}"`)) ?? '';
      assert.ok(line.includes(`${endpoint} is taken from`), log);
      assert.ok(line.includes(basename(workspace.configs['triggering-service'])), line);
      assert.match(line, /whoever reaches this machine can connect/);
    }

    const request = new Request({ linger: 0, receiveTimeout: 60_000 });
    const subscriber = new Subscriber({ linger: 0, receiveTimeout: 120_000 });
    sockets.push(request, subscriber);
    request.connect(`tcp://${outside}:${ids}`);
    await request.send('id');
    assert.match(String((await request.receive())[0]), /^\d+$/);
    subscriber.connect(`tcp://${outside}:${notices}`);
    subscriber.subscribe();
    startBox(1001);
    await untilStored(1001);
    const asked = await makai(['request', '--boxes', '1001', '--last', '1', '--wait', '60', '--dir', folder]);
    assert.equal(asked.code, 0, asked.stderr);
    const [, id] = await subscriber.receive();
    const events: number[] = [];
    if (store !== undefined) for await (const event of store.events()) events.push(event.event_id);
    assert.ok(events.includes(Number(id)), `notice of event ${id}`);
  });

  it('v3: beside a number service that answers, the broker does not start where its file names the endpoint', async () => {
    const other = new Reply({ linger: 0 });
    sockets.push(other);
    const port = await freePort();
    // On every address, as the event service of v3: a bind to one address beside it would succeed.
    await other.bind(`tcp://*:${port}`);
    write('acquisition-broker', { zmq_event_id_endpoint: `tcp://127.0.0.1:${port}` });
    const outcome = await makai(['acquisition-broker', workspace.configs['acquisition-broker']]);
    assert.equal(outcome.code, 1);
    const said = `${outcome.stdout}${outcome.stderr}`;
    assert.match(said, /ENDPOINT_IN_USE/);
    assert.ok(said.includes(`zmq_event_id_endpoint: another program answers at 127.0.0.1:${port}`), said);
    assert.match(said, /event service of v3: stop it/);
    const doctor = await makai(['doctor', '--dir', folder]);
    assert.match(doctor.stdout, new RegExp(`WRONG +ports +.*${port}`));
  });

  it('v3: a service file that cannot be read does not stop the broker; the log says what is not opened', async () => {
    write('acquisition-broker', { zmq_event_endpoint: undefined, zmq_event_id_endpoint: undefined });
    writeFileSync(workspace.configs['triggering-service'], '{ "zmq_event_endpoint": ', { mode: 0o600 });
    await start('acquisition-broker', workspace.configs['acquisition-broker']);
    assert.match(logOf('acquisition-broker'), /makai\.conf is not valid JSON: line 1.*is not opened/);
  });
});

/**
 * A command that runs another one with an /etc of its own, which has these files in /etc/opq and what Node looks for; the machine's /etc is not touched.
 * @returns undefined where the system does not let us
 */
function givenEtc(folder: string, files: readonly (readonly [string, string])[]): string[] | undefined {
  const etc = join(folder, 'etc');
  mkdirSync(join(etc, 'opq'), { recursive: true });
  for (const name of ['passwd', 'group', 'hosts', 'nsswitch.conf', 'localtime', 'ld.so.cache'])
    if (existsSync(join('/etc', name))) copyFileSync(join('/etc', name), join(etc, name));
  for (const [file, name] of files) copyFileSync(file, join(etc, 'opq', name));
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const prefix = ['unshare', ...user, '--mount', 'sh', '-c', 'mount --bind "$0" /etc && exec "$@"', etc];
  const [program = '', ...args] = prefix;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0 ? prefix : undefined;
}
