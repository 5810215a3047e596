/** `makai keys` and `makai triggering-broker` as an operator uses them: as processes. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Subscriber, XPublisher } from 'zeromq';
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
    assert.match(await done('rotate-server', '--finish'), /present key pair/);
    assert.equal((await run('rotate-server', '--finish', '--abort')).code, 2);
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

  it('says which broker does not reply', async () => {
    const { code, stderr } = await run('pending', '--status', '127.0.0.1:1');
    assert.equal(code, 1);
    assert.match(stderr, /no reply: 127\.0\.0\.1:1/);
  });
});
