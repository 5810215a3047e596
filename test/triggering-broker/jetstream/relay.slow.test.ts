/** The stream relay with real NATS servers: nothing that was accepted is lost or doubled, whatever is killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { XPublisher } from 'zeromq';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import type { KeyPair } from '../../../keys/key.js';
import type { TriggeringBroker } from '../../../triggering-broker/index.js';
import type { RelayStatus } from '../../../triggering-broker/jetstream/messages.js';
import { freePort } from '../../support/free-port.js';
import { makeCertificates, writeNatsConfig } from '../../support/nats-config.js';
import { writeCredentials } from '../../support/nats-credentials.js';
import { givenNats, NatsServer } from '../../support/nats-server.js';
import { until } from '../../support/until.js';
import { BrokerRig, subscribed } from '../rig.js';
import { type StoredMessage, storedMessages, streamState } from './stored.js';

const BOXES = ['1', '0007', '1201', '1202', '4711'];
const MIB = 2 ** 20;

describe('triggering-broker: the stream relay', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let rig: BrokerRig;
  let folder: string;
  let pair: KeyPair;
  const servers: NatsServer[] = [];
  let child: ChildProcess | undefined;
  let sent: StoredMessage[];

  beforeEach(async () => {
    rig = new BrokerRig();
    await rig.begin();
    pair = await rig.boxPair('1201');
    folder = mkdtempSync(join(tmpdir(), 'makai-relay-'));
    sent = [];
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    child = undefined;
    await rig.end();
    for (const server of servers.splice(0)) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const natsFields = (urls: readonly string[], fields: Record<string, unknown> = {}) => ({
    servers: urls,
    max_bytes: 256 * MIB,
    spool: { path: join(folder, 'spool') },
    ...fields,
  });
  const given = async (): Promise<NatsServer> => {
    const server = await NatsServer.start(binary());
    servers.push(server);
    return server;
  };
  const relayOf = (broker: TriggeringBroker): RelayStatus => {
    const { nats } = broker.status();
    assert.ok(nats);
    return nats;
  };
  const start = (urls: readonly string[], fields: Record<string, unknown> = {}) =>
    rig.start({ nats: natsFields(urls, fields) });
  const connectBox = async (endpoint: string | undefined): Promise<XPublisher> => {
    const box = rig.box(pair, endpoint);
    await subscribed(box);
    return box;
  };
  /** One message of each box. */
  const sendRound = async (box: XPublisher, round: number): Promise<void> => {
    for (const topic of BOXES) {
      const message = { topic, text: `${round}` };
      await box.send([topic, message.text]);
      sent.push(message);
    }
  };
  const assertAllStored = async (url: string): Promise<void> => {
    const stored = await storedMessages(url);
    assert.equal(stored.length, sent.length);
    const key = ({ text, topic }: StoredMessage): string => `${topic} ${text}`;
    assert.deepEqual(stored.map(key).sort(), sent.map(key).sort());
  };
  const acknowledged = (broker: TriggeringBroker) =>
    until('all messages are in JetStream', async () => relayOf(broker).acknowledged >= sent.length);

  it('brings what boxes send into the stream, while services go on receiving it', async () => {
    const server = await given();
    const broker = await start([server.url], { max_age_seconds: 120 });
    const service = rig.subscriber(broker);
    const box = await connectBox(broker.endpoints.interface);
    // Also that of the service: it may have come after the box.
    await until('the service receives', async () => {
      await box.send(['9', 'probe']);
      service.receiveTimeout = 200;
      return service.receive().then(
        () => true,
        () => false,
      );
    });
    await until('the relay has all of them', async () => relayOf(broker).messages > 0);
    const before = relayOf(broker).messages;
    for (let round = 0; round < 50; round += 1) await sendRound(box, round);
    await until('acknowledged', async () => relayOf(broker).acknowledged >= before + sent.length);
    // Probes that were on their way then count too.
    let stored: StoredMessage[] = [];
    await until('all are stored', async () => {
      stored = (await storedMessages(server.url)).filter(({ topic }) => topic !== '9');
      return stored.length >= sent.length;
    });
    for (const topic of BOXES)
      assert.deepEqual(
        stored.filter((message) => message.topic === topic).map(({ text }) => text),
        Array.from({ length: 50 }, (_, round) => `${round}`),
        topic,
      );
    const { config } = (await streamState(server.url)) ?? {};
    assert.equal(config?.storage, 'file');
    assert.equal(config?.max_bytes, 256 * MIB);
    assert.equal(config?.max_age, 120e9);
    const status = relayOf(broker);
    assert.equal(status.connected, true);
    assert.deepEqual(status.dropped, { spool_full: 0, disk_unavailable: 0, refused: 0, too_long: 0 });
    assert.equal(status.spool.batches, 0);
  });

  it('starts without NATS, keeps on disk what comes, and delivers it when NATS is there', async () => {
    const server = await given();
    await server.kill();
    const broker = await start([server.url]);
    const box = await connectBox(broker.endpoints.interface);
    for (let round = 0; round < 100; round += 1) await sendRound(box, round);
    await until('all are on disk', async () => relayOf(broker).spool.messages === sent.length);
    await server.start();
    await acknowledged(broker);
    await assertAllStored(server.url);
    await until('the spool is empty', async () => relayOf(broker).spool.batches === 0);
    await sendRound(box, 100);
    await acknowledged(broker);
    await assertAllStored(server.url);
  });

  it('loses and doubles nothing when NATS is killed in the middle of the stream', async () => {
    const server = await given();
    const broker = await start([server.url]);
    const box = await connectBox(broker.endpoints.interface);
    for (let round = 0; round < 300; round += 1) {
      await sendRound(box, round);
      if (round === 100) await server.kill();
      if (round === 200) await server.start();
      await sleep(5);
    }
    await acknowledged(broker);
    await assertAllStored(server.url);
    assert.ok(relayOf(broker).connections_lost > 0);
  });

  it('several brokers write into one stream, each with a spool of its own: nothing is lost or doubled', async () => {
    const server = await given();
    const brokers: TriggeringBroker[] = [];
    for (const name of ['a', 'b', 'c'])
      brokers.push(await start([server.url], { spool: { path: join(folder, name) } }));
    const boxes: XPublisher[] = [];
    for (const broker of brokers) boxes.push(await connectBox(broker.endpoints.interface));
    for (let round = 0; round < 300; round += 1) {
      // Each round at another one, as a box that moves.
      const box = boxes[round % boxes.length];
      assert.ok(box);
      await sendRound(box, round);
      if (round === 100) await server.kill();
      if (round === 200) await server.start();
      await sleep(5);
    }
    await until('all messages are in JetStream', async () => {
      const counts = brokers.map((broker) => relayOf(broker).acknowledged);
      return counts.reduce((sum, count) => sum + count, 0) >= sent.length;
    });
    await assertAllStored(server.url);
    for (const broker of brokers) assert.ok(relayOf(broker).acknowledged > 0);
  });

  it('goes on when a key is revoked and the sockets are reopened', async () => {
    const server = await given();
    const broker = await start([server.url]);
    const box = await connectBox(broker.endpoints.interface);
    await sendRound(box, 1);
    await acknowledged(broker);
    const gone = await rig.boxPair('1202');
    await until('the second key is known', async () => broker.status().access.allow_list.known >= 2);
    await connectBoxOf(gone, broker);
    rmSync(rig.layout.boxPublic('1202'));
    await until(
      'the sockets were reopened',
      async () => broker.status().disconnects > 0 && broker.status().open,
    );
    // The end of the first subscription comes before the second one, which may come later.
    for (let heard = ''; !heard.startsWith('\u0001'); ) heard = await subscribed(box);
    await sendRound(box, 2);
    await acknowledged(broker);
    await assertAllStored(server.url);
  });

  const connectBoxOf = async (other: KeyPair, broker: TriggeringBroker): Promise<void> => {
    await subscribed(rig.box(other, broker.endpoints.interface));
  };

  it('a cluster of three: nothing is lost when the server it talks to is killed', async () => {
    servers.push(...(await NatsServer.cluster(binary(), 3)));
    const broker = await start(
      servers.map(({ url }) => url),
      { replicas: 3 },
    );
    const box = await connectBox(broker.endpoints.interface);
    await sendRound(box, 0);
    await acknowledged(broker);
    const talksTo = relayOf(broker).server ?? '';
    const killed = servers.find(({ port }) => talksTo.endsWith(`:${port}`));
    assert.ok(killed, talksTo);
    for (let round = 1; round < 300; round += 1) {
      await sendRound(box, round);
      if (round === 100) await killed.kill();
      await sleep(5);
    }
    await acknowledged(broker);
    const other = servers.find((server) => server !== killed);
    await assertAllStored(other?.url ?? '');
    assert.equal((await streamState(other?.url ?? ''))?.config.num_replicas, 3);
  });

  it('kill -9 of the broker: what was on disk is delivered by the next one, once', async () => {
    const server = await given();
    await server.kill();
    const ports = { interface: await freePort(), status: await freePort() };
    const config = join(folder, 'triggering_broker.json');
    writeFileSync(
      config,
      JSON.stringify({
        client_certs: rig.layout.publicDirectory,
        server_cert: rig.layout.serverSecret,
        interface: `tcp://127.0.0.1:${ports.interface}`,
        backend: 'tcp://127.0.0.1:*',
        status: `127.0.0.1:${ports.status}`,
        nats: natsFields([server.url]),
      }),
    );
    const run = (): ChildProcess =>
      spawn(process.execPath, [join(PACKAGE_ROOT, 'dist/cli/main.js'), 'triggering-broker', config], {
        stdio: 'ignore',
      });
    const status = async (): Promise<RelayStatus | undefined> => {
      try {
        const reply = await fetch(`http://127.0.0.1:${ports.status}/status`);
        const { details } = (await reply.json()) as { details: { nats?: RelayStatus } };
        return details.nats;
      } catch {
        return undefined; // it is not there yet
      }
    };
    child = run();
    const box = await connectBox(`tcp://127.0.0.1:${ports.interface}`);
    for (let round = 0; round < 100; round += 1) await sendRound(box, round);
    await until('all are on disk', async () => (await status())?.spool.messages === sent.length);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    // In the middle of the delivery it is killed once more.
    await server.start();
    child = run();
    await until('it delivers', async () => ((await status())?.acknowledged ?? 0) > 0);
    const second = once(child, 'exit');
    child.kill('SIGKILL');
    await second;
    child = run();
    await until('the spool is empty', async () => {
      const now = await status();
      return now?.direct === true && now.spool.batches === 0;
    });
    await assertAllStored(server.url);
    const third = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await third, [0, null]);
  });

  it('refuses a password file that others can read, and an open spool of another broker', async () => {
    const password = join(folder, 'password');
    writeFileSync(password, 'x', { mode: 0o644 });
    await assert.rejects(start(['nats://127.0.0.1:1'], { user: 'a', password_file: password }), {
      code: 'SECRET_EXPOSED',
    });
    await start(['nats://127.0.0.1:1']);
    await assert.rejects(start(['nats://127.0.0.1:1']), { code: 'ALREADY_RUNNING' });
  });

  it('works over TLS with a client certificate, and with the rights that docs/cluster.md names', async () => {
    const certificates = makeCertificates(folder);
    const server = await NatsServer.start(binary(), ['-c', writeNatsConfig(folder, certificates)]);
    servers.push(server);
    const password = join(folder, 'password');
    writeFileSync(password, 'broker', { mode: 0o600 });
    chmodSync(certificates.key, 0o600);
    const user = { user: 'broker', password_file: password };
    const stranger = await start([server.url], { ...user, spool: { path: join(folder, 'other') } });
    await sleep(1000);
    assert.equal(relayOf(stranger).connected, false, 'nobody knows its authority');
    const broker = await start([server.url.replace('nats://127.0.0.1', 'tls://localhost')], {
      ...user,
      tls: certificates,
    });
    const box = await connectBox(broker.endpoints.interface);
    for (let round = 0; round < 20; round += 1) await sendRound(box, round);
    await acknowledged(broker);
    const tls = { caFile: certificates.ca, certFile: certificates.cert, keyFile: certificates.key };
    const stored = await storedMessages(server.url, { user: 'admin', pass: 'admin', tls });
    assert.equal(stored.length, sent.length);
    assert.equal(relayOf(broker).failures, 0);
  });

  it('connects with a file of credentials', async () => {
    const { config, credentials } = writeCredentials(folder);
    const server = await NatsServer.start(binary(), ['-c', config]);
    servers.push(server);
    const broker = await start([server.url], { credentials });
    const box = await connectBox(broker.endpoints.interface);
    await sendRound(box, 1);
    await acknowledged(broker);
  });

  it('connects with a user and a password', async () => {
    const server = await NatsServer.start(binary(), ['--user', 'makai', '--pass', 'secret']);
    servers.push(server);
    const password = join(folder, 'password');
    writeFileSync(password, 'wrong\n', { mode: 0o600 });
    const broker = await start([server.url], { user: 'makai', password_file: password });
    await sleep(1000);
    assert.equal(relayOf(broker).connected, false);
    // The file is read again at each try.
    writeFileSync(password, 'secret\n');
    await until('it is connected', async () => relayOf(broker).direct);
  });
});
