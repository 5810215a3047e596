import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Publisher, Subscriber, XPublisher } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { parseSettings, parseStatusEndpoint } from '../../config/index.js';
import { readMetrics, readStatus } from '../../daemon/status/client.js';
import { readPublicCertificate, readSecretCertificate, writePublicCertificate } from '../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { acceptKey, newBox, newServer, revokeBox } from '../../keys/manage.js';
import { prepareRotation } from '../../keys/rotation.js';
import { startTriggeringBroker, type TriggeringBroker } from '../../triggering-broker/index.js';
import { RunningProgram } from '../cli/run-process.js';
import { readableLog, temporaryKeys, until } from '../keys/helpers.js';

const GOLDEN = join(PACKAGE_ROOT, '../shared/data/golden');
const MEASUREMENT = ['1001', Buffer.from('0badcafe', 'hex')];

describe('triggering-broker', () => {
  let keys: Awaited<ReturnType<typeof temporaryKeys>>;
  let serverKey = '';
  const sockets: { close(): void }[] = [];
  const brokers: TriggeringBroker[] = [];

  beforeEach(async () => {
    keys = await temporaryKeys();
    await newServer(keys.layout);
    serverKey = (await readPublicCertificate(keys.layout.serverPublic)).publicKey;
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    for (const broker of brokers.splice(0)) await broker.stop();
    await keys.remove();
  });

  async function start(fields: Record<string, unknown> = {}, deps = {}): Promise<TriggeringBroker> {
    const config = parseSettings('triggering-broker', {
      client_certs: keys.layout.publicDirectory,
      server_cert: keys.layout.serverSecret,
      interface: 'tcp://127.0.0.1:*',
      backend: 'tcp://127.0.0.1:*',
      status: 'off',
      ...fields,
    });
    const broker = await startTriggeringBroker(config, { log: silentLogger(), ...deps });
    brokers.push(broker);
    return broker;
  }

  /** An XPUB in place of a box's PUB: it can be asked when the subscription has come. */
  function box(pair: KeyPair, endpoint: string | undefined, key = serverKey): XPublisher {
    const socket = new XPublisher({ linger: 0, handshakeInterval: 300, reconnectInterval: 50 });
    sockets.push(socket);
    // Also a subscription that it has had: the sign that it has shaken hands again.
    socket.verbosity = 'allSubs';
    socket.curveServerKey = key;
    socket.curvePublicKey = pair.publicKey;
    socket.curveSecretKey = pair.secretKey.reveal();
    socket.connect(endpoint ?? '');
    return socket;
  }

  function subscriber(broker: TriggeringBroker, topic = ''): Subscriber {
    const socket = new Subscriber({ linger: 0, reconnectInterval: 50 });
    sockets.push(socket);
    socket.subscribe(topic);
    socket.connect(broker.endpoints.backend ?? '');
    return socket;
  }

  async function boxPair(id: string): Promise<KeyPair> {
    const { secretFile } = await newBox(keys.layout, id);
    return readSecretCertificate(secretFile);
  }

  const subscribed = async (socket: XPublisher): Promise<string> => String((await socket.receive())[0]);

  for (const [generation, names] of [
    [
      'v2',
      ['trigger_message_sequence', 'trigger_message', 'trigger_message_dead_input', 'trigger_message_gps'],
    ],
    ['v3', ['measurement', 'measurement_rate10', 'measurement_rms_only', 'measurement_warmup']],
  ] as const) {
    it(`carries the ${generation} boxes' own stream byte for byte`, async function () {
      const files = names.map((name) => join(GOLDEN, generation, `${name}.json`));
      if (!files.every((file) => existsSync(file))) {
        // biome-ignore lint/suspicious/noConsole: says why the test is skipped
        console.log(`      skipped: no golden frames in ${GOLDEN}`);
        this.skip();
      }
      const pair = await boxPair('1001');
      const broker = await start();
      const sub = subscriber(broker);
      const publisher = box(pair, broker.endpoints.interface);
      assert.equal(await subscribed(publisher), '\u0001');
      for (const file of files) {
        const frames = framesOf(file);
        for (let at = 0; at < frames.length; at += 2) {
          await publisher.send(frames.slice(at, at + 2));
          assert.deepEqual(await sub.receive(), frames.slice(at, at + 2));
        }
      }
    });
  }

  it('carries any number of frames, and only what is subscribed to', async () => {
    const pair = await boxPair('1001');
    const broker = await start();
    const sub = subscriber(broker, '10');
    const publisher = box(pair, broker.endpoints.interface);
    assert.equal(await subscribed(publisher), '\u000110');
    for (const frames of [['10'], ['10', 'a', ''], Array.from({ length: 500 }, () => '10')]) {
      await publisher.send(['20', 'not subscribed to']);
      await publisher.send(frames);
      assert.deepEqual((await sub.receive()).map(String), frames);
    }
  });

  it('lets a box in that is accepted while it knocks, and counts', async () => {
    const broker = await start();
    const pair = newKeyPair();
    const sub = subscriber(broker);
    const publisher = box(pair, broker.endpoints.interface);
    await until(() => broker.status().access.gate.pending.length === 1);
    const { access, boxes } = broker.status();
    assert.equal(access.gate.pending[0]?.public_key, pair.publicKey);
    assert.equal(boxes.connected, 0);
    await acceptKey(keys.layout, pair.publicKey, '1001');
    await subscribed(publisher);
    await publisher.send(MEASUREMENT);
    assert.equal(String((await sub.receive())[0]), '1001');
    const status = broker.status();
    assert.equal(status.boxes.connected, 1);
    assert.equal(status.subscribers.connected, 1);
    assert.deepEqual(status.access.gate.pending, []);
    assert.ok((status.boxes.failed.allow_list ?? 0) >= 1);
  });

  it('keeps strangers out and goes on: no key, wrong server key, no ZeroMQ, revoked', async () => {
    const pair = await boxPair('1001');
    const revoked = await boxPair('7');
    await revokeBox(keys.layout, '7');
    const broker = await start();
    const { failed } = broker.status().boxes;
    assert.deepEqual(failed, {});
    const plain = new Publisher({ linger: 0 });
    sockets.push(plain);
    plain.connect(broker.endpoints.interface ?? '');
    box(pair, broker.endpoints.interface, newKeyPair().publicKey);
    box(revoked, broker.endpoints.interface);
    const port = Number(broker.endpoints.interface?.split(':').at(-1));
    const raw = connect(port, '127.0.0.1').on('error', () => undefined);
    raw.write('GET / HTTP/1.1\r\n\r\n'.repeat(10));
    const reasons = ['no_curve', 'wrong_server_key', 'allow_list', 'not_zeromq'] as const;
    await until(() => reasons.every((reason) => (broker.status().boxes.failed[reason] ?? 0) > 0));
    assert.ok(broker.status().access.gate.refused.revoked > 0);
    raw.destroy();
    const sub = subscriber(broker);
    const publisher = box(pair, broker.endpoints.interface);
    await subscribed(publisher);
    await publisher.send(MEASUREMENT);
    await sub.receive();
  });

  it('disconnects a box that sends a frame that is too long, and goes on', async () => {
    const [good, bad] = [await boxPair('1001'), await boxPair('7')];
    const broker = await start({ limits: { message_bytes: 2048 } });
    const sub = subscriber(broker);
    const [publisher, flooder] = [
      box(good, broker.endpoints.interface),
      box(bad, broker.endpoints.interface),
    ];
    await subscribed(publisher);
    await subscribed(flooder);
    await until(() => broker.status().boxes.connected === 2);
    await flooder.send(['7', Buffer.alloc(4096)]);
    // It comes back by itself, and has to subscribe again: it was disconnected.
    await subscribed(flooder);
    await publisher.send(MEASUREMENT);
    assert.equal(String((await sub.receive())[0]), '1001');
  });

  it('cuts off a connected box that is revoked; the others and the subscribers come back on the same ports', async () => {
    const [good, bad] = [await boxPair('1001'), await boxPair('7')];
    const broker = await start();
    const endpoints = { ...broker.endpoints };
    const sub = subscriber(broker);
    const [publisher, outcast] = [box(good, endpoints.interface), box(bad, endpoints.interface)];
    await subscribed(publisher);
    await subscribed(outcast);
    await until(() => broker.status().boxes.connected === 2);
    // A SUB subscribes again only while somebody reads from it.
    const next = sub.receive();
    await revokeBox(keys.layout, '7');
    await until(() => broker.status().disconnects === 1);
    await until(() => broker.status().access.gate.refused.revoked > 0);
    assert.equal(await subscribed(publisher), '\u0001', 'the good box has shaken hands again');
    await until(() => broker.status().boxes.connected === 1);
    await outcast.send(['7', 'from the outcast']);
    await publisher.send(MEASUREMENT);
    assert.equal(String((await next)[0]), '1001');
    assert.deepEqual(broker.endpoints, endpoints);
    assert.equal(broker.status().open, true);
  });

  it("serves the server's next key on an endpoint beside, and reports who has moved", async () => {
    const [stays, moves] = [await boxPair('1'), await boxPair('2')];
    const { secretFile, publicFile } = await prepareRotation(keys.layout);
    const nextKey = (await readPublicCertificate(publicFile)).publicKey;
    const broker = await start({ server_cert_next: secretFile, interface_next: 'tcp://127.0.0.1:*' });
    assert.notEqual(broker.endpoints.interface_next, broker.endpoints.interface);
    const sub = subscriber(broker);
    const old = box(stays, broker.endpoints.interface);
    const moved = box(moves, broker.endpoints.interface_next, nextKey);
    await subscribed(old);
    await subscribed(moved);
    await old.send(['1', 'a']);
    assert.deepEqual((await sub.receive()).map(String), ['1', 'a']);
    await moved.send(['2', 'b']);
    assert.deepEqual((await sub.receive()).map(String), ['2', 'b']);
    assert.deepEqual(broker.status().access.gate.boxes_on_key, { present: 1, next: 1, present_ids: ['1'] });
  });

  it('puts the backend under CURVE where the configuration says so', async () => {
    const pair = await boxPair('1001');
    const [service, stranger] = [newKeyPair(), newKeyPair()];
    const clients = join(keys.directory, 'services');
    await writePublicCertificate(join(clients, 'analysis'), {
      boxId: undefined,
      publicKey: service.publicKey,
    });
    const broker = await start({
      backend_curve: { server_cert: keys.layout.serverSecret, client_certs: clients },
    });
    const subscribeAs = (client: KeyPair | undefined): void => {
      const socket = new Subscriber({ linger: 0 });
      sockets.push(socket);
      if (client !== undefined) {
        socket.curveServerKey = serverKey;
        socket.curvePublicKey = client.publicKey;
        socket.curveSecretKey = client.secretKey.reveal();
      }
      socket.subscribe('');
      socket.connect(broker.endpoints.backend ?? '');
    };
    subscribeAs(undefined);
    subscribeAs(stranger);
    await until(() => {
      const { failed } = broker.status().subscribers;
      return (failed.no_curve ?? 0) > 0 && (failed.allow_list ?? 0) > 0;
    });
    subscribeAs(service);
    const publisher = box(pair, broker.endpoints.interface);
    await subscribed(publisher);
    const { subscribers, backend_access: access } = broker.status();
    assert.equal(subscribers.connected, 1);
    assert.equal(access?.gate.admitted, 1);
  });

  it('takes keys from the store, and lets everyone in only when asked to', async () => {
    const pair = newKeyPair();
    const boxKeys = () => Promise.resolve({ boxes: [{ boxId: '5', publicKey: pair.publicKey }] });
    const fromStore = await start({ client_certs: undefined, white_list: 'store' }, { boxKeys });
    subscriber(fromStore);
    await subscribed(box(pair, fromStore.endpoints.interface));
    await fromStore.stop();

    const open = await start({ client_certs: undefined, allow_any_client: true });
    subscriber(open);
    await subscribed(box(newKeyPair(), open.endpoints.interface));
  });

  it('refuses to start without keys, with an exposed or a missing key, or where a port is taken; nothing stays open', async () => {
    await assert.rejects(start({ client_certs: undefined, white_list: 'store' }), { code: 'CONFIG_INVALID' });
    await assert.rejects(start({ server_cert: join(keys.directory, 'none') }), { code: 'KEY_FILE_IO' });
    await assert.rejects(start({ server_cert: keys.layout.serverPublic }), { code: 'SECRET_EXPOSED' });
    const first = await start();
    const taken = { backend: first.endpoints.backend };
    await assert.rejects(start(taken), { code: 'ENDPOINT_IN_USE' });
    await assert.rejects(start({ interface: first.endpoints.interface }), { code: 'ENDPOINT_IN_USE' });
    await first.stop();
    const second = await start({ ...first.endpoints });
    assert.deepEqual(second.endpoints, first.endpoints);
  });

  it('starts while the folder of certificates is missing, and lets the boxes in when it is there', async () => {
    const pair = await boxPair('1001');
    const away = join(keys.directory, 'away');
    await rename(keys.layout.publicDirectory, away);
    const broker = await start();
    subscriber(broker);
    const publisher = box(pair, broker.endpoints.interface);
    await until(() => broker.status().access.gate.refused.unavailable > 0);
    await rename(away, keys.layout.publicDirectory);
    await subscribed(publisher);
  });

  it('serves its status and every metric that is promised of it', async () => {
    const pair = await boxPair('1001');
    const broker = await start({ status: '127.0.0.1:0' });
    subscriber(broker);
    await subscribed(box(pair, broker.endpoints.interface));
    const address = parseStatusEndpoint(broker.endpoints.status ?? '');
    assert.ok(address);
    const { details } = await readStatus(address);
    assert.deepEqual(details.subscribers, JSON.parse(JSON.stringify(broker.status().subscribers)));
    const text = await readMetrics(address);
    assert.match(text, /^makai_boxes_connected 1$/m);
    assert.match(text, /^makai_connections_accepted_total 1$/m);
    assert.match(text, /^makai_connections_refused_total\{reason="unknown"\} 0$/m);
    assert.match(text, /^makai_allowed_keys 1$/m);
    assert.match(text, /^makai_pending_keys 0$/m);
    assert.match(text, /^makai_disconnects_total 0$/m);
    assert.match(text, /^makai_proxy_failures_total 0$/m);
  });

  it('leaves nothing open when its named status port is taken', async () => {
    const first = await start({ status: '127.0.0.1:0' });
    const fields = { interface: first.endpoints.interface, backend: first.endpoints.backend };
    const { status } = first.endpoints;
    const other = await start();
    const free = { interface: other.endpoints.interface, backend: other.endpoints.backend };
    await other.stop();
    await assert.rejects(start({ ...free, status }), { code: 'ENDPOINT_IN_USE' });
    await assert.rejects(start({ ...fields, status: 'off' }), { code: 'ENDPOINT_IN_USE' });
    assert.equal((await start(free)).endpoints.backend, free.backend);
  });

  it('on SIGHUP says which changed fields wait for a restart', async () => {
    const { log, text } = readableLog();
    const broker = await start({ metric_update_sec: 10 }, { log });
    const config = { client_certs: keys.layout.publicDirectory, limits: { queue_messages: 5 } };
    await broker.reload(parseSettings('triggering-broker', config));
    const line = text()
      .split('\n')
      .find((line) => line.includes('at the next start'));
    assert.deepEqual(JSON.parse(line ?? '{}').fields, [
      'server_cert',
      'interface',
      'backend',
      'status',
      'limits',
    ]);
  });

  it('ends with its process, also when that does not stop it first', async () => {
    await boxPair('1001');
    const program = new RunningProgram('test/triggering-broker/fixtures/exit.js', [keys.directory]);
    assert.equal((await program.end()).code, 3);
  });

  it('stops once however often it is asked', async () => {
    const broker = await start();
    await Promise.all([broker.stop(), broker.stop()]);
    assert.equal(broker.status().open, false);
  });
});

function framesOf(file: string): Buffer[] {
  const golden: unknown = JSON.parse(readFileSync(file, 'utf8'));
  assert.ok(typeof golden === 'object' && golden !== null && 'frames_hex' in golden);
  assert.ok(Array.isArray(golden.frames_hex));
  return golden.frames_hex.map((hex: string) => Buffer.from(hex, 'hex'));
}
