/**
 * 200 viewers of 1,000 boxes, and people who look at charts and events, while 10,000 measurements a second are stored. All on the same cores: stream, triggering service, web
 * service and viewers (peers/viewers.c). A run fails if a measurement is lost, or a viewer is disconnected or does not get its events.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { openSqliteStore } from '../store/sqlite/index.js';
import { fieldsOf } from '../test/web-service/given.js';
import { type Comparison, compare } from './compare.js';
import { peer } from './support/peers.js';
import { Measured } from './support/process.js';
import { Service } from './support/service.js';
import { fill, RETENTION } from './web-reads.js';

const BOXES = 1000;
const RATE = 10_000;
const SECONDS = 10;
const VIEWERS = 200;
/** As the page asks. */
const PER_SECOND = 2;
/** Of the events of a viewer that it must get: some come together when others use the machine. */
const SHARE = 0.8;
/** Requests at the same time. */
const READERS = 4;
const MINUTES = 100_000;
const LOOK_MS = 20;
const MINUTE_MS = 60_000;
/** Longest that the newest measurements wait for the store beside queries; a batch is collected for a while in any case. */
const BEHIND_MS = 2000;

interface Outcome {
  /** CPU seconds of the web service per second */
  cores: number;
  /** longest that the store was behind what had been received, ms of the stream */
  behindMs: number;
}

export async function compareViewers(rounds: number): Promise<Comparison[]> {
  const kept = new Map<string, Outcome[]>();
  /** Two figures come from each run: the second comparison takes those of the first. */
  const run = async (name: string, viewers: number, readers: number): Promise<Outcome> => {
    const outcome = await measure(viewers, readers);
    kept.set(name, [...(kept.get(name) ?? []), outcome]);
    return outcome;
  };
  const alone = 'nobody looks';
  const watched = `${VIEWERS} viewers`;
  const queried = `${READERS} charts or pages at a time`;
  const cost = await compare(
    {
      title: `web service beside ${RATE} measurements/s of ${BOXES} boxes`,
      unit: 'cores',
      better: 'lower',
      baseline: alone,
      goals: [{ contender: watched, figure: 1 }],
      contenders: [
        { name: alone, once: async () => (await run(alone, 0, 0)).cores },
        { name: watched, once: async () => (await run(watched, VIEWERS, 0)).cores },
        { name: queried, once: async () => (await run(queried, 0, READERS)).cores },
      ],
      warmUp: false,
    },
    rounds,
  );
  const next = (name: string) => ({ name, once: () => kept.get(name)?.shift()?.behindMs ?? Number.NaN });
  const behind = await compare(
    {
      title: 'storing meanwhile: longest time behind the stream',
      unit: 'ms',
      better: 'lower',
      baseline: alone,
      goals: [
        { contender: watched, figure: BEHIND_MS },
        { contender: queried, figure: BEHIND_MS },
      ],
      contenders: [alone, watched, queried].map(next),
      warmUp: false,
    },
    rounds,
  );
  return [cost, behind];
}

async function measure(viewers: number, readers: number): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'makai-bench-live-'));
  const file = join(folder, 'makai.db');
  const startMs = Date.now() - (MINUTES + 60) * MINUTE_MS;
  let web: Measured | undefined;
  let watching: Measured | undefined;
  let service: Service | undefined;
  let listen = '';
  try {
    if (readers > 0) {
      const store = await openSqliteStore(file, { retention: RETENTION });
      await fill(store, { start: startMs, minutes: MINUTES, events: 1000 });
      await store.close();
    }
    service = await Service.start({
      ...{ boxes: BOXES, dialect: 3, stepMs: (1000 * BOXES) / RATE, store: `sqlite:${file}` },
      beside: async (endpoint) => {
        web = await startWeb(folder, file, endpoint);
        listen = (await web.json<{ endpoints: { listen: string } }>()).endpoints.listen;
      },
    });
    if (web === undefined) throw new Error('the web service did not start');
    await service.measure(2 * RATE); // until the code is compiled
    if (viewers > 0) {
      const path = `/api/v1/live?per_second=${PER_SECOND}&topics=measurements`;
      watching = new Measured('viewers', peer('viewers'), [new URL(listen).port, path, String(viewers)]);
      await watching.until('ready');
      watching.write('\n');
      await watching.line();
    }
    const stop = new AbortController();
    const reading = Array.from({ length: readers }, (_, i) => readOn(listen, startMs, i, stop.signal));
    const looking = longestBehind(service, stop.signal);
    const before = web.cpuSeconds();
    const began = performance.now();
    const { lost } = await service.measure(RATE * SECONDS, RATE);
    const seconds = (performance.now() - began) / 1000;
    const cores = (web.cpuSeconds() - before) / seconds;
    stop.abort();
    await Promise.all(reading);
    if (lost > 0) throw new Error(`${lost} of ${RATE * SECONDS} measurements were lost`);
    if (watching !== undefined) await checkViewers(watching, viewers);
    return { cores, behindMs: await looking };
  } finally {
    await watching?.stop('SIGKILL');
    await web?.stop('SIGKILL');
    await service?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startWeb(folder: string, file: string, endpoint: string): Promise<Measured> {
  const config = join(folder, 'web_service.json');
  const fields = await fieldsOf(`sqlite:${file}`, { zmq_trigger_endpoint: endpoint, log_level: 'warn' });
  await writeFile(config, JSON.stringify(fields), { mode: 0o600 });
  const program = join(PACKAGE_ROOT, 'dist/cli/main.js');
  return new Measured('web-service', process.execPath, [program, 'web-service', config]);
}

async function checkViewers(watching: Measured, viewers: number): Promise<void> {
  watching.write('\n');
  const got = await watching.json<{ viewers: number; min_events: number }>();
  const expected = SHARE * PER_SECOND * SECONDS;
  if (got.viewers < viewers || got.min_events < expected)
    throw new Error(
      `${got.viewers} of ${viewers} viewers stayed; one got ${got.min_events} events, expected ${expected}`,
    );
}

/** Looks at the service's own counters, until it is stopped. @returns ms of the stream */
async function longestBehind(service: Service, signal: AbortSignal): Promise<number> {
  let longest = 0;
  while (!signal.aborted) {
    const { store } = await service.status();
    longest = Math.max(longest, (1000 * store.waiting) / RATE);
    await sleep(LOOK_MS);
  }
  return longest;
}

/** Charts that nobody has asked for before, and pages of events, one after another. */
async function readOn(listen: string, startMs: number, reader: number, signal: AbortSignal): Promise<void> {
  for (let i = 1; !signal.aborted; i += 1) {
    const from = startMs + 10 * i + reader;
    const to = startMs + MINUTES * MINUTE_MS;
    const path =
      i % 2 === 0
        ? `events?limit=100&from=${from}`
        : `boxes/7/chart?source=trends&points=2000&from=${from}&to=${to}`;
    const response = await fetch(`${listen}/api/v1/${path}`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
  }
}
