/** Which batches of a partition are handed out again, with a real nats-server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { silentLogger } from '../../common/log.js';
import { STREAM } from '../../nats/partition.js';
import { type Delivered, PartitionReader } from '../../nats/partition-reader.js';
import { Publisher } from '../../nats/publisher.js';
import { ensureStream } from '../../nats/stream.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

const PARTITION = 5;

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
  ): Promise<PartitionReader> {
    const taken = async (batch: Delivered): Promise<void> => take(batch);
    const reader = await PartitionReader.open(by, PARTITION, revision, taken, silentLogger(), isSure);
    open.push(reader);
    return reader;
  }
  async function publish(...bodies: string[]): Promise<void> {
    const publisher = new Publisher(admin);
    for (const body of bodies) await publisher.publish(PARTITION, body, Buffer.from(body));
  }
  const consumers = async () => {
    const manager = await jetstreamManager(admin);
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
    const take = ({ acknowledge, data }: Delivered): void => {
      got.push(Buffer.from(data).toString());
      acknowledge();
    };
    const first = await read(admin, 900, take);
    await publish('one');
    await until('it is acknowledged', async () => (await consumers())[0]?.num_ack_pending === 0);
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

  it('the stream takes no message that is longer than any batch', async () => {
    const long = Buffer.alloc(200_000);
    assert.equal(await new Publisher(admin).publish(PARTITION, 'long', long), 'refused');
  });
});
