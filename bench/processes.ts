/** `npm run bench -- processes`: start-up of each daemon, memory of the acquisition broker as the fleet grows, `makai events export`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { DatabaseHandle } from '../store/sqlite/handle.js';
import { openSqliteStore } from '../store/sqlite/index.js';
import { cyclesOf } from './acquisition-boxes.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { DAEMONS, DaemonLine } from './support/line.js';
import { peer } from './support/peers.js';
import { Measured } from './support/process.js';

const EVENTS = 1000;
const EVENT_MS = 1000;
const BARE = 'node without a program';
/** Each socket takes two file descriptors. */
const BOXES_A_PROCESS = 5000;
const FIRST_BOX = 1000;
const SIZES = [10, 100, 1000, 10_000];

/** Runs a program to its end. @returns ms */
async function lifeOf(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${args.join(' ')} exited with ${code}`);
  return performance.now() - start;
}

function compareStarts(rounds: number): Promise<Comparison> {
  return compare(
    {
      title: 'from the start of the process until it is ready',
      unit: 'ms',
      better: 'lower',
      baseline: BARE,
      contenders: [
        { name: BARE, once: () => lifeOf(['-e', '']) },
        ...DAEMONS.map((name) => ({
          name,
          once: async () => {
            const line = await DaemonLine.prepare([{ path: 'threshold' }, { path: 'napali' }]);
            try {
              return (await line.start(name)).ms;
            } finally {
              await line.stop();
            }
          },
        })),
      ],
    },
    rounds,
  );
}

/** All handshakes are done when the process is idle. */
async function atRest(process: Measured): Promise<void> {
  for (let quiet = 0, last = -1; quiet < 4; ) {
    await sleep(250);
    const now = process.cpuSeconds();
    quiet = now - last < 0.02 ? quiet + 1 : 0;
    last = now;
  }
}

/** The acquisition broker with subscribed boxes, each over its own connection. @returns MB */
async function memoryWith(boxes: number): Promise<number> {
  const line = await DaemonLine.prepare();
  try {
    const { process: broker } = await line.start('acquisition-broker');
    const { curveServerKey, curvePublicKey, curveSecretKey } = line.curve;
    const fleets: Measured[] = [];
    try {
      for (let first = 0; first < boxes; first += BOXES_A_PROCESS) {
        const count = Math.min(BOXES_A_PROCESS, boxes - first);
        const args = [
          curveServerKey,
          curvePublicKey,
          curveSecretKey,
          String(FIRST_BOX + first),
          String(count),
        ];
        const fleet = new Measured('fleet', peer('fleet'), [line.endpoints.commands, ...args]);
        fleets.push(fleet);
        await fleet.until('ready');
      }
      await atRest(broker);
      return broker.rssMb();
    } finally {
      for (const fleet of fleets) await fleet.stop('SIGKILL');
    }
  } finally {
    await line.stop();
  }
}

function compareMemory(): Promise<Comparison> {
  return compare(
    {
      title: 'memory of the acquisition broker, boxes subscribed over CURVE',
      unit: 'MB',
      better: 'lower',
      baseline: '10 boxes',
      contenders: SIZES.map((boxes) => ({ name: `${boxes} boxes`, once: () => memoryWith(boxes) })),
      warmUp: false,
    },
    1,
  );
}

async function compareExport(rounds: number, events: number): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
  const file = join(folder, 'makai.db');
  const raw = 'every waveform read with better-sqlite3';
  try {
    await fill(file, events);
    return await compare(
      {
        title: `makai events export: ${events} events of one box, ${EVENT_MS / 1000} s each, as text, against their bytes`,
        unit: 'ms',
        better: 'lower',
        baseline: raw,
        contenders: [
          { name: raw, once: () => readRaw(file) },
          {
            name: 'makai events export',
            once: () =>
              lifeOf([
                join(PACKAGE_ROOT, 'dist/cli/main.js'),
                ...['events', 'export', '--all', '--store', `sqlite:${file}`],
              ]),
          },
        ],
      },
      Math.min(rounds, 3),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const WAVEFORMS = 'SELECT samples FROM box_events';

async function fill(file: string, events: number): Promise<void> {
  const store = await openSqliteStore(file, {
    retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    thread: 'inline',
  });
  const start = Date.now() - 86_400_000;
  for (let event_id = 1; event_id <= events; event_id++) {
    const startMs = start + event_id * 10_000;
    const endMs = startMs + EVENT_MS;
    const { samples, timesMs } = cyclesOf({ startMs, endMs });
    const times = { target_event_start_timestamp_ms: startMs, target_event_end_timestamp_ms: endMs };
    const event = { event_id, type: 'OTHER', description: 'bench', boxes_triggered: ['1000'] };
    await store.apply({ kind: 'event', event: { ...event, ...times, percent_magnitude: 0 } });
    const boxEvent = {
      ...{ event_id, box_id: '1000', location: 'bench', window_timestamps_ms: timesMs },
      event_start_timestamp_ms: startMs,
      event_end_timestamp_ms: endMs,
      data_fs_filename: `event_${event_id}_1000`,
    };
    await store.apply({ kind: 'box_event', boxEvent, samples, acceptedAtMs: endMs });
  }
  await store.close();
}

/** @returns ms to read the bytes of all waveforms */
function readRaw(file: string): number {
  const start = performance.now();
  const db = new DatabaseHandle(file, { readonly: true });
  let bytes = 0;
  const rows = db.prepare(WAVEFORMS).raw(true).iterate() as Iterable<[Buffer]>;
  for (const row of rows) bytes += row[0].length;
  db.close();
  if (bytes === 0) throw new Error('no waveforms');
  return performance.now() - start;
}

export const processes: Benchmark = {
  name: 'processes',
  what: 'start-up of each daemon, memory of the acquisition broker as the fleet grows, export of events',
  long: true,
  run: async ({ rounds, short = false }) => [
    await compareStarts(Math.min(rounds, 3)),
    ...(short ? [] : [await compareMemory()]),
    await compareExport(rounds, short ? EVENTS / 10 : EVENTS),
  ],
};
