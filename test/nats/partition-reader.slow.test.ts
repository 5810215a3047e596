/** Which batches of a partition are handed out again, with a real nats-server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { silentLogger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { STREAM, subjectOf } from '../../nats/partition.js';
import { PartitionProgress } from '../../nats/partition-progress.js';
import { type Delivered, PartitionReader, type Progress } from '../../nats/partition-reader.js';
import { Publisher } from '../../nats/publisher.js';
import { SavedProgress } from '../../nats/saved-progress.js';
import { ensureStream } from '../../nats/stream.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

const PARTITION = 5;
const silent = new ThrottledLog(silentLogger());

/** Notes what is in a batch, and acknowledges it. */
const into =
  (got: string[]) =>
  ({ acknowledge, data }: Delivered): void => {
    got.push(Buffer.from(data).toString());
    acknowledge();
  };

describe('nats/partition-reader', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let folder: string;
  let server: NatsServer;
  let admin: NatsConnection;
  const open: { stop(): Promise<void> }[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-reader-'));
    const file = join(folder, 'nats.conf');
    const mute = '{ user: mute, password: mute, permissions: { publish: { deny: "$JS.ACK.>" } } }';
    writeFileSync(file, `authorization { users = [ { user: admin, password: admin }, ${mute} ] }`);
    server = await NatsServer.start(binary(), ['-c', file]);
    admin = await connection('admin');
    await ensureStream(admin, { replicas: 1, maxBytes: 2 ** 26, maxAgeMs: 3_600_000 });
  });
  afterEach(async () => {
    for (const part of open.splice(0).reverse()) await part.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function connection(user: string): Promise<NatsConnection> {
    const made = await connect({ servers: server.url, user, pass: user });
    open.push({ stop: () => made.close() });
    return made;
  }
  async function read(
    by: NatsConnection,
    revision: number,
    take: (batch: Delivered) => void,
    isSure = false,
    progress: Progress = new PartitionProgress(),
  ): Promise<PartitionReader> {
    const reader = await PartitionReader.open(by, {
      ...{ partition: PARTITION, revision, isSure, progress, log: silentLogger() },
      saved: new SavedProgress(by, { replicas: 1, log: silent }),
      isOurs: () => true,
      take: async (batch) => take(batch),
    });
    open.push(reader);
    return reader;
  }
  async function publish(...bodies: string[]): Promise<void> {
    const publisher = new Publisher(admin);
    for (const body of bodies) await publisher.publish(PARTITION, body, Buffer.from(body));
  }
  const consumers = async () => {
    // The client's own time for a reply is 5 s: a busy machine takes longer.
    const manager = await jetstreamManager(admin, { timeout: 60_000 });
    const found = [];
    for await (const info of manager.consumers.list(STREAM)) found.push(info);
    return found;
  };

  it('hands out again what was left, and not what was acknowledged where the acknowledgement was lost', async () => {
    const times: Record<string, number> = {};
    await publish('acknowledged', 'left');
    await read(await connection('mute'), 1, ({ acknowledge, data, leave }) => {
      const name = Buffer.from(data).toString();
      times[name] = (times[name] ?? 0) + 1;
      if (name === 'left') leave();
      else acknowledge();
    });
    await until('the server delivered both again', async () => (times.left ?? 0) >= 3);
    assert.equal(times.acknowledged, 1);
    const [info] = await consumers();
    assert.equal(info?.num_redelivered, 2);
  });

  it('a reply after the connection was closed harms nobody', async () => {
    const by = await connection('admin');
    let batch: Delivered | undefined;
    await publish('one');
    const reader = await read(by, 1, (one) => {
      batch = one;
    });
    await until('it was handed out', async () => batch !== undefined);
    assert.equal(reader.unacknowledged, 1);
    await by.close();
    batch?.acknowledge();
    assert.equal(reader.unacknowledged, 0);
  });

  it('a reader of a lower revision gives way, unless its lease is sure: then the bucket of leases was lost', async () => {
    const got: string[] = [];
    const take = into(got);
    const first = await read(admin, 900, take);
    await publish('one');
    await until('it is acknowledged', async () => {
      const [info] = await consumers();
      return got.length === 1 && info?.num_pending === 0 && info.num_ack_pending === 0;
    });
    await first.stop();
    await assert.rejects(read(admin, 3, take), /another owner/);
    await publish('two');
    await read(admin, 3, take, true);
    await until('the rest is read', async () => got.length >= 2);
    assert.deepEqual(got, ['one', 'two']);
    assert.deepEqual(
      (await consumers()).map(({ name }) => name),
      [`makai-${PARTITION}-3`],
    );
  });

  it('does not begin where the lease has ended meanwhile, and the newer reader stays the one that counts', async () => {
    const got: string[] = [];
    const take = into(got);
    const progress: Progress = new PartitionProgress();
    await read(admin, 2, take, false, progress);
    const late = PartitionReader.open(admin, {
      ...{ partition: PARTITION, revision: 3, isSure: false, isOurs: () => false, progress },
      ...{ saved: new SavedProgress(admin, { replicas: 1, log: silent }), log: silentLogger() },
      take: () => undefined,
    });
    await assert.rejects(late, /the lease has ended/);
    await publish('one', 'two');
    await until('both are read', async () => got.length === 2);
    assert.equal(progress.isCounted, true);
    assert.equal(progress.floor, 2);
  });

  it('a consumer that was deleted begins after what is stored, also what was stored out of order', async () => {
    const got: string[] = [];
    const batches = new Map<string, Delivered>();
    const take = (batch: Delivered): void => {
      const name = Buffer.from(batch.data).toString();
      got.push(name);
      batches.set(name, batch);
      if (name !== 'waits') batch.acknowledge();
    };
    const progress: Progress = new PartitionProgress();
    await publish('one', 'two', 'waits', 'three');
    const first = await read(admin, 1, take, false, progress);
    await until('all four were handed out', async () => got.length === 4);
    const manager = await jetstreamManager(admin);
    await manager.consumers.delete(STREAM, `makai-${PARTITION}-1`);
    await first.ended;
    await publish('four');
    const second = await read(admin, 1, take, false, progress);
    await until('the next one', async () => got.includes('four'));
    assert.deepEqual(got, ['one', 'two', 'waits', 'three', 'four'], 'none is handed out twice');
    assert.equal(second.unacknowledged, 1);
    batches.get('waits')?.acknowledge();
    await until('the server knows', async () => {
      const [info] = await consumers();
      return info?.num_ack_pending === 0 && info.num_pending === 0;
    });
  });

  it('a stream that was deleted and made again is read from its beginning', async () => {
    const got: string[] = [];
    const take = into(got);
    const progress: Progress = new PartitionProgress();
    await publish('one', 'two');
    const first = await read(admin, 1, take, false, progress);
    await until('both were handed out', async () => got.length === 2);
    await first.stop();
    const manager = await jetstreamManager(admin);
    await manager.streams.delete(STREAM);
    await ensureStream(admin, { replicas: 1, maxBytes: 2 ** 26, maxAgeMs: 3_600_000 });
    await publish('first of the new one');
    await read(admin, 2, take, false, progress);
    await until('it is handed out', async () => got.length === 3);
  });

  it('does not begin again where the server that knows the consumer before does not answer', async () => {
    const cluster = await NatsServer.cluster(binary(), 3);
    const by = await connect({ servers: cluster.map(({ url }) => url), maxReconnectAttempts: -1 });
    try {
      const limits = { replicas: 3, maxBytes: 2 ** 26, maxAgeMs: 3_600_000 };
      await until('the stream is made', () =>
        ensureStream(by, limits).then(
          () => true,
          () => false,
        ),
      );
      const publisher = new Publisher(by);
      for (const body of ['one', 'two']) await publisher.publish(PARTITION, body, Buffer.from(body));
      const manager = await jetstreamManager(by);
      const before = `makai-${PARTITION}-1`;
      // On one server only.
      await manager.consumers.add(STREAM, {
        ...{ durable_name: before, filter_subject: subjectOf(PARTITION), num_replicas: 1 },
        ack_policy: AckPolicy.Explicit,
      });
      const consumer = await jetstream(by).consumers.get(STREAM, before);
      const first = await consumer.next();
      assert.ok(await first?.ackAck({ timeout: 60_000 }));
      const leader = (await consumer.info()).cluster?.leader;
      const server = cluster[Number(leader?.slice(1)) - 1];
      assert.ok(server);
      // The server writes to disk a moment later what was acknowledged.
      await sleep(3000);
      await server.kill();
      const got: string[] = [];
      const take = ({ acknowledge, data }: Delivered): void => {
        got.push(Buffer.from(data).toString());
        acknowledge();
      };
      await assert.rejects(read(by, 2, take));
      await assert.rejects(read(by, 2, take));
      await server.start();
      await until('it reads', () =>
        read(by, 2, take).then(
          () => true,
          () => false,
        ),
      );
      await until('the rest', async () => got.length > 0);
      assert.deepEqual(got, ['two']);
    } finally {
      for (const part of open.splice(0).reverse()) await part.stop();
      await by.close();
      await Promise.all(cluster.map((one) => one.stop()));
    }
  });

  it('knows what waits while it takes nothing', async () => {
    let goOn = (): void => undefined;
    let isOver = false;
    const reader = await PartitionReader.open(admin, {
      ...{ partition: PARTITION, revision: 1, isSure: false, log: silentLogger() },
      progress: new PartitionProgress(),
      saved: new SavedProgress(admin, { replicas: 1, log: silent }),
      isOurs: () => true,
      // The store does not answer.
      take: () =>
        isOver
          ? undefined
          : new Promise((resolve) => {
              goOn = resolve;
            }),
    });
    open.push({
      stop: async () => {
        const stopped = reader.stop();
        isOver = true;
        goOn();
        await stopped;
      },
    });
    const many = Array.from({ length: 60 }, (_, i) => `batch ${i}`);
    await publish(...many);
    await until('what waits is known', async () => {
      await reader.look();
      return reader.waiting > 0;
    });
    assert.ok(reader.waiting <= many.length);
  });

  it('the stream takes no message that is longer than any batch', async () => {
    const long = Buffer.alloc(200_000);
    assert.equal(await new Publisher(admin).publish(PARTITION, 'long', long), 'refused');
  });
});
