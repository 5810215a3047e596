/** `makai doctor`: files that the user of the daemons cannot use, certificates, and ports of other programs. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import type { Diagnosis } from '../../cli/doctor/diagnosis.js';
import { diagnose } from '../../cli/doctor/index.js';
import { listensOn } from '../../cli/doctor/listeners.js';
import { obstacle, serviceUser, type User } from '../../cli/doctor/user.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { silentLogger } from '../../common/log.js';
import { Metrics } from '../../common/metrics/metrics.js';
import type { Kind } from '../../config/kinds.js';
import { parseEndpoint, parseStatusEndpoint } from '../../config/types.js';
import { startStatusServer } from '../../daemon/status/server.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { revokeBox } from '../../keys/manage.js';
import { openStore } from '../../store/open.js';

const OPQ: User = { name: 'opq', ids: { uid: 47_110, gids: [47_111] } };

describe('cli/doctor: rights, certificates, ports', () => {
  let folder = '';
  let workspace: Workspace;
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-rights-'));
    workspace = await prepareWorkspace(folder, ['1001', '1002']);
    const host = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
    for (const file of Object.values(workspace.configs))
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('127.0.0.1', host));
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
    rmSync(folder, { recursive: true });
  });

  const isRoot = process.getuid?.() === 0;

  function read(kind: Kind): Record<string, unknown> {
    return JSON.parse(readFileSync(workspace.configs[kind], 'utf8')) as Record<string, unknown>;
  }

  function change(kind: Kind, fields: Record<string, unknown>): void {
    writeFileSync(workspace.configs[kind], JSON.stringify({ ...read(kind), ...fields }), { mode: 0o600 });
  }

  /** Findings about keys and rights that are not ok: verdict, file name and message. */
  async function findings(user?: User): Promise<string[]> {
    const found = (await diagnose(folder, user)).filter(
      ({ area, verdict }) => (area === 'keys' || area === 'permissions') && verdict !== 'ok',
    );
    for (const { todo } of found) assert.ok(todo, 'each says what to do');
    return found.map(({ message, subject, verdict }) => `${verdict} ${basename(subject)}: ${message}`);
  }

  function give(uid: number, gid: number, path = folder): void {
    chownSync(path, uid, gid);
    for (const entry of readdirSync(path, { recursive: true }))
      chownSync(join(path, entry.toString()), uid, gid);
  }

  it('run by root, checks rights for the user of the service', async function () {
    if (!isRoot) this.skip();
    const secret = workspace.keys.serverSecret;
    await (
      await openStore(workspace.storeUrl, { retention: { mode: 'ttl', measurementsSeconds: 60 } })
    ).close();
    assert.ok(
      (await findings(OPQ)).includes(
        `wrong opqserver_secret: opq may not enter ${folder} (mode 0700, owner 0:0)`,
      ),
    );
    give(47_110, 47_111);
    assert.deepEqual(await findings(OPQ), []);
    // A forgotten chown after `sudo makai keys new-server`, `sudo makai store init`, or an editor run by root.
    const database = readdirSync(folder).find((name) => name.endsWith('.db')) ?? '';
    for (const [path, message] of [
      [secret, 'wrong opqserver_secret: opq may not read it (mode 0600, owner 0:0)'],
      [join(folder, database), `wrong ${database}: opq may not write it (mode 0600, owner 0:0)`],
      [workspace.configs['triggering-broker'], 'opq may not read it (mode 0600, owner 0:0)'],
      [workspace.keys.boxPublic('1001'), 'wrong opqbox1001: opq may not read it (mode 0600, owner 0:0)'],
    ] as const) {
      chownSync(path, 0, 0);
      chmodSync(path, 0o600);
      const [only, ...more] = await findings(OPQ);
      assert.ok(only?.endsWith(message), only);
      assert.deepEqual(more, []);
      // Change the owner of all files: beside a database of root, SQLite creates files that belong to root too.
      give(47_110, 47_111);
    }
    give(0, 47_111);
    chmodSync(folder, 0o710);
    chmodSync(join(folder, database), 0o640);
    assert.equal(await obstacle(join(folder, database), 'read', OPQ), undefined, 'by the group');
    assert.match((await obstacle(join(folder, database), 'write', OPQ)) ?? '', /mode 0640, owner 0:47111/);
    assert.match((await obstacle(folder, 'write', OPQ)) ?? '', /opq may not write it/);
  });

  it('checks rights for the user that runs it, unless that is root; and for a folder of `makai up`', async () => {
    assert.deepEqual(await serviceUser(folder), { name: userInfo().username, ids: undefined });
    assert.equal(await obstacle(folder, 'write', await serviceUser(folder)), undefined);
    assert.equal(
      await obstacle(join(folder, 'none'), 'read', OPQ),
      undefined,
      'a missing file is not a question of rights',
    );
  });

  it('a dangling link and files that are not certificates are reported and stop nothing', async () => {
    const { publicDirectory, revokedDirectory } = workspace.keys;
    symlinkSync(join(folder, 'nowhere'), join(publicDirectory, 'a-link'));
    symlinkSync('loop', join(publicDirectory, 'loop'));
    writeFileSync(join(publicDirectory, 'long'), 'x'.repeat(70_000));
    writeFileSync(join(publicDirectory, 'text'), 'hello');
    mkdirSync(revokedDirectory, { recursive: true });
    writeFileSync(join(revokedDirectory, 'damaged'), 'public-key = "too short"');
    const found = await findings();
    assert.deepEqual(
      found.map((line) => line.replace(/(?<=certificate: ).*/, '…')),
      [
        'note a-link: cannot be read: ENOENT',
        'note long: is too long for a certificate',
        'note loop: cannot be read: ELOOP',
        'note text: is not a certificate: …',
        'wrong damaged: is not a certificate: …',
      ],
    );
  });

  it('a revoked key is not counted among those that may connect', async () => {
    const certificate = readFileSync(workspace.keys.boxPublic('1002'), 'utf8');
    await revokeBox(workspace.keys, '1002');
    assert.deepEqual(await findings(), []);
    writeFileSync(workspace.keys.boxPublic('1002'), certificate);
    assert.deepEqual(await findings(), ['note opqbox1002: its key is revoked']);
    const found = await diagnose(folder);
    assert.ok(found.some(({ message }) => message === '1 box may connect'));
    for (const kind of ['triggering-broker', 'acquisition-broker'] as const)
      change(kind, { allow_any_client: true });
    assert.ok(
      (await findings()).includes('note opqbox1002: its key is revoked'),
      'also where everyone may connect',
    );
  });

  it('the next key pair of the server, and the key pairs of the backend', async () => {
    const path = (name: string): string => join(folder, name);
    change('triggering-broker', { server_cert_next: path('next'), interface_next: 'tcp://127.0.0.1:*' });
    assert.match(
      (await findings()).join(),
      /^note next: there is no next key: the endpoints for it carry the present/,
    );
    change('triggering-broker', { server_cert_next: undefined, interface_next: undefined });

    const [server, other, service] = [newKeyPair(), newKeyPair(), newKeyPair()];
    await writeSecretCertificate(path('backend_secret'), { boxId: undefined, ...server });
    await writePublicCertificate(path('other.key'), { boxId: undefined, publicKey: other.publicKey });
    await writePublicCertificate(path('backend.key'), { boxId: undefined, publicKey: server.publicKey });
    await writeSecretCertificate(path('service_secret'), { boxId: undefined, ...service });
    const curve = { server_cert: path('backend_secret'), client_certs: path('services') };
    for (const kind of ['triggering-broker', 'acquisition-broker'] as const)
      change(kind, { backend_curve: curve });
    assert.deepEqual(
      (await findings()).map((line) => line.slice(0, 70)),
      [
        'wrong services: cannot be read: ENOENT: no such file or directory, sca',
        'note backend_curve: 2 of 2 brokers have it, the triggering service doe',
        'note backend_curve: 2 of 2 brokers have it, the analysis service does ',
        'note backend_curve: 2 of 2 brokers have it, the web service does not h',
        'note backend_curve: 2 of 2 brokers have it, the gateway does not have ',
      ],
    );
    await writePublicCertificate(join(path('services'), 'one'), { boxId: undefined, ...service });
    const services = ['triggering-service', 'analysis-service', 'web-service', 'gateway'] as const;
    const setKey = (name: string): void => {
      for (const kind of services)
        change(kind, { backend_curve: { server_key: path(name), cert: path('service_secret') } });
    };
    setKey('other.key');
    assert.deepEqual(await findings(), ["wrong other.key: is not the key of the brokers' backend"]);
    setKey('backend.key');
    assert.deepEqual(await findings(), []);
    const sound = await diagnose(folder);
    assert.ok(sound.some(({ message }) => message === '1 service may connect'));
    chmodSync(path('service_secret'), 0o644);
    assert.match((await findings()).join(), /^wrong service_secret: .*mode 0644/);
  });

  it('a port of another program does not count as open by the running daemon', async function () {
    if (process.platform !== 'linux') this.skip();
    const { interface: boxes, status } = read('triggering-broker') as Record<string, string>;
    const endpoint = parseEndpoint(boxes ?? '');
    const script = `require('net').createServer().listen(${endpoint?.port}, '${endpoint?.host}', () => console.log('listening'))`;
    const stranger = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanups.push(async () => {
      stranger.kill();
      await once(stranger, 'exit');
    });
    await once(stranger.stdout, 'data');
    const server = await startStatusServer({
      address: parseStatusEndpoint(status ?? ''),
      isNamed: true,
      metrics: new Metrics('triggering-broker', '1.0.0'),
      daemon: 'triggering-broker',
      version: '1.0.0',
      details: () => ({}),
      log: silentLogger(),
    });
    cleanups.push(() => server.stop());
    const found = (await diagnose(folder)).filter(({ area }) => area === 'ports');
    const one = (field: string): Diagnosis | undefined =>
      found.find(({ subject }) => subject.startsWith(`triggering-broker ${field} `));
    assert.equal(one('interface')?.message, 'another program uses the port');
    assert.equal(one('status')?.message, `open by the running daemon (pid ${process.pid})`);
    assert.equal(await listensOn(stranger.pid ?? 0, endpoint?.port ?? 0), true);
    assert.equal(await listensOn(2 ** 30, endpoint?.port ?? 0), undefined, 'no such process');
  });
});
