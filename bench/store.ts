/** `npm run bench -- store`: inserts a second through our MongoDB store, through the spool in front of it, and through the daemon, against the driver's own bulk insert. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Double, Long, MongoClient } from 'mongodb';
import { silentLogger } from '../common/log.js';
import { createColumns, METRICS, type MeasurementColumns } from '../proto/columns.js';
import { openMongoStore } from '../store/mongo/index.js';
import { type Primary, withSpool } from '../store/spool/index.js';
import type { Store } from '../store/store.js';
import { type MongoServer, startMongo } from '../test/support/mongo-server.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { Service } from './support/service.js';

const MEASUREMENTS = 20_000;
const SHORT = 8_000;
const BATCH = 1_000;
const BOXES = 100;
const RETENTION = { mode: 'ttl' as const, measurementsSeconds: 86_400 };
const DRIVER = "the driver's insertMany";
const DAEMON = 'through the triggering service';

/** Batches of `count` measurements with all four metrics, ten a second and box. */
function batchesOf(count: number): MeasurementColumns[] {
  const startMs = Date.now() - 3_600_000;
  return Array.from({ length: count / BATCH }, (_, batch) => {
    const columns = createColumns(BATCH);
    columns.count = BATCH;
    for (let i = 0; i < BATCH; i += 1) {
      const n = batch * BATCH + i;
      columns.boxId[i] = 1000 + (n % BOXES);
      columns.timestampMs[i] = startMs + Math.floor(n / BOXES) * 100;
      for (const metric of METRICS) {
        columns[metric].min[i] = 119 + (n % 7) / 8;
        columns[metric].average[i] = 120 + (n % 7) / 8;
        columns[metric].max[i] = 121 + (n % 7) / 8;
      }
    }
    return columns;
  });
}

/** The same measurements as a programmer would hand them to the driver. */
function documentsOf(columns: MeasurementColumns): object[] {
  const expireAt = new Date(Date.now() + 86_400_000);
  const value = (n: number | undefined): Double => new Double(n ?? 0);
  return Array.from({ length: columns.count }, (_, i) => {
    const extreme = (metric: 'f' | 'rms' | 'thd' | 'trans') => ({
      min: value(columns[metric].min[i]),
      max: value(columns[metric].max[i]),
    });
    return {
      box_id: String(columns.boxId[i]),
      timestamp_ms: Long.fromNumber(columns.timestampMs[i] ?? 0),
      expire_at: Long.fromNumber(expireAt.getTime() / 1000),
      frequency: value(columns.f.average[i]),
      voltage: value(columns.rms.average[i]),
      thd: value(columns.thd.average[i]),
      transient: value(columns.trans.average[i]),
      extremes: {
        frequency: extreme('f'),
        voltage: extreme('rms'),
        thd: extreme('thd'),
        transient: extreme('trans'),
      },
      expireAt,
    };
  });
}

const perSecond = (count: number, startedAt: number): number =>
  (count * 1000) / (performance.now() - startedAt);

let databases = 0;

/** A fresh database with the indexes of the data model. */
async function inFreshDatabase(
  server: MongoServer,
  work: (url: string, client: MongoClient) => Promise<number>,
): Promise<number> {
  databases += 1;
  const url = `${server.uri}/makai_bench_${process.pid}_${databases}`;
  const client = new MongoClient(url);
  try {
    await (await openMongoStore(url, { retention: RETENTION, log: silentLogger() })).close();
    return await work(url, client);
  } finally {
    await client.db().dropDatabase();
    await client.close();
  }
}

async function insertAll(store: Store, batches: readonly MeasurementColumns[]): Promise<number> {
  const startedAt = performance.now();
  let inserted = 0;
  for (const batch of batches) inserted += (await store.insertMeasurements(batch)).inserted;
  const figure = perSecond(inserted, startedAt);
  await store.close();
  return figure;
}

function contenders(server: MongoServer, count: number) {
  const open = (url: string): Promise<Primary> =>
    openMongoStore(url, { retention: RETENTION, log: silentLogger() });
  return [
    {
      name: DRIVER,
      once: () =>
        inFreshDatabase(server, async (_, client) => {
          const collection = client.db().collection('measurements');
          const batches = batchesOf(count);
          const startedAt = performance.now();
          for (const batch of batches) {
            await collection.insertMany(documentsOf(batch), {
              ordered: false,
              writeConcern: { w: 'majority', journal: true },
            });
          }
          return perSecond(count, startedAt);
        }),
    },
    {
      name: 'our store',
      once: () => inFreshDatabase(server, async (url) => insertAll(await open(url), batchesOf(count))),
    },
    {
      name: 'our store behind its spool',
      once: () =>
        inFreshDatabase(server, async (url) => {
          const folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
          const file = join(folder, 'spool.db');
          const limits = { maxBytes: 2 ** 30, maxAgeSeconds: 3600 };
          const spool = await withSpool({ open: () => open(url), file, ...limits, log: silentLogger() });
          const figure = await insertAll(spool, batchesOf(count));
          rmSync(folder, { recursive: true });
          return figure;
        }),
    },
    { name: DAEMON, once: () => inFreshDatabase(server, (url) => throughDaemon(url, count)) },
  ];
}

/** The daemon as a process, fed flat out by a C program; from the first message sent to the last one stored. */
async function throughDaemon(url: string, count: number): Promise<number> {
  // Box 3: four metrics with min and max, as the others insert them.
  const service = await Service.start({ boxes: BOXES, dialect: 3, stepMs: 1, store: url });
  try {
    const { lost, storedPerSecond } = await service.measure(count);
    if (lost > 0) throw new Error(`${lost} measurements were lost`);
    return storedPerSecond;
  } finally {
    await service.stop();
  }
}

async function run({ rounds, short = false }: { rounds: number; short?: boolean }): Promise<Comparison[]> {
  const server = await startMongo();
  if (server === undefined) return [];
  try {
    const mongo = await compare(
      {
        title: `MongoDB (${server.origin}): ${BATCH} measurements a batch, majority and journaled`,
        unit: 'measurements/s',
        better: 'higher',
        baseline: DRIVER,
        contenders: contenders(server, short ? SHORT : MEASUREMENTS),
        goals: [{ contender: DAEMON, ratio: 0.8 }],
      },
      Math.min(rounds, 5),
    );
    return [mongo];
  } finally {
    await server.stop();
  }
}

export const store: Benchmark = {
  name: 'store',
  what: "measurements a second into MongoDB: our store, its spool and the daemon against the driver's own bulk insert",
  long: true,
  run,
};
