/** `makai keys` and `makai triggering-broker` as an operator uses them: as processes. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Subscriber, XPublisher } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { Metrics } from '../../common/metrics/metrics.js';
import { startStatusServer } from '../../daemon/status/server.js';
import { readPublicCertificate, readSecretCertificate } from '../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import type { RefusedKey } from '../../keys/refusals.js';
import { openStore } from '../../store/open.js';
import { temporaryKeys, until } from '../keys/helpers.js';
import { makai, RunningProgram } from './run-process.js';

describe('cli/keys', function () {
  this.timeout(400_000);
  let keys: Awaited<ReturnType<typeof temporaryKeys>>;
  const programs: RunningProgram[] = [];
  const sockets: { close(): void }[] = [];

  beforeEach(async () => {
    keys = await temporaryKeys();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    for (const program of programs.splice(0)) {
      program.child.kill('SIGKILL');
      await program.end();
    }
    await keys.remove();
  });

  const run = async (...args: string[]) => makai(['keys', ...args, '--dir', keys.directory]);
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };

  /** Starts the broker on free ports. @returns its endpoints */
  async function broker(fields: Record<string, unknown> = {}) {
    const config = join(keys.directory, 'triggering_broker.json');
    await writeFile(
      config,
      JSON.stringify({
        client_certs: keys.layout.publicDirectory,
        server_cert: keys.layout.serverSecret,
        interface: 'tcp://127.0.0.1:*',
        backend: 'tcp://127.0.0.1:*',
        status: '127.0.0.1:0',
        ...fields,
      }),
    );
    const program = new RunningProgram('cli/main.js', ['triggering-broker', config]);
    programs.push(program);
    const line: unknown = JSON.parse((await program.line()) ?? 'null');
    if (line === null) assert.fail((await program.end()).stderr);
    assert.ok(typeof line === 'object' && 'endpoints' in line);
    return { program, endpoints: line.endpoints as Record<'interface' | 'backend' | 'status', string> };
  }

  async function box(pair: KeyPair, endpoint: string): Promise<XPublisher> {
    const { publicKey } = await readPublicCertificate(keys.layout.serverPublic);
    const socket = new XPublisher({ linger: 0, handshakeInterval: 300, reconnectInterval: 50 });
    sockets.push(socket);
    socket.curveServerKey = publicKey;
    socket.curvePublicKey = pair.publicKey;
    socket.curveSecretKey = pair.secretKey.reveal();
    socket.connect(endpoint);
    return socket;
  }

  function subscriber(endpoint: string): Subscriber {
    const socket = new Subscriber({ linger: 0 });
    sockets.push(socket);
    socket.subscribe('');
    socket.connect(endpoint);
    return socket;
  }

  const pending = async (status: string): Promise<RefusedKey[]> =>
    (await done('pending', '--json', '--status', status))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RefusedKey);

  it('writes who changed the keys of a box into the audit log; what keeps it from that is said, and the keys are changed', async () => {
    const file = join(keys.directory, 'makai.db');
    const store = ['--store', `sqlite:${file}`];
    const { code, stderr } = await run('new-box', '1', ...store);
    assert.equal(code, 0);
    assert.match(stderr, /^not in the audit log: there is no store at .*makai\.db$/m);
    const opened = await openStore(`sqlite:${file}`, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      thread: 'inline',
      upgrade: true,
    });
    try {
      await done('new-server');
      let { publicKey } = newKeyPair();
      while (publicKey.startsWith('-')) ({ publicKey } = newKeyPair());
      await done('new-box', '2-3', ...store);
      await done('accept', '--replace', publicKey, '2', ...store);
      await done('revoke', '2', ...store);
      // Without a store that belongs to the folder there is no log.
      assert.equal((await run('new-box', '4')).stderr, '');
      const entries = await opened.audit({ limit: 10 });
      assert.deepEqual(
        entries.map(({ command, subject }) => `${command}: ${subject}`),
        ['keys new-box: boxes 2-3', 'keys accept: box 2', 'keys revoke: box 2'],
      );
      assert.deepEqual(entries[1]?.after, { allowed_keys: [publicKey] });
      assert.deepEqual(entries[2]?.before, { allowed_keys: [publicKey], revoked_keys: [] });
      assert.deepEqual(entries[2]?.after, { allowed_keys: [], revoked_keys: [publicKey] });
      assert.ok((entries[0]?.user ?? '').length > 0);
    } finally {
      await opened.close();
    }
  });

  it('makes keys, lists them, prints no secret, and reports mistakes', async () => {
    let said = await done('new-server');
    said += await done('new-box', '1001');
    said += await done('list');
    const listed = (await done('list', '--json'))
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    assert.deepEqual(listed[1], {
      box_id: '1001',
      state: 'allowed',
      public_key: (await readPublicCertificate(keys.layout.boxPublic('1001'))).publicKey,
      file: keys.layout.boxPublic('1001'),
      secret_file: keys.layout.boxSecret('1001'),
    });
    const { secretKey } = await readSecretCertificate(keys.layout.boxSecret('1001'));
    const again = await run('new-box', '1001');
    assert.equal(again.code, 1);
    assert.match(again.stderr, /\[KEY_FILE_IO\].*exists already/);
    const wrong = await run('accept', secretKey.reveal().replace(/^-/, 'a'), '5');
    assert.equal(wrong.code, 1);
    assert.ok(!`${said}${again.stderr}${JSON.stringify(listed)}`.includes(secretKey.reveal()));
    said = await done('rotate-server');
    assert.match(said, /server_cert_next/);
    assert.match(await done('rotate-server', '--finish', '--yes'), /present key pair/);
    assert.equal((await run('rotate-server', '--finish', '--abort')).code, 2);
  });

  it('makes the keys of a range, and leaves those of boxes that have some', async () => {
    await done('new-server');
    await done('new-box', '1003');
    const before = (await readPublicCertificate(keys.layout.boxPublic('1003'))).publicKey;
    const { code, stderr, stdout } = await run('new-box', '1001-1005');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^4 boxes of 1001 to 1005 may connect\n/);
    assert.match(stderr, /left as they are, since they have keys: 1003/);
    assert.equal((await readPublicCertificate(keys.layout.boxPublic('1003'))).publicKey, before);
    const listed = (await done('list', '--json')).trim().split('\n');
    assert.equal(listed.length, 6, 'five boxes and the server');
    for (const wrong of ['1005-1001', '1-20000']) assert.equal((await run('new-box', wrong)).code, 2, wrong);
    assert.equal((await run('new-box', '4294967290-4294967299')).code, 1);
    assert.equal((await done('list', '--json')).trim().split('\n').length, 6);
  });

  it('a key that begins with a dash can be accepted', async () => {
    let { publicKey } = newKeyPair();
    while (!publicKey.startsWith('-')) ({ publicKey } = newKeyPair());
    const { code, stderr } = await makai(['keys', 'accept', '--dir', keys.directory, '--', publicKey, '3']);
    assert.equal(code, 0, stderr);
    assert.equal((await readPublicCertificate(keys.layout.boxPublic('3'))).publicKey, publicKey);
  });

  it('a box that knocks is pending, is accepted, sends, is revoked, is cut off; SIGTERM ends the broker with 0', async () => {
    await done('new-server');
    await done('new-box', '1001');
    const { endpoints, program } = await broker();
    assert.deepEqual(await pending(endpoints.status), []);

    const stranger = newKeyPair();
    const socket = await box(stranger, endpoints.interface);
    const sub = subscriber(endpoints.backend);
    await until(async () => (await pending(endpoints.status)).length > 0);
    const [refused] = await pending(endpoints.status);
    assert.equal(refused?.public_key, stranger.publicKey);
    assert.equal(refused?.address, '127.0.0.1');

    const accepted = await makai(['keys', 'accept', '--dir', keys.directory, '--', stranger.publicKey, '77']);
    assert.equal(accepted.code, 0, accepted.stderr);
    await socket.receive();
    await socket.send(['77', 'measurement']);
    assert.deepEqual((await sub.receive()).map(String), ['77', 'measurement']);
    assert.deepEqual(await pending(endpoints.status), []);

    await done('revoke', '77');
    await until(async () => (await pending(endpoints.status)).some(({ reason }) => reason === 'revoked'));

    program.child.kill('SIGTERM');
    const { code, stderr } = await program.end();
    assert.equal(code, 0, stderr);
    for (const line of stderr.trim().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line);
  });

  it('ends with 0 also while a box sends and a subscriber does not read', async () => {
    await done('new-server');
    await done('new-box', '1001');
    const { endpoints, program } = await broker();
    subscriber(endpoints.backend);
    const socket = await box(await readSecretCertificate(keys.layout.boxSecret('1001')), endpoints.interface);
    await socket.receive();
    const payload = Buffer.alloc(60_000);
    for (let sent = 0; sent < 2000; sent += 1) await socket.send(['1001', payload]);
    program.child.kill('SIGTERM');
    assert.equal((await program.end()).code, 0);
  });

  it('takes its allow-list from a store, which need not be there yet', async () => {
    await done('new-server');
    const pair = newKeyPair();
    const url = `sqlite:${join(keys.directory, 'late', 'makai.db')}`;
    const { endpoints } = await broker({ client_certs: undefined, white_list: 'store', store: url });
    const sub = subscriber(endpoints.backend);
    const socket = await box(pair, endpoints.interface);
    await until(async () => (await pending(endpoints.status)).length > 0);
    await mkdir(join(keys.directory, 'late'));
    const store = await openStore(url, { retention: { mode: 'ttl', measurementsSeconds: 60 } });
    await store.putBox({
      box_id: '5',
      calibration_constant: 1,
      unplugged: false,
      public_key: pair.publicKey,
    });
    await store.close();
    await socket.receive();
    await socket.send(['5', 'x']);
    assert.equal(String((await sub.receive())[0]), '5');
  });

  it('list names boxes that send although their records say that they are not in use, as the running service sees it', async () => {
    for (const id of ['1001', '1002']) await done('new-box', id);
    const finding = { code: 'UNPLUGGED_BUT_SENDING', since_ms: Date.now(), info: 'it sends' };
    const server = await startStatusServer({
      ...{
        daemon: 'triggering-service',
        version: '0',
        address: { host: '127.0.0.1', port: 0 },
        isNamed: true,
      },
      metrics: new Metrics('triggering-service', '0'),
      details: () => ({}),
      boxHealth: async () => [
        { box_id: '1002', findings: [finding] },
        // Of another folder's keys.
        { box_id: '4711', findings: [finding] },
      ],
      log: silentLogger(),
    });
    try {
      const env = { MAKAI_SETTINGS: JSON.stringify({ status: server.address }) };
      const { code, stderr, stdout } = await makai(['keys', 'list', '--dir', keys.directory], env);
      assert.equal(code, 0);
      assert.match(stderr, /^box 1002: UNPLUGGED_BUT_SENDING: it sends; .+\n$/);
      assert.ok(!stdout.includes('UNPLUGGED'));
    } finally {
      await server.stop();
    }
  });

  it('says which broker does not reply', async () => {
    const { code, stderr } = await run('pending', '--status', '127.0.0.1:1');
    assert.equal(code, 1);
    assert.match(stderr, /no reply: 127\.0\.0\.1:1/);
  });
});
