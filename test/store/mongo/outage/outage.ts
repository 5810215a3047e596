/** Kills the database under load, starts it again after a while, and counts: everything accepted must be in it, once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { countStored, type Row } from './count.js';
import { KINDS, type Line, startLine } from './line.js';
import { Load } from './load.js';

export interface OutageOptions {
  boxes: number;
  /** seconds of load before, without the database, and after; before: 0 = the daemons start without it */
  beforeSeconds: number;
  awaySeconds: number;
  afterSeconds: number;
  say(line: string): void;
}

export interface OutageReport {
  rows: Row[];
  /** MB of each daemon: before the outage, and the most */
  memory: Record<string, { before: number; most: number }>;
  /** what else must not be */
  wrong: string[];
}

/** A daemon stays below this, MB, whatever waits. */
const MEMORY_LIMIT_MB = 400;
/** And grows by no more than this while the database is unavailable. */
const GROWTH_LIMIT_MB = 150;
const DRAIN_LIMIT_MS = 600_000;
/** What the acquisition broker must have taken while the database was unavailable. */
const SPOOLED = ['event', 'box_event'] as const;

/** @returns undefined where there is no server that we may kill */
export async function runOutage(options: OutageOptions): Promise<OutageReport | undefined> {
  const line = await startLine(options.boxes, options.beforeSeconds === 0);
  if (line === undefined) return undefined;
  const load = new Load(line);
  try {
    return await outage(line, load, options);
  } finally {
    load.close();
    await line.stop();
  }
}

async function outage(
  line: Line,
  load: Load,
  { afterSeconds, awaySeconds, beforeSeconds, boxes, say }: OutageOptions,
): Promise<OutageReport> {
  const memory = watchMemory(line);
  say(`${line.boxes.size} boxes on ${line.mongo.origin}`);
  // What is counted begins when the service hears the boxes: both subscribe to the same socket.
  await until(async () => Number((await line.details('triggering-service')).measurements) > 2 * boxes);
  load.start();
  await sleep(beforeSeconds * 1000);
  memory.mark();
  if (beforeSeconds > 0) {
    const { events, measurements } = load;
    say(
      `kill -9 of the database under load: ${measurements.size} measurements, ${events.length} events so far`,
    );
    await line.mongo.control?.kill();
  }
  await sleep(awaySeconds * 1000);
  // On a busy machine it takes longer until something of each kind was taken without it; what is missing then is said below.
  await until(async () => {
    const spooled = await spooledBy(line);
    return SPOOLED.every((kind) => (spooled[kind] ?? 0) > 0);
  }).catch(() => undefined);
  for (const kind of ['acquisition-broker', 'triggering-service'] as const) {
    say(`${kind}: ${JSON.stringify((await line.details(kind)).spool)}`);
  }
  const eventsWithout = load.events.length;
  const without = await spooledBy(line);
  await line.mongo.control?.start();
  const backAt = Date.now();
  say(`back after ${awaySeconds} s; ${eventsWithout} events announced by now`);
  await sleep(afterSeconds * 1000);
  await load.quiet();
  // Requests are answered or given up before the boxes go.
  await until(async () => Number(openOf(await line.details('acquisition-broker'))) === 0, 90_000).catch(
    () => undefined,
  );
  await line.silence();
  await sleep(2_000);
  await until(async () => (await waiting(line)) === 0, DRAIN_LIMIT_MS);
  say(`all delivered ${((Date.now() - backAt) / 1000).toFixed(0)} s after its return`);
  memory.stop();
  const { waveforms } = (await line.details('acquisition-broker')) as { waveforms: { stored: number } };
  const rows = await countStored(line, load, waveforms.stored);
  const wrong = wrongs(line, rows, memory.figures);
  for (const kind of SPOOLED) {
    if (!without[kind]) wrong.push(`no ${kind} was taken while the database was unavailable`);
  }
  return { rows, memory: memory.figures, wrong };
}

function wrongs(line: Line, rows: Row[], memory: OutageReport['memory']): string[] {
  const wrong = [...line.deaths];
  for (const { accepted, doubled, kind, lost } of rows) {
    if (accepted === 0) wrong.push(`no ${kind} were accepted`);
    if (lost !== 0) wrong.push(`${lost} ${kind} lost`);
    if (doubled !== 0) wrong.push(`${doubled} ${kind} doubled`);
  }
  for (const [name, { before, most }] of Object.entries(memory)) {
    if (most > MEMORY_LIMIT_MB || most - before > GROWTH_LIMIT_MB)
      wrong.push(`${name} grew from ${before.toFixed(0)} to ${most.toFixed(0)} MB`);
  }
  return wrong;
}

/** Rows in both spools, and measurements on their way there. */
async function waiting(line: Line): Promise<number> {
  let rows = 0;
  for (const kind of ['acquisition-broker', 'triggering-service'] as const) {
    const { spool, store } = (await line.details(kind)) as {
      spool?: { rows: number; state: string };
      store?: { waiting: number };
    };
    rows += (spool?.rows ?? 0) + (spool?.state === 'unavailable' ? 1 : 0) + (store?.waiting ?? 0);
  }
  return rows;
}

async function spooledBy(line: Line): Promise<Record<string, number>> {
  const { spool } = await line.details('acquisition-broker');
  return (spool as { spooled: Record<string, number> }).spooled;
}

function openOf(details: Record<string, unknown>): unknown {
  return (details as { open?: { requests?: number } }).open?.requests;
}

function watchMemory(line: Line) {
  const figures: OutageReport['memory'] = {};
  const look = (): void => {
    for (const kind of KINDS) {
      const now = line.memoryMb(kind);
      const figure = figures[kind] ?? { before: now, most: now };
      figures[kind] = { ...figure, most: Math.max(figure.most, now) };
    }
  };
  const timer = setInterval(look, 500);
  return {
    figures,
    /** from here on growth counts */
    mark: (): void => {
      for (const kind of KINDS) {
        const now = line.memoryMb(kind);
        figures[kind] = { before: now, most: now };
      }
    },
    stop: (): void => clearInterval(timer),
  };
}

async function until(condition: () => Promise<boolean>, limitMs = 120_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await sleep(250);
  }
}
