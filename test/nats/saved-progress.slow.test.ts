/** Where reading goes on after NATS servers were restarted, which forget how far a consumer was: with real servers, one alone and three. */
import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { silentLogger } from '../../common/log.js';
import { STREAM } from '../../nats/partition.js';
import { PartitionProgress } from '../../nats/partition-progress.js';
import { type Delivered, PartitionReader, type Progress } from '../../nats/partition-reader.js';
import { Publisher } from '../../nats/publisher.js';
import { PROGRESS_BUCKET, SavedProgress } from '../../nats/saved-progress.js';
import { ensureStream } from '../../nats/stream.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

const PARTITION = 5;
const MANY = 40;
/** Of them acknowledged and saved. */
const SAVED = 30;

const bodies = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `batch ${from + i}`);

for (const count of [1, 3])
  describe(`nats/saved-progress: ${count} of ${count} servers killed`, function () {
    this.timeout(600_000);
    const binary = givenNats();
    let servers: NatsServer[];
    let by: NatsConnection;
    let progress: Progress;
    let got: string[];
    const open: PartitionReader[] = [];

    beforeEach(async () => {
      servers = count === 1 ? [await NatsServer.start(binary())] : await NatsServer.cluster(binary(), count);
      by = await connect({ servers: servers.map(({ url }) => url), maxReconnectAttempts: -1 });
      const limits = { replicas: count, maxBytes: 2 ** 26, maxAgeMs: 3_600_000 };
      await until('the stream is made', () => hasWorked(ensureStream(by, limits)));
      progress = new PartitionProgress();
      got = [];
      const reader = await read(1);
      await publish(...bodies(0, SAVED));
      await until('the first are stored', async () => got.length === SAVED && reader.unacknowledged === 0);
      await reader.save();
    });
    afterEach(async () => {
      for (const reader of open.splice(0)) await reader.stop();
      await by.close();
      await Promise.all(servers.map((server) => server.stop()));
    });

    async function read(revision: number): Promise<PartitionReader> {
      const take = ({ acknowledge, data }: Delivered): undefined => {
        got.push(Buffer.from(data).toString());
        acknowledge();
      };
      const options = { partition: PARTITION, revision, isSure: false, progress, log: silentLogger(), take };
      const reader = await PartitionReader.open(by, { ...options, saved: new SavedProgress(by, count) });
      open.push(reader);
      return reader;
    }
    async function publish(...batches: string[]): Promise<void> {
      const publisher = new Publisher(by);
      for (const body of batches)
        await until('it is in the stream', () =>
          hasWorked(publisher.publish(PARTITION, body, Buffer.from(body))),
        );
    }
    async function restarted(): Promise<void> {
      await Promise.all(servers.map((server) => server.kill()));
      await Promise.all(servers.map((server) => server.start()));
    }
    const readAgain = (revision: number) =>
      until('it is read again', () => hasWorked(read(revision)), 300_000);

    it('the same owner goes on behind what it has stored, also behind what was not saved', async () => {
      await publish(...bodies(SAVED, MANY));
      await until('all are stored', async () => got.length === MANY);
      const [before] = open;
      await restarted();
      await publish('next');
      // As the service does: what ends is opened again.
      await before?.ended;
      await readAgain(1);
      await until('the next one', async () => got.includes('next'));
      assert.deepEqual(got, [...bodies(0, MANY), 'next']);
    });

    it('another owner goes on behind what was saved', async () => {
      for (const reader of open) await reader.stop();
      got = [];
      await restarted();
      progress = new PartitionProgress();
      await readAgain(2);
      await publish('next');
      await until('the next one', async () => got.includes('next'));
      assert.deepEqual(got, ['next']);
    });

    it('what was saved of another stream of this name says nothing', async () => {
      for (const reader of open) await reader.stop();
      got = [];
      const saved = new SavedProgress(by, count);
      assert.equal(await saved.floorOf(PARTITION, progress.stream), SAVED);
      assert.equal(await saved.floorOf(PARTITION, 'another'), 0);
      assert.equal(await saved.floorOf(PARTITION + 1, progress.stream), 0);
      await by.request(`$KV.${PROGRESS_BUCKET}.partition.${PARTITION}`, 'nonsense');
      assert.equal(await saved.floorOf(PARTITION, progress.stream), 0);
    });

    it('what a consumer acknowledges is kept in memory', async () => {
      const manager = await jetstreamManager(by, { timeout: 60_000 });
      const { config } = await manager.consumers.info(STREAM, `makai-${PARTITION}-1`);
      assert.equal(config.mem_storage, true);
      assert.equal(config.num_replicas, 0, 'as many as the stream');
    });
  });

async function hasWorked(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
