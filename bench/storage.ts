/** `npm run bench -- storage`: measurements per second into a store, through the triggering service against the bulk insert of the store. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Long, MongoClient } from 'mongodb';
import { silentLogger } from '../common/log.js';
import { createColumns, METRICS, type MeasurementColumns } from '../proto/columns.js';
import { openMongoStore } from '../store/mongo/index.js';
import { measurementDocument } from '../store/mongo/measurements/measurement-document.js';
import { openStore } from '../store/open.js';
import { withSpool } from '../store/spool/index.js';
import type { Store } from '../store/store.js';
import { startMongo } from '../test/support/mongo-server.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { ROWS_PER_STATEMENT, readyRows, sqliteAlone } from './sqlite-alone.js';
import { Service } from './support/service.js';

const BOXES = 100;
/** ms of box time between measurements. The second pass continues where the first ended, and must not be five minutes ahead of the clock. */
const STEP_MS = 80;
/** Whole batches, so that the last one does not wait to be filled; no more than the service holds (`limits.queue_measurements`). */
const MESSAGES = 300_000;
const SHORT_MESSAGES = 100_000;
/** A server accepts some thousands per second. */
const MONGO_SHARE = 0.1;
/** Batch size, as the service writes them (`batch.max_measurements`). */
const BATCH = 5000;
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const GOAL = 0.8;
const THROUGH = 'through the triggering service';

/** The same measurements as those of the stream (peers/stream.c), in batches. */
function batches(messages: number): MeasurementColumns[] {
  const start = Date.now() - (messages / BOXES) * STEP_MS;
  const values = { f: 60, rms: 120, thd: 0.02, trans: 1 };
  return Array.from({ length: Math.ceil(messages / BATCH) }, (_, b) => {
    const columns = createColumns(BATCH);
    columns.count = Math.min(BATCH, messages - b * BATCH);
    for (let i = 0; i < columns.count; i++) {
      const n = b * BATCH + i;
      columns.boxId[i] = 1000 + (n % BOXES);
      columns.timestampMs[i] = start + Math.floor(n / BOXES) * STEP_MS;
      columns.dialect[i] = 3;
      for (const metric of METRICS) {
        const average = values[metric] + (metric === 'rms' ? Math.sin(n) / 20 : 0);
        columns[metric].average[i] = average;
        columns[metric].min[i] = average * 0.999;
        columns[metric].max[i] = average * 1.001;
      }
    }
    return columns;
  });
}

/** @returns measurements per second */
async function storeAlone(url: string, all: readonly MeasurementColumns[]): Promise<number> {
  return insertAll(await openStore(url, { retention: RETENTION, log: silentLogger() }), all);
}

