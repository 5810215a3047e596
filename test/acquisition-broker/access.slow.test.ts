import assert from 'node:assert/strict';
import { mkdir, rename } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { Pull, Push } from 'zeromq';
import { startAcquisitionBroker } from '../../acquisition-broker/index.js';
import { silentLogger } from '../../common/log.js';
import { parseSettings, parseStatusEndpoint } from '../../config/index.js';
import { readMetrics } from '../../daemon/status/client.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import { readableLog } from '../keys/helpers.js';
import { type ClientCurve, cyclesBetween, FakeBox, freeEndpoints, type Rig, startRig, until } from './rig.js';

const window = (): { startMs: number; endMs: number } => {
  const endMs = Date.now() - 1000;
  return { startMs: endMs - 200, endMs };
};

describe('acquisition broker: who gets in', () => {
  let rig: Rig | undefined;
  const boxes: { close(): void }[] = [];
  afterEach(async () => {
    for (const box of boxes.splice(0)) box.close();
    await rig?.stop();
    rig = undefined;
  });

  it('cuts a revoked box off; the others come back and are asked what they missed', async function () {
    this.timeout(400_000);
    rig = await startRig({ boxes: [1001, 7, 8] });
    const client = await rig.client();
    await rig.box(1001, 2);
    await rig.box(7, 3);
    const eight = await rig.box(8, 3);
    const asked = window();
    await client.request({ ...asked, boxIds: [7, 8] });
    const number = await client.evnew();
    await eight.command(number);
    await mkdir(rig.layout.revokedDirectory, { recursive: true });
    const certificate = rig.layout.boxPublic('7');
    await rename(certificate, join(rig.layout.revokedDirectory, basename(certificate)));
    const { broker } = rig;
    // A box that does not reply is asked again after 5 s, cut off or not: until it was.
    await until(() => broker.status().access.gate.refused.revoked > 0);
    const again = await eight.command(number);
    assert.equal(again.identity, `data_${number}_test-broker`);
    await eight.answerData(again, cyclesBetween(asked.startMs, asked.endMs));
    await rig.stored(number, 1);
    await until(() => broker.status().boxes.box2?.connections === 1);
    await until(() => broker.status().boxes.box3?.ids.includes('8') ?? false);
    assert.deepEqual(broker.status().boxes.box3?.ids, ['8']);
  });

  it('counts handshakes that fail before the allow-list is asked, by socket, and goes on', async () => {
    rig = await startRig({ boxes: [1001], config: { status: '127.0.0.1:0' } });
    const { broker, serverKey } = rig;
    const { box_pub = '', box_pull = '' } = broker.endpoints;
    const knock = (endpoint: string, curve: ClientCurve | undefined): void => {
      const socket = new Push({ linger: 0, handshakeInterval: 300, ...curve });
      boxes.push(socket);
      socket.connect(endpoint);
    };
    const { publicKey: curvePublicKey, secretKey } = newKeyPair();
    const stranger = { curvePublicKey, curveSecretKey: secretKey.reveal() };
    knock(box_pull, undefined);
    knock(box_pull, { ...stranger, curveServerKey: newKeyPair().publicKey });
    knock(box_pull, { ...stranger, curveServerKey: serverKey });
    const raw = connect(Number(box_pub.split(':').at(-1)), '127.0.0.1').on('error', () => undefined);
    raw.write('GET / HTTP/1.1\r\n\r\n'.repeat(10));
    const failed = (field: string) => broker.status().connections[field]?.failed ?? {};
    await until(() => ['no_curve', 'wrong_server_key'].every((reason) => reason in failed('box_pull')));
    await until(() => broker.status().access.gate.refused.unknown > 0);
    await until(() => (failed('box_pub').not_zeromq ?? 0) > 0);
    raw.destroy();
    await rig.box(1001, 2);
    await until(() => broker.status().connections.box_pub?.connected === 1);
    const address = parseStatusEndpoint(broker.endpoints.status ?? '');
    assert.ok(address);
    const metrics = await readMetrics(address);
    for (const reason of ['no_curve', 'wrong_server_key', 'not_zeromq', 'unknown'])
      assert.match(
        metrics,
        new RegExp(`^makai_connections_refused_total\\{reason="${reason}"\\} [1-9]`, 'm'),
      );
    assert.equal(broker.status().backend_connections, undefined, 'the backend is plain');
  });

  it('on SIGHUP says which changed fields wait for a restart', async () => {
    const { log, text } = readableLog();
    rig = await startRig({ log });
    const { broker, layout } = rig;
    await broker.reload(
      parseSettings('acquisition-broker', { client_certs: layout.publicDirectory, max_window_ms: 5000 }),
    );
    const logged = text()
      .split('\n')
      .find((line) => line.includes('at the next start'));
    const fields = JSON.parse(logged ?? '{}').fields as string[];
    assert.ok(fields.includes('max_window_ms') && fields.includes('box_pub'));
    assert.ok(!fields.includes('client_certs') && !fields.includes('identity') && !fields.includes('limits'));
  });

  it('serves boxes with the present and with the next key of the server', async () => {
    const next = newKeyPair();
    rig = await startRig({
      boxes: [7, 8],
      configOf: async ({ layout }) => {
        await writeSecretCertificate(layout.nextServerSecret, { boxId: undefined, ...next });
        return {
          server_cert_next: layout.nextServerSecret,
          box_pub_next: 'tcp://127.0.0.1:*',
          box_pull_next: 'tcp://127.0.0.1:*',
        };
      },
    });
    const client = await rig.client();
    await rig.box(7, 3);
    const { box_pub_next, box_pull_next } = rig.broker.endpoints;
    const moved = { box_pub: box_pub_next ?? '', box_pull: box_pull_next ?? '' };
    const eight = new FakeBox(8, 3, moved, rig.keysOf(8), next.publicKey);
    boxes.push(eight);
    await eight.heard(rig.broker);
    const asked = window();
    await client.request({ ...asked, boxIds: [8] });
    const number = await client.evnew();
    await eight.answerData(await eight.command(number), cyclesBetween(asked.startMs, asked.endMs));
    await rig.stored(number, 1);
    assert.deepEqual(rig.broker.status().access.gate.boxes_on_key, {
      present: 1,
      next: 1,
      present_ids: ['7'],
      next_ids: ['8'],
    });
  });

  it('can put the backend under CURVE: services without a key are not heard', async () => {
    const server = newKeyPair();
    const service = newKeyPair();
    rig = await startRig({
      boxes: [7],
      configOf: async ({ directory }) => {
        const serverFile = join(directory, 'backend_secret');
        const services = join(directory, 'services');
        await writeSecretCertificate(serverFile, { boxId: undefined, ...server });
        await writePublicCertificate(join(services, 'triggering-service'), {
          boxId: undefined,
          publicKey: service.publicKey,
        });
        return { backend_curve: { server_cert: serverFile, client_certs: services } };
      },
    });
    const curve = (pair: KeyPair) => ({
      curveServerKey: server.publicKey,
      curvePublicKey: pair.publicKey,
      curveSecretKey: pair.secretKey.reveal(),
    });
    const known = await rig.client(curve(service));
    const { broker } = rig;
    const stranger = rig.client(curve(newKeyPair())).catch(() => undefined);
    await until(() => (broker.status().backend_access?.gate.refused.unknown ?? 0) > 0);
    await known.request({ ...window(), boxIds: [7] });
    assert.ok((await known.evnew()) > 0);
    void stranger;
  });
});

