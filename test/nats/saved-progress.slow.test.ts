/** Where reading goes on after NATS servers were restarted, which forget how far a consumer was: with real servers, one alone and three. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { silentLogger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { STREAM } from '../../nats/partition.js';
import { PartitionProgress } from '../../nats/partition-progress.js';
import { type Delivered, PartitionReader, type Progress } from '../../nats/partition-reader.js';
import { Publisher } from '../../nats/publisher.js';
import { PROGRESS_BUCKET, SavedProgress } from '../../nats/saved-progress.js';
import { ensureStream } from '../../nats/stream.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

const PARTITION = 5;
const silent = new ThrottledLog(silentLogger());
const AGAIN = { maxReconnectAttempts: -1, reconnectTimeWait: 100 };
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
      by = await connect({ servers: servers.map(({ url }) => url), ...AGAIN });
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
      const reader = await PartitionReader.open(by, {
        ...options,
        saved: new SavedProgress(by, { replicas, log: silent }),
      });
      open.push(reader);
      return reader;
    }
    const publish = (...batches: string[]) => publishBy(by, batches);
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

    it('says what was saved, and what is no progress is as if it were not there', async () => {
      const saved = new SavedProgress(by, { replicas, log: silent });
      // Any server may reply, also one that is a little behind.
      const floor = (value: number | undefined) =>
        until(`${value} is known`, async () => (await saved.read(PARTITION))?.floor === value);
      await floor(SAVED);
      const { floor: _floor, ...rest } = (await saved.read(PARTITION)) ?? { floor: 0 };
      assert.deepEqual(rest, { stream: progress.stream, mark: progress.mark });
      assert.equal(progress.mark?.seq, SAVED);
      assert.equal(await saved.read(PARTITION + 1), undefined);
      await by.request(`$KV.${PROGRESS_BUCKET}.partition.${PARTITION}`, 'nonsense');
      await floor(undefined);
    });

    it('the bucket is made again where somebody has deleted it', async () => {
      const saved = new SavedProgress(by, { replicas, log: silent });
      await saved.save(PARTITION, { stream: 'stream', floor: 1 });
      await (await manager()).streams.delete(`KV_${PROGRESS_BUCKET}`);
      await until('it is there again', () =>
        hasWorked(saved.save(PARTITION, { stream: 'stream', floor: 2 })),
      );
      await until('it is known', async () => (await saved.read(PARTITION))?.floor === 2);
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
  let server: NatsServer;
  let backup: string;
  let by: NatsConnection;
  let got: string[];
  const open: PartitionReader[] = [];

  beforeEach(async () => {
    server = await NatsServer.start(binary());
    backup = mkdtempSync(join(tmpdir(), 'makai-streams-'));
    by = await connect({ servers: server.url, ...AGAIN });
    got = [];
  });
  afterEach(async () => {
    for (const reader of open.splice(0)) await reader.stop();
    await by.close();
    await server.stop();
    rmSync(backup, { recursive: true, force: true });
  });

  async function read(progress: Progress, revision: number): Promise<PartitionReader> {
    const reader = await PartitionReader.open(by, {
      ...{ partition: PARTITION, revision, isSure: false, isOurs: () => true, progress },
      ...{ saved: new SavedProgress(by, { replicas: 1, log: silent }), log: silentLogger() },
      take: ({ acknowledge, data }) => {
        got.push(Buffer.from(data).toString());
        acknowledge();
        return undefined;
      },
    });
    open.push(reader);
    return reader;
  }
  const publish = (...batches: string[]) => publishBy(by, batches);

  // Ten batches are lost. When reading begins again, none, some or all of their numbers have been given again, and more.
  const cases = [
    [0, 'same'],
    [5, 'next'],
    [10, 'same'],
    [25, 'next'],
    [25, 'same'],
  ] as const;
  for (const [before, owner] of cases)
    it(`${before} new batches are there when the ${owner} owner begins: all of them are read`, async () => {
      await ensureStream(by, { ...LIMITS, replicas: 1 });
      const progress: Progress = new PartitionProgress();
      const first = await read(progress, 1);
      await publish(...bodies(0, 10));
      await until('all are stored', async () => got.length === 10);
      await first.save();
      await first.stop();
      await server.kill();
      cpSync(server.folder, backup, { recursive: true });
      await server.start();
      await until('there is a connection', () => hasWorked(by.flush()));
      let second: PartitionReader | undefined;
      await until('it is read', () =>
        hasWorked(
          read(progress, 1).then((one) => {
            second = one;
          }),
        ),
      );
      await publish(...bodies(10, 20));
      await until('the next are stored', async () => got.length === 20);
      await second?.save();
      const kept = await new SavedProgress(by, { replicas: 1, log: silent }).read(PARTITION);
      assert.equal(kept?.floor, 20);
      await second?.stop();
      await server.kill();
      // The bucket of what was saved has not lost its end.
      const bucket = join('jetstream', '$G', 'streams', `KV_${PROGRESS_BUCKET}`);
      rmSync(join(backup, bucket), { recursive: true });
      cpSync(join(server.folder, bucket), join(backup, bucket), { recursive: true });
      rmSync(server.folder, { recursive: true });
      cpSync(backup, server.folder, { recursive: true });
      await server.start();
      const fresh = bodies(100, 100 + before);
      await publish(...fresh);
      got = [];
      const [own, revision] = owner === 'same' ? [progress, 1] : [new PartitionProgress(), 2];
      await until('it is read again', () => hasWorked(read(own as Progress, revision)));
      await publish(...bodies(200, 205));
      const wanted = [...fresh, ...bodies(200, 205)];
      await until('the new ones', async () => wanted.every((body) => got.includes(body)));
      const last = open.at(-1);
      await last?.save();
      const now = await new SavedProgress(by, { replicas: 1, log: silent }).read(PARTITION);
      assert.equal(now?.floor, 15 + before);
    });
});

/** Until all are in the stream: servers may be on their way up. */
async function publishBy(by: NatsConnection, batches: readonly string[]): Promise<void> {
  const publisher = new Publisher(by);
  for (const body of batches)
    await until('it is in the stream', () =>
      hasWorked(publisher.publish(PARTITION, body, Buffer.from(body))),
    );
}

async function hasWorked(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
