/** The NATS servers of the chart, started from what it renders: they become a cluster, and the users of the daemons may do what these do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { LEASE_BUCKET } from '../../../nats/lease-bucket.js';
import { ensureStream, replicasOf } from '../../../nats/stream.js';
import { ChartNats, type Place } from '../../support/chart-nats.js';
import { attempt } from '../../support/command.js';
import { freePort } from '../../support/free-port.js';
import { helmBinary, NEEDED, rendered, secretsIn } from '../../support/helm.js';
import { givenNats } from '../../support/nats-server.js';
import { until } from '../../support/until.js';

describe('NATS in the chart for Kubernetes', function () {
  this.timeout(400_000);
  const binary = givenNats();
  const folder = mkdtempSync(join(tmpdir(), 'makai-chart-nats-'));
  let servers: ChartNats | undefined;

  after(async () => {
    await servers?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('is a cluster of three, in which broker and service may do what they need, and nobody else anything', async function () {
    const helm = await helmBinary();
    if (helm === undefined) this.skip();
    const { manifests } = await rendered(helm, NEEDED);
    const places: Place[] = [];
    while (places.length < 3)
      places.push({
        ...{ host: '127.0.0.1', client: await freePort(), cluster: await freePort() },
        monitor: await freePort(),
      });
    servers = new ChartNats({ binary: binary(), manifests, folder, places });
    const nats = servers;
    await until('the probes are answered', () => nats.areReady()).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${nats.output}`);
    });
    const urls = places.map(({ client, host }) => `nats://${host}:${client}`);
    const passwords = secretsIn(manifests)['makai-nats'];
    const login = (user: string) =>
      connect({ servers: urls, user, pass: passwords?.[`${user}-password`] ?? '', timeout: 60_000 });
    const broker = await login('broker');
    try {
      const limits = { replicas: 3, maxBytes: 2 ** 32, maxAgeMs: 3_600_000 };
      await until('the stream is made', () =>
        ensureStream(broker, limits).then(
          (done) => done !== 'changed',
          () => false,
        ),
      );
    } finally {
      await broker.close();
    }
    const service = await login('service');
    try {
      assert.equal(await replicasOf(service), 3);
      // The client's own time for a reply is 5 s: a busy machine takes longer.
      const kvm = new Kvm(jetstream(service, { timeout: 60_000 }));
      const bucket = await kvm.create(LEASE_BUCKET, { replicas: 3, ttl: 8000 });
      assert.ok((await bucket.create('member.test', 'test')) > 0);
    } finally {
      await service.close();
    }
    await assert.rejects(connect({ servers: urls, user: 'broker', pass: 'wrong' }), /authorization/i);
    await assert.rejects(connect({ servers: urls }), /authorization/i);
    await nats.drain(0);
  });

  it('takes the configuration of the compose file', async () => {
    const file = join(PACKAGE_ROOT, 'deploy/docker/nats.conf');
    const env = { NATS_NAME: 'nats-1', BROKER_PASSWORD: 'p0123', SERVICE_PASSWORD: 'p4567' };
    const { code, stderr } = await attempt([binary(), '-t', '-c', file], { env });
    assert.equal(code, 0, stderr);
  });
});