describe('acquisition broker: endpoints', () => {
  it('an endpoint in use: an error that names the setting, except for v3 endpoints that the file does not name', async () => {
    const rig = await startRig({ boxes: [] });
    const taken = new Pull({ linger: 0 });
    await taken.bind('tcp://127.0.0.1:*');
    const store = await openSqliteStore(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 60 } });
    const base = {
      client_certs: rig.layout.publicDirectory,
      server_cert: rig.layout.serverSecret,
      ...freeEndpoints(),
      status: 'off',
    };
    const start = (fields: Record<string, unknown>, log = silentLogger()) =>
      startAcquisitionBroker(parseSettings('acquisition-broker', { ...base, ...fields }), { store, log });
    await assert.rejects(start({ backend_pub: taken.lastEndpoint }), (error: Error) => {
      assert.match(error.message, /backend_pub: tcp:\/\/127\.0\.0\.1:\d+ is in use/);
      return true;
    });
    await assert.rejects(start({ zmq_event_endpoint: taken.lastEndpoint }), /zmq_event_endpoint/);

    const without = Object.fromEntries(Object.entries(base).filter(([name]) => !name.startsWith('zmq_')));
    const defaults = [new Pull({ linger: 0 }), new Pull({ linger: 0 })];
    for (const [i, socket] of defaults.entries()) {
      // In use already or not: taken either way.
      await socket.bind(`tcp://127.0.0.1:${10_000 + i}`).catch(() => undefined);
    }
    const { log, text } = readableLog();
    const broker = await startAcquisitionBroker(parseSettings('acquisition-broker', without), { store, log });
    assert.equal(broker.endpoints.zmq_event_endpoint, undefined);
    assert.equal(broker.endpoints.zmq_event_id_endpoint, undefined);
    assert.match(text(), /port in use/);
    await broker.stop();
    for (const socket of [...defaults, taken]) socket.close();
    await store.close();
    await rig.stop();
  });
});
