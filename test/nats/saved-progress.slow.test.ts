/** Where reading goes on after NATS servers were restarted, which forget how far a consumer was: with real servers, one alone and three. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
const LIMITS = { maxBytes: 2 ** 26, maxAgeMs: 3_600_000 };
const MANY = 40;
/** Of them acknowledged and saved. */
const SAVED = 30;

const bodies = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `batch ${from + i}`);

for (const { count, replicas } of [
  { count: 1, replicas: 1 },
  { count: 3, replicas: 1 },
  { count: 3, replicas: 3 },
])
  describe(`nats/saved-progress: ${count} of ${count} servers killed, replicas: ${replicas}`, function () {
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
      await until('the stream is made', () => hasWorked(ensureStream(by, { ...LIMITS, replicas })));
      progress = new PartitionProgress();
      got = [];
      await readAgain(1);
      const [reader] = open;
      await publish(...bodies(0, SAVED));
      await until('the first are stored', async () => got.length === SAVED && reader?.unacknowledged === 0);
      await until('that is saved', () => hasWorked(reader?.save() ?? Promise.reject()));
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
      const lease = { partition: PARTITION, revision, isSure: false, isOurs: () => true };
      const options = { ...lease, progress, log: silentLogger(), take };
      const reader = await PartitionReader.open(by, { ...options, saved: new SavedProgress(by, replicas) });
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
      // As the service does: a reader that ends is opened again. One whose consumer is on disk goes on.
      let isOver = false;
      const again = before?.ended.then(() => (isOver ? undefined : readAgain(1)));
      await until('the next one', async () => got.includes('next'), 300_000);
      isOver = true;
      if (replicas === 1) await again;
      assert.deepEqual(got, [...bodies(0, MANY), 'next']);
      const start = (await consumer(1)).config.opt_start_seq;
      assert.equal(start, replicas === 1 ? MANY + 1 : undefined, 'a consumer on disk is there again');
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

    it('what was saved of another stream of this name says nothing, and what is no progress is as if it were not there', async () => {
      const saved = new SavedProgress(by, replicas);
      // Any server may reply, also one that is a little behind.
      const floor = (value: number) =>
        until(`${value} is known`, async () => (await saved.floorOf(PARTITION, progress.stream)) === value);
      await floor(SAVED);
      assert.equal(await saved.floorOf(PARTITION, 'another'), 0);
      assert.equal(await saved.floorOf(PARTITION + 1, progress.stream), 0);
      await by.request(`$KV.${PROGRESS_BUCKET}.partition.${PARTITION}`, 'nonsense');
      await floor(0);
    });

    it('the bucket is made again where somebody has deleted it', async () => {
      const saved = new SavedProgress(by, replicas);
      await saved.save(PARTITION, 'stream', 1);
      await (await manager()).streams.delete(`KV_${PROGRESS_BUCKET}`);
      await until('it is there again', () => hasWorked(saved.save(PARTITION, 'stream', 2)));
      await until('it is known', async () => (await saved.floorOf(PARTITION, 'stream')) === 2);
    });

    it('one server keeps in memory what a consumer acknowledges, several on disk', async () => {
      const { config } = await consumer(1);
      assert.equal(config.mem_storage ?? false, replicas === 1);
    });

    // The client's own time for a reply is 5 s: a busy machine takes longer.
    const manager = () => jetstreamManager(by, { timeout: 60_000 });
    const consumer = async (revision: number) =>
      (await manager()).consumers.info(STREAM, `makai-${PARTITION}-${revision}`);
  });

describe('nats/saved-progress: a stream that has lost its end', function () {
  this.timeout(600_000);
  const binary = givenNats();

  it('what comes under sequences that were given before is read', async () => {
    const server = await NatsServer.start(binary());
    const backup = mkdtempSync(join(tmpdir(), 'makai-streams-'));
    const by = await connect({ servers: server.url, maxReconnectAttempts: -1 });
    const got: string[] = [];
    const progress: Progress = new PartitionProgress();
    const read = () =>
      PartitionReader.open(by, {
        ...{ partition: PARTITION, revision: 1, isSure: false, isOurs: () => true, progress },
        ...{ saved: new SavedProgress(by, 1), log: silentLogger() },
        take: ({ acknowledge, data }) => {
          got.push(Buffer.from(data).toString());
          acknowledge();
          return undefined;
        },
      });
    let reader: PartitionReader | undefined;
    try {
      await ensureStream(by, { ...LIMITS, replicas: 1 });
      const publish = async (...batches: string[]) => {
        const publisher = new Publisher(by);
        for (const body of batches)
          await until('it is in the stream', () =>
            hasWorked(publisher.publish(PARTITION, body, Buffer.from(body))),
          );
      };
      await publish(...bodies(0, 10));
      await server.kill();
      cpSync(server.folder, backup, { recursive: true });
      await server.start();
      await until('there is a connection', () => hasWorked(by.flush()));
      reader = await read();
      await publish(...bodies(10, 20));
      await until('all are stored', async () => got.length === 20);
      await reader.save();
      await server.kill();
      rmSync(server.folder, { recursive: true });
      cpSync(backup, server.folder, { recursive: true });
      await server.start();
      await reader.ended;
      await until('it is read again', () =>
        hasWorked(
          read().then((one) => {
            reader = one;
          }),
        ),
      );
      await publish(...bodies(100, 110));
      await until('the new ones', async () => bodies(100, 110).every((body) => got.includes(body)));
    } finally {
      await reader?.stop();
      await by.close();
      await server.stop();
      rmSync(backup, { recursive: true, force: true });
    }
  });
});

async function hasWorked(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