/** As in the daemons. @returns measurements per second; spooled ones count when they are in the database */
async function spoolAlone(url: string, all: readonly MeasurementColumns[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'makai-bench-'));
  const open = () => openMongoStore(url, { retention: RETENTION, log: silentLogger() });
  const limits = { maxBytes: 2 ** 30, maxAgeSeconds: 3600 };
  try {
    const spool = await withSpool({ open, file: join(folder, 'spool.db'), ...limits, log: silentLogger() });
    return await insertAll(spool, all, () => spool.drained());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function insertAll(
  store: Store,
  all: readonly MeasurementColumns[],
  drained: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  try {
    const start = performance.now();
    let stored = 0;
    for (const batch of all) stored += (await store.apply({ kind: 'measurements', columns: batch })).inserted;
    await drained();
    return (1000 * stored) / (performance.now() - start);
  } finally {
    await store.close();
  }
}

/** `insertMany` of prepared documents into a database with the indexes of the store. @returns documents per second */
async function driverAlone(
  uri: string,
  database: string,
  all: readonly MeasurementColumns[],
): Promise<number> {
  await (await openStore(`${uri}/${database}`, { retention: RETENTION, log: silentLogger() })).close();
  const client = await MongoClient.connect(uri);
  try {
    const measurements = client
      .db(database)
      .collection('measurements', { writeConcern: { w: 'majority', journal: true } });
    const until = Math.floor(Date.now() / 1000) + RETENTION.measurementsSeconds;
    const expiry = { expire_at: Long.fromNumber(until), expireAt: new Date(until * 1000) };
    const documents = all.map((batch) =>
      Array.from({ length: batch.count }, (_, i) => measurementDocument(batch, i, expiry)),
    );
    const start = performance.now();
    for (const batch of documents) await measurements.insertMany(batch, { ordered: false });
    return (1000 * documents.flat().length) / (performance.now() - start);
  } finally {
    await client.close();
  }
}

/** @returns measurements per second, from the first one sent until all are stored */
async function throughService(store: string, messages: number): Promise<number> {
  const service = await Service.start({ boxes: BOXES, dialect: 3, stepMs: STEP_MS, store });
  try {
    // Warm up until the code is compiled, since a daemon runs for months.
    const first = BATCH * Math.max(1, Math.floor(messages / 4 / BATCH));
    await service.measure(first);
    const { lost, storedPerSecond } = await service.measure(messages);
    const { duplicates, stored } = (await service.status()).store;
    if (lost > 0 || stored !== first + messages)
      throw new Error(`${stored} of ${first + messages} stored, ${lost} lost, ${duplicates} duplicates`);
    return storedPerSecond;
  } finally {
    await service.stop();
  }
}

async function compareSqlite(rounds: number, messages: number): Promise<Comparison> {
  const all = batches(messages);
  const ready = readyRows(all, Math.floor(Date.now() / 1000) + RETENTION.measurementsSeconds);
  const folder = await mkdtemp(join(tmpdir(), 'makai-bench-'));
  let files = 0;
  const file = (): string => join(folder, `${++files}.db`);
  const baseline = `better-sqlite3, ${ROWS_PER_STATEMENT} rows per statement`;
  try {
    return await compare(
      {
        title: `SQLite: ${messages} measurements of ${BOXES} Box 3s, storing`,
        unit: 'measurements/s',
        better: 'higher',
        baseline,
        contenders: [
          { name: baseline, once: () => sqliteAlone(file(), ready) },
          { name: 'the same with an index on expiry', once: () => sqliteAlone(file(), ready, true) },
          { name: 'the store, fed directly', once: () => storeAlone(`sqlite:${file()}`, all) },
          { name: THROUGH, once: () => throughService(`sqlite:${file()}`, messages) },
        ],
        warmUp: false,
        goals: [{ contender: THROUGH, ratio: GOAL }],
      },
      rounds,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareMongo(rounds: number, messages: number): Promise<Comparison[]> {
  const server = await startMongo();
  if (server === undefined) return [];
  const all = batches(messages);
  const client = await MongoClient.connect(server.uri);
  let number = 0;
  /** Each run uses a new database, which is removed afterwards. */
  const inOwn = async (run: (database: string) => Promise<number>): Promise<number> => {
    const database = `bench_${++number}`;
    try {
      return await run(database);
    } finally {
      await client.db(database).dropDatabase();
    }
  };
  const baseline = "the driver's insertMany";
  try {
    const comparison = await compare(
      {
        title: `MongoDB: ${messages} measurements of ${BOXES} Box 3s, storing`,
        unit: 'measurements/s',
        better: 'higher',
        baseline,
        contenders: [
          { name: baseline, once: () => inOwn((database) => driverAlone(server.uri, database, all)) },
          {
            name: 'the store, fed directly',
            once: () => inOwn((database) => storeAlone(`${server.uri}/${database}`, all)),
          },
          {
            name: 'the store behind its spool',
            once: () => inOwn((database) => spoolAlone(`${server.uri}/${database}`, all)),
          },
          {
            name: THROUGH,
            once: () => inOwn((database) => throughService(`${server.uri}/${database}`, messages)),
          },
        ],
        warmUp: false,
        goals: [{ contender: THROUGH, ratio: GOAL }],
      },
      rounds,
    );
    return [comparison];
  } finally {
    await client.close();
    await server.stop();
  }
}

export const storage: Benchmark = {
  name: 'storage',
  what: 'measurements per second into SQLite and MongoDB, through the triggering service against the bulk insert of the store',
  run: async ({ rounds, short = false }) => {
    const messages = short ? SHORT_MESSAGES : MESSAGES;
    const fewer = Math.min(rounds, 3);
    return [await compareSqlite(fewer, messages), ...(await compareMongo(fewer, messages * MONGO_SHARE))];
  },
};
