/** Key-value buckets, with three real servers. */
import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { silentLogger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { openBucket } from '../../nats/bucket.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

const silent = new ThrottledLog(silentLogger());

describe('nats/bucket', function () {
  this.timeout(600_000);
  const binary = givenNats();

  it('a bucket is put on more servers where the stream is, and not on fewer', async () => {
    const servers = await NatsServer.cluster(binary(), 3);
    const by = await connect({ servers: servers.map(({ url }) => url), maxReconnectAttempts: -1 });
    try {
      const open = (replicas: number) => openBucket(by, 'test', { replicas, log: silent });
      await until('it is made', () =>
        open(1).then(
          () => true,
          () => false,
        ),
      );
      const manager = await jetstreamManager(by, { timeout: 60_000 });
      const replicas = async () => (await manager.streams.info('KV_test')).config.num_replicas;
      assert.equal(await replicas(), 1);
      await until('it is on three', async () => {
        await open(3);
        return (await replicas()) === 3;
      });
      await open(1);
      assert.equal(await replicas(), 3);
    } finally {
      await by.close();
      await Promise.all(servers.map((server) => server.stop()));
    }
  });
});
