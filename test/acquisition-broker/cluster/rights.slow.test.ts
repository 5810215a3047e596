/** Two brokers at a careful NATS server: over TLS, with the rights that docs/cluster.md names. One stops, and the other goes on with what it had open. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { readBrokers } from '../../../nats/broker-overview.js';
import { type Certificates, makeCertificates, writeNatsConfig } from '../../support/nats-config.js';
import { givenNats, NatsServer } from '../../support/nats-server.js';
import { cyclesBetween, until } from '../rig.js';
import { Pair } from './pair.js';

describe('acquisition broker: two of them at a careful NATS server', function () {
  this.timeout(300_000);
  const binary = givenNats();
  const folder = mkdtempSync(join(tmpdir(), 'makai-brokers-'));
  let nats: NatsServer;
  let certificates: Certificates;
  let pair: Pair;

  before(async () => {
    certificates = makeCertificates(folder);
    chmodSync(certificates.key, 0o600);
    nats = await NatsServer.start(binary(), ['-c', writeNatsConfig(folder, certificates)]);
    const password = join(folder, 'password');
    writeFileSync(password, 'acquisition', { mode: 0o600 });
    const settings = { servers: [nats.url], user: 'acquisition', password_file: password, tls: certificates };
    pair = await Pair.start(nats.url, [7, 8, 9], { config: { nats: settings } });
  });
  after(async () => {
    await pair?.stop();
    await nats?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a service may ask which brokers are there', async () => {
    const { ca: caFile, cert: certFile, key: keyFile } = certificates;
    const connection = await connect({
      ...{ servers: nats.url, user: 'service', pass: 'service', tls: { caFile, certFile, keyFile } },
    });
    try {
      await until(async () => {
        const names = (await readBrokers(connection))?.brokers.map(({ name }) => name);
        return names?.join() === 'broker-a,broker-b';
      });
    } finally {
      await connection.close();
    }
  });

  it('what is open at one is taken up by the other', async () => {
    await pair.box(8, pair.b);
    await until(() => pair.a.status().nats?.boxes_elsewhere === 1);
    const client = await pair.client(pair.a);
    const endMs = Date.now() - 2000;
    await client.request({ startMs: endMs - 1000, endMs, boxIds: [8, 9] });
    const event = await client.evnew();
    await pair.stored(event, [8]);
    await pair.a.stop();
    await until(() => pair.b.status().nats?.requests.taken_up === 1);
    const moved = pair.fakeBox(9, 3, pair.b);
    await moved.answerData(await moved.command(event), cyclesBetween(endMs - 999, endMs));
    await pair.stored(event, [8, 9]);
    for (const broker of [pair.a, pair.b]) assert.equal(broker.status().nats?.requests.not_copied, 0);
    await until(() => pair.b.status().open.requests === 0);
  });
});
