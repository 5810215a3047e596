import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Publisher, Subscriber } from 'zeromq';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { parseSettings, parseStatusEndpoint } from '../../config/index.js';
import { readMetrics, readStatus } from '../../daemon/status/client.js';
import { readPublicCertificate, writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { acceptKey, revokeBox } from '../../keys/manage.js';
import { prepareRotation } from '../../keys/rotation.js';
import { readableLog, until } from '../keys/helpers.js';
import { BrokerRig, subscribed } from './rig.js';

const GOLDEN = join(PACKAGE_ROOT, '../shared/data/golden');
const MEASUREMENT = ['1001', Buffer.from('0badcafe', 'hex')];

describe('triggering-broker', () => {
  const rig = new BrokerRig();
  beforeEach(() => rig.begin());
  afterEach(() => rig.end());

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
      const pair = await rig.boxPair('1001');
      const broker = await rig.start();
      const sub = rig.subscriber(broker);
      const publisher = rig.box(pair, broker.endpoints.interface);
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
    const pair = await rig.boxPair('1001');
    const broker = await rig.start();
    const sub = rig.subscriber(broker, '10');
    const publisher = rig.box(pair, broker.endpoints.interface);
    assert.equal(await subscribed(publisher), '\u000110');
    for (const frames of [['10'], ['10', 'a', ''], Array.from({ length: 500 }, () => '10')]) {
      await publisher.send(['20', 'not subscribed to']);
      await publisher.send(frames);
      assert.deepEqual((await sub.receive()).map(String), frames);
    }
  });

  it('lets a box in that is accepted while it knocks, and counts', async () => {
    const broker = await rig.start();
    const pair = newKeyPair();
    const sub = rig.subscriber(broker);
    const publisher = rig.box(pair, broker.endpoints.interface);
    await until(() => broker.status().access.gate.pending.length === 1);
    const { access, boxes } = broker.status();
    assert.equal(access.gate.pending[0]?.public_key, pair.publicKey);
    assert.equal(boxes.connected, 0);
    await acceptKey(rig.layout, pair.publicKey, '1001');
    await subscribed(publisher);
    await publisher.send(MEASUREMENT);
    assert.equal(String((await sub.receive())[0]), '1001');
    const status = broker.status();
    assert.equal(status.boxes.connected, 1);
    assert.equal(status.subscribers.connected, 1);
    assert.deepEqual(status.access.gate.pending, []);
    assert.ok(status.access.gate.refused.unknown >= 1);
  });

  it('keeps strangers out and goes on: no key, wrong server key, no ZeroMQ, revoked', async () => {
    const pair = await rig.boxPair('1001');
    const revoked = await rig.boxPair('7');
    await revokeBox(rig.layout, '7');
    const broker = await rig.start();
    const { failed } = broker.status().boxes;
    assert.deepEqual(failed, {});
    const plain = new Publisher({ linger: 0 });
    rig.sockets.push(plain);
    plain.connect(broker.endpoints.interface ?? '');
    rig.box(pair, broker.endpoints.interface, newKeyPair().publicKey);
    rig.box(revoked, broker.endpoints.interface);
    const port = Number(broker.endpoints.interface?.split(':').at(-1));
    const raw = connect(port, '127.0.0.1').on('error', () => undefined);
    raw.write('GET / HTTP/1.1\r\n\r\n'.repeat(10));
    const reasons = ['no_curve', 'wrong_server_key', 'not_zeromq'] as const;
    await until(() => reasons.every((reason) => (broker.status().boxes.failed[reason] ?? 0) > 0));
    await until(() => broker.status().access.gate.refused.revoked > 0);
    raw.destroy();
    const sub = rig.subscriber(broker);
    const publisher = rig.box(pair, broker.endpoints.interface);
    await subscribed(publisher);
    await publisher.send(MEASUREMENT);
    await sub.receive();
  });

  it('disconnects a box that sends a frame that is too long, and goes on', async () => {
    const [good, bad] = [await rig.boxPair('1001'), await rig.boxPair('7')];
    const broker = await rig.start({ limits: { message_bytes: 2048 } });
    const sub = rig.subscriber(broker);
    const [publisher, flooder] = [
      rig.box(good, broker.endpoints.interface),
      rig.box(bad, broker.endpoints.interface),
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
    const [good, bad] = [await rig.boxPair('1001'), await rig.boxPair('7')];
    const broker = await rig.start();
    const endpoints = { ...broker.endpoints };
    const sub = rig.subscriber(broker);
    const [publisher, outcast] = [rig.box(good, endpoints.interface), rig.box(bad, endpoints.interface)];
    await subscribed(publisher);
    await subscribed(outcast);
    await until(() => broker.status().boxes.connected === 2);
    // A SUB subscribes again only while somebody reads from it.
    const next = sub.receive();
    await revokeBox(rig.layout, '7');
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

  it('takes a changed key of the server over: a box with the old key gets no further', async () => {
    const [old, moved] = [await rig.boxPair('1'), await rig.boxPair('1001')];
    const broker = await rig.start();
    const sub = rig.subscriber(broker);
    // A SUB subscribes again only while somebody reads from it.
    const next = sub.receive();
    await subscribed(rig.box(old, broker.endpoints.interface));
    const pair = newKeyPair();
    await writeSecretCertificate(rig.layout.serverSecret, { boxId: undefined, ...pair }, { replace: true });
    await until(() => broker.status().disconnects === 1);
    assert.equal(broker.status().access.server_keys.present, pair.publicKey);
    // The old one tries again and again, and is told apart.
    await until(() => (broker.status().boxes.failed.wrong_server_key ?? 0) > 0);
    const publisher = rig.box(moved, broker.endpoints.interface, pair.publicKey);
    await subscribed(publisher);
    await publisher.send(MEASUREMENT);
    assert.equal(String((await next)[0]), '1001');
    assert.equal(broker.status().boxes.connected, 1);
  });

  it("serves the server's next key on an endpoint beside, and reports who has moved", async () => {
    const [stays, moves] = [await rig.boxPair('1'), await rig.boxPair('2')];
    const { secretFile, publicFile } = await prepareRotation(rig.layout);
    const nextKey = (await readPublicCertificate(publicFile)).publicKey;
    const broker = await rig.start({ server_cert_next: secretFile, interface_next: 'tcp://127.0.0.1:*' });
    assert.notEqual(broker.endpoints.interface_next, broker.endpoints.interface);
    const sub = rig.subscriber(broker);
    const old = rig.box(stays, broker.endpoints.interface);
    const moved = rig.box(moves, broker.endpoints.interface_next, nextKey);
    await subscribed(old);
    await subscribed(moved);
    await old.send(['1', 'a']);
    assert.deepEqual((await sub.receive()).map(String), ['1', 'a']);
    await moved.send(['2', 'b']);
    assert.deepEqual((await sub.receive()).map(String), ['2', 'b']);
    assert.deepEqual(broker.status().access.gate.boxes_on_key, {
      present: 1,
      next: 1,
      present_ids: ['1'],
      next_ids: ['2'],
    });
  });

  it('puts the backend under CURVE where the configuration says so', async () => {
    const pair = await rig.boxPair('1001');
    const [service, stranger] = [newKeyPair(), newKeyPair()];
    const clients = join(rig.directory, 'services');
    await writePublicCertificate(join(clients, 'analysis'), {
      boxId: undefined,
      publicKey: service.publicKey,
    });
    const broker = await rig.start({
      backend_curve: { server_cert: rig.layout.serverSecret, client_certs: clients },
    });
    const subscribeAs = (client: KeyPair | undefined): void => {
      const socket = new Subscriber({ linger: 0 });
      rig.sockets.push(socket);
      if (client !== undefined) {
        socket.curveServerKey = rig.serverKey;
        socket.curvePublicKey = client.publicKey;
        socket.curveSecretKey = client.secretKey.reveal();
      }
      socket.subscribe('');
      socket.connect(broker.endpoints.backend ?? '');
    };
    subscribeAs(undefined);
    subscribeAs(stranger);
    await until(() => {
      const { subscribers, backend_access: access } = broker.status();
      return (subscribers.failed.no_curve ?? 0) > 0 && (access?.gate.refused.unknown ?? 0) > 0;
    });
    subscribeAs(service);
    const publisher = rig.box(pair, broker.endpoints.interface);
    await subscribed(publisher);
    const { subscribers } = broker.status();
    assert.equal(subscribers.connected, 1);
    assert.equal(subscribers.accepted, 1);
  });

  it('takes keys from the store, and lets everyone in only when asked to', async () => {
    const pair = newKeyPair();
    const boxKeys = () => Promise.resolve({ boxes: [{ boxId: '5', publicKey: pair.publicKey }] });
    const fromStore = await rig.start({ client_certs: undefined, white_list: 'store' }, { boxKeys });
    rig.subscriber(fromStore);
    await subscribed(rig.box(pair, fromStore.endpoints.interface));
    await fromStore.stop();

    const open = await rig.start({ client_certs: undefined, allow_any_client: true });
    rig.subscriber(open);
    await subscribed(rig.box(newKeyPair(), open.endpoints.interface));
  });

  it('serves its status and every metric that is promised of it', async () => {
    const pair = await rig.boxPair('1001');
    const broker = await rig.start({ status: '127.0.0.1:0' });
    rig.subscriber(broker);
    await subscribed(rig.box(pair, broker.endpoints.interface));
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

  it('on SIGHUP says which changed fields wait for a restart', async () => {
    const { log, text } = readableLog();
    const broker = await rig.start({ metric_update_sec: 10 }, { log });
    const config = { client_certs: rig.layout.publicDirectory, limits: { queue_messages: 5 } };
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

  it('stops once however often it is asked', async () => {
    const broker = await rig.start();
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
