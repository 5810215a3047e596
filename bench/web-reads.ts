/** A chart of a year of trends, and a page of 100,000 events, against the cheapest reads of the store itself. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../common/log.js';
import { DatabaseHandle } from '../store/sqlite/handle.js';
import { openSqliteStore } from '../store/sqlite/index.js';
import type { Store, TrendDocument } from '../store/store.js';
import { settingsOf } from '../test/web-service/given.js';
import { startWebService, type WebService } from '../web-service/index.js';
import { readChart } from '../web-service/operations/charts.js';
import { pageOf } from '../web-service/operations/pages.js';
import { type Comparison, compare } from './compare.js';
import { timed, times } from './support/timed.js';

const MINUTE_MS = 60_000;
export const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const AMOUNTS = {
  long: { minutes: 525_600, events: 100_000, points: 2000 },
  short: { minutes: 52_560, events: 10_000, points: 200 },
} as const;
const TRENDS_A_WRITE = 5000;
/** Written side by side: they share a sync of the disk. */
const EVENTS_AT_ONCE = 500;
const PAGE = 100;
const PAGES = 50;

export async function compareReads(rounds: number, short: boolean): Promise<Comparison[]> {
  const { events, minutes, points } = short ? AMOUNTS.short : AMOUNTS.long;
  // All of it lies in the past, where a chart may be kept.
  const end = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 60 * MINUTE_MS;
  const start = end - minutes * MINUTE_MS;
  const folder = await mkdtemp(join(tmpdir(), 'makai-bench-web-'));
  const file = join(folder, 'makai.db');
  const store = await openSqliteStore(file, { retention: RETENTION });
  const db = new DatabaseHandle(file);
  let service: WebService | undefined;
  try {
    await fill(store, { start, minutes, events });
    service = await startWebService(await settingsOf(`sqlite:${file}`), {
      log: silentLogger(),
      openStore: () => openSqliteStore(file, { retention: RETENTION }),
    });
    const base = `${service.endpoints.listen}/api/v1`;
    return [
      await compareCharts({ store, db, base, start, end, points }, rounds),
      await comparePages({ store, base, start, events }, rounds),
    ];
  } finally {
    await service?.stop();
    db.close();
    await store.close();
    await rm(folder, { recursive: true });
  }
}

interface Charts {
  store: Store;
  db: DatabaseHandle;
  base: string;
  start: number;
  end: number;
  points: number;
}

function compareCharts({ base, db, end, points, start, store }: Charts, rounds: number): Promise<Comparison> {
  // What a chart needs of all rows, in one statement.
  const columns = ['voltage', 'frequency', 'thd', 'transient'].map(
    (field) => `min(${field}_min), max(${field}_max), avg(${field}_average)`,
  );
  const scan = db.prepare<[string], unknown>(
    `SELECT count(*), total(flagged), ${columns.join(', ')} FROM trends WHERE box_id = ?`,
  );
  const chart = (to: number): Promise<void> =>
    read(`${base}/boxes/7/chart?source=trends&from=${start}&to=${to}&points=${points}`);
  let asked = 0;
  return compare(
    {
      title: `${(end - start) / MINUTE_MS} minutes of trends as ${points} points`,
      unit: 'ms',
      better: 'lower',
      baseline: 'scan in SQLite',
      goals: [
        { contender: 'chart', ratio: 0.5 },
        { contender: 'chart over HTTP', ratio: 0.5 },
        { contender: 'the same chart again', ratio: 5 },
      ],
      contenders: [
        { name: 'scan in SQLite', once: () => timed(() => scan.get('7')) },
        {
          name: 'chart',
          once: () => timed(() => readChart(store, '7', 'trends', { from: start, to: end, points })),
        },
        {
          name: 'chart over HTTP',
          once: () => {
            asked += 1; // another range each time, which nobody has asked for
            return timed(() => chart(end + asked));
          },
        },
        {
          name: 'the same chart again',
          once: async () => {
            await chart(end);
            return timed(() => chart(end));
          },
        },
      ],
    },
    rounds,
  );
}

interface Pages {
  store: Store;
  base: string;
  start: number;
  events: number;
}

function comparePages({ base, events, start, store }: Pages, rounds: number): Promise<Comparison> {
  const query = { limit: PAGE, order: 'newest' as const, from: start };
  const source = {
    read: (range: object) => store.events(range),
    timeOf: (one: { target_event_start_timestamp_ms: number }) => one.target_event_start_timestamp_ms,
    idOf: (one: { event_id: number }) => one.event_id,
    jsonOf: (one: object) => one,
  };
  const bare = async (): Promise<void> => {
    const rows = [];
    for await (const one of store.events({ fromMs: start, descending: true, limit: PAGE })) rows.push(one);
    JSON.stringify(rows);
  };
  return compare(
    {
      title: `a page of ${PAGE} of ${events} events`,
      unit: `ms for ${PAGES}`,
      better: 'lower',
      baseline: `read of ${PAGE} rows`,
      // Over HTTP it is mostly a matter of how busy the machine is: six changes of thread or process for 2 ms of work.
      goals: [{ contender: 'page', ratio: 1 / 3 }],
      contenders: [
        { name: `read of ${PAGE} rows`, once: () => timed(() => times(PAGES, bare)) },
        {
          name: 'page',
          once: () => timed(() => times(PAGES, async () => JSON.stringify(await pageOf(query, source)))),
        },
        {
          name: 'page over HTTP',
          once: () =>
            timed(() => times(PAGES, () => read(`${base}/events?from=${start}&limit=${PAGE}&order=newest`))),
        },
      ],
    },
    rounds,
  );
}

/** @throws Error where it is not given */
async function read(url: string): Promise<void> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
}

interface Amounts {
  start: number;
  minutes: number;
  events: number;
}

export async function fill(store: Store, { events, minutes, start }: Amounts): Promise<void> {
  for (let from = 0; from < minutes; from += TRENDS_A_WRITE) {
    const trends = Array.from({ length: Math.min(TRENDS_A_WRITE, minutes - from) }, (_, i) =>
      trendAt(start, from + i),
    );
    await store.apply({ kind: 'trends', trends });
  }
  for (let id = 1; id <= events; id += EVENTS_AT_ONCE) {
    const ids = Array.from({ length: Math.min(EVENTS_AT_ONCE, events - id + 1) }, (_, i) => id + i);
    await Promise.all(ids.map((one) => store.apply({ kind: 'event', event: eventAt(start, one) })));
  }
}

function trendAt(start: number, i: number): Omit<TrendDocument, 'expire_at'> {
  const values = (base: number) => ({ min: base - (i % 7) / 10, max: base + (i % 11) / 10, average: base });
  return {
    box_id: '7',
    timestamp_ms: start + (i + 1) * MINUTE_MS,
    location: 'lab',
    voltage: values(120),
    frequency: values(60),
    thd: values(2),
  };
}

function eventAt(startMs: number, id: number) {
  const start = startMs + id * 1000;
  return {
    event_id: id,
    type: 'VOLTAGE_SAG',
    description: 'bench',
    boxes_triggered: ['1', '2', '3'],
    percent_magnitude: 10,
    target_event_start_timestamp_ms: start,
    target_event_end_timestamp_ms: start + 500,
  };
}
