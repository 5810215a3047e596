/** `npm run bench -- triggering-service`: decode, trends and plugins against only receiving; the cost as the fleet grows. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { unitEnvironment } from '../scripts/unit-environment.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { freePort } from './support/free-port.js';
import { peer } from './support/peers.js';
import { Measured } from './support/process.js';

const MESSAGES = 300_000;
const SHORT_MESSAGES = 100_000;
const WARM_UP_MESSAGES = 60_000;
/** Memory is measured at the real rate of the fleet. */
const PACED_SECONDS = 8;
const PER_BOX_AND_SECOND = 6;
/** ms of box time between measurements, so that all of them fit into SPAN_MS. Older ones would be dropped. */
const STEP_MS = 166;
const SPAN_MS = 3_600_000;
const ONE_CORE = 100_000;
const MEMORY_MB = 200;

interface Outcome {
  /** of the receiver's process with all its threads, microseconds per measurement */
  cpuUs: number;
  perSecond: number;
  rssMb: number;
}

interface Load {
  dialect: 2 | 3;
  boxes: number;
  messages: number;
  /** per second; 0: as fast as possible */
  rate: number;
}

const PROGRAM = join(PACKAGE_ROOT, 'dist/bench/support/stream-receiver.js');
const AS_INSTALLED = unitEnvironment('triggering-service');

/** With taskset and two cores, the receiver is pinned to one core and the sender to the other. */
function pinned(core: number, command: readonly string[]): [string, string[]] {
  const can = spawnSync('taskset', ['-c', '1', 'true']).status === 0;
  const [program = '', ...args] = can ? ['taskset', '-c', String(core), ...command] : command;
  return [program, args];
}

/** Starts one receiver, loads it, measures it and stops it. @throws Error when a measurement did not reach every plugin */
export async function measure(what: string, load: Load): Promise<Outcome> {
  const { dialect, boxes, messages, rate } = load;
  const endpoint = `tcp://127.0.0.1:${await freePort()}`;
  const stepMs = Math.max(1, Math.min(STEP_MS, Math.floor((SPAN_MS * boxes) / messages)));
  const source = [peer('stream'), endpoint, ...[dialect, boxes, stepMs, 1].map(String)];
  const sender = new Measured('stream', ...pinned(1, source));
  const receiver = new Measured(
    'receiver',
    ...pinned(0, [process.execPath, PROGRAM, what, endpoint]),
    AS_INSTALLED,
  );
  try {
    await receiver.until('ready');
    await sender.until('ready');
    let sent = 0;
    const pass = async (count: number): Promise<void> => {
      sent += count;
      receiver.write(`${sent}\n`);
      sender.write(`${count} ${rate}\n`);
      const { dropped, measurements } = await receiver.json<{ dropped: number; measurements: number }>();
      if (dropped > 0 || measurements !== sent)
        throw new Error(`${what}: ${measurements} of ${sent} taken, ${dropped} dropped by plugins`);
    };
    // Warm up until the code is compiled, since a daemon runs for months.
    if (rate === 0) await pass(WARM_UP_MESSAGES);
    const before = receiver.cpuSeconds();
    const start = performance.now();
    await pass(messages);
    const seconds = (performance.now() - start) / 1000;
    const cpuUs = ((receiver.cpuSeconds() - before) * 1e6) / messages;
    return { cpuUs, perSecond: messages / seconds, rssMb: receiver.rssMb() };
  } finally {
    await receiver.stop('SIGKILL');
    await sender.stop('SIGKILL');
  }
}

const PLUGINS = 'threshold,napali';
const ALONE = 'receiving alone';
const ALL = 'and threshold, napali';
const KINDS = [
  [ALONE, 'bare'],
  ['decode and trends', 'none'],
  ['and ids checked', 'checked'],
  ['and threshold', 'threshold'],
  [ALL, PLUGINS],
] as const;
const SIZES = [10, 100, 1000, 10_000];

async function flatOut(dialect: 2 | 3, rounds: number, short: boolean): Promise<Comparison[]> {
  const rates = new Map<string, number[]>();
  const load = { dialect, boxes: 1000, messages: short ? SHORT_MESSAGES : MESSAGES, rate: 0 };
  const kinds = short ? KINDS.filter(([name]) => name === ALONE || name === ALL) : KINDS;
  const cpu = await compare(
    {
      title: `Box ${dialect}, 1000 boxes, flat out, storage off: CPU of the process`,
      unit: 'us per measurement',
      better: 'lower',
      baseline: ALONE,
      contenders: kinds.map(([name, what]) => ({
        name,
        once: async () => {
          const { cpuUs, perSecond } = await measure(what, load);
          rates.set(name, [...(rates.get(name) ?? []), perSecond]);
          return cpuUs;
        },
      })),
      warmUp: false,
      // The goal of 100,000 was set where only receiving reached 184,000 per second.
      goals: [{ contender: ALL, ratio: 0.54 }],
    },
    rounds,
  );
  const throughput = await compare(
    {
      title: `Box ${dialect}, 1000 boxes, flat out, storage off, on one core`,
      unit: 'measurements/s',
      better: 'higher',
      baseline: ALONE,
      contenders: kinds.map(([name]) => ({ name, once: () => rates.get(name)?.shift() ?? Number.NaN })),
      warmUp: false,
      goals: [{ contender: ALL, figure: ONE_CORE }],
    },
    rounds,
  );
  return [cpu, throughput];
}

async function cost(rounds: number): Promise<Comparison> {
  return compare(
    {
      title: 'Cost as the fleet grows: Box 2, threshold and napali, flat out, CPU of the process',
      unit: 'us per measurement',
      better: 'lower',
      baseline: '10 boxes',
      contenders: SIZES.map((boxes) => ({
        name: `${boxes} boxes`,
        once: async () => (await measure(PLUGINS, { dialect: 2, boxes, messages: MESSAGES, rate: 0 })).cpuUs,
      })),
      warmUp: false,
      goals: [{ contender: '10000 boxes', ratio: 0.5 }],
    },
    rounds,
  );
}

async function memory(): Promise<Comparison> {
  return compare(
    {
      title: 'Memory of the process at 6 measurements a second and box, threshold and napali',
      unit: 'MB',
      better: 'lower',
      baseline: '10 boxes',
      contenders: SIZES.map((boxes) => ({
        name: `${boxes} boxes`,
        once: async () => {
          const rate = PER_BOX_AND_SECOND * boxes;
          return (await measure(PLUGINS, { dialect: 2, boxes, messages: rate * PACED_SECONDS, rate })).rssMb;
        },
      })),
      warmUp: false,
      goals: [{ contender: '10000 boxes', figure: MEMORY_MB }],
    },
    1,
  );
}

async function run({ rounds, short = false }: { rounds: number; short?: boolean }): Promise<Comparison[]> {
  if (short) return flatOut(3, rounds, true);
  const fewer = Math.min(rounds, 3);
  return [
    ...(await flatOut(2, fewer, false)),
    ...(await flatOut(3, fewer, false)),
    await cost(fewer),
    await memory(),
  ];
}

export const triggeringService: Benchmark = {
  name: 'triggering-service',
  what: 'measurements per second through decode, trends and plugins, against only receiving; cost and memory as the fleet grows',
  run,
};
