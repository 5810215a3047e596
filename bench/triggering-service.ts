/** `npm run bench -- triggering-service`: decode, trends and plugins against receiving alone; the cost as the fleet grows. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { Measured } from './support/process.js';

const MESSAGES = 300_000;
const SHORT_MESSAGES = 100_000;
/** Memory is read under the rate that the fleet really has. */
const PACED_SECONDS = 8;
const PER_BOX_AND_SECOND = 6;

interface Outcome {
  /** of the receiver's process with all its threads, microseconds a measurement */
  cpuUs: number;
  perSecond: number;
  rssMb: number;
}

interface Load {
  dialect: 2 | 3;
  boxes: number;
  messages: number;
  /** a second; 0: flat out */
  rate: number;
}

const program = (name: string): string => join(PACKAGE_ROOT, `dist/bench/support/${name}.js`);

/** The receiver has one core to itself, the sender the other, where the machine has taskset and two cores. */
function pinned(core: number, args: readonly string[]): [string, string[]] {
  const can = spawnSync('taskset', ['-c', '1', 'true']).status === 0;
  return can ? ['taskset', ['-c', String(core), process.execPath, ...args]] : [process.execPath, [...args]];
}

/** One receiver, started, loaded, measured, stopped. @throws Error when a measurement did not reach everyone */
async function measure(what: string, load: Load): Promise<Outcome> {
  const { dialect, boxes, messages, rate } = load;
  const sender = new Measured(
    'sender',
    ...pinned(1, [program('stream-sender'), ...[dialect, boxes, messages, rate].map(String)]),
  );
  const endpoint = await sender.line();
  const receiver = new Measured('receiver', ...pinned(0, [program('stream-receiver'), what, endpoint]));
  try {
    await receiver.until('ready');
    // The subscription has reached the sender long before its messages are encoded.
    const before = receiver.cpuSeconds();
    sender.write('go\n');
    receiver.write('1\n');
    await receiver.line();
    const start = performance.now();
    receiver.write(`${messages}\n`);
    const { dropped, measurements } = await receiver.json<{ dropped: number; measurements: number }>();
    const seconds = (performance.now() - start) / 1000;
    if (dropped > 0 || measurements !== messages)
      throw new Error(`${what}: ${measurements} of ${messages} taken, ${dropped} dropped by plugins`);
    const cpuUs = ((receiver.cpuSeconds() - before) * 1e6) / messages;
    return { cpuUs, perSecond: messages / seconds, rssMb: receiver.rssMb() };
  } finally {
    await receiver.stop('SIGKILL');
    await sender.stop('SIGKILL');
  }
}

const KINDS = [
  ['receiving alone', 'bare'],
  ['decode and trends', 'none'],
  ['and threshold', 'threshold'],
  ['and threshold, napali', 'threshold,napali'],
] as const;

async function flatOut(dialect: 2 | 3, rounds: number, messages = MESSAGES): Promise<Comparison[]> {
  const rates = new Map<string, number[]>();
  const load = { dialect, boxes: 1000, messages, rate: 0 };
  const cpu = await compare(
    {
      title: `Box ${dialect}, 1000 boxes, flat out, storage off: CPU of the process`,
      unit: 'us a measurement',
      better: 'lower',
      baseline: 'receiving alone',
      contenders: KINDS.map(([name, what]) => ({
        name,
        once: async () => {
          const { cpuUs, perSecond } = await measure(what, load);
          rates.set(name, [...(rates.get(name) ?? []), perSecond]);
          return cpuUs;
        },
      })),
      // 184,000 a second were received alone where the goal of 100,000 was set.
      goals: [{ contender: 'and threshold, napali', ratio: 0.54 }],
    },
    rounds,
  );
  const throughput = await compare(
    {
      title: `Box ${dialect}, 1000 boxes, flat out, storage off, on one core`,
      unit: 'measurements a second',
      better: 'higher',
      baseline: 'receiving alone',
      contenders: KINDS.map(([name]) => ({ name, once: () => rates.get(name)?.shift() ?? Number.NaN })),
    },
    rounds,
  );
  return [cpu, throughput];
}

async function fleet(rounds: number): Promise<Comparison[]> {
  const sizes = [10, 100, 1000, 10_000];
  const cost = await compare(
    {
      title: 'Cost as the fleet grows: Box 2, threshold and napali, flat out, CPU of the process',
      unit: 'us a measurement',
      better: 'lower',
      baseline: '10 boxes',
      contenders: sizes.map((boxes) => ({
        name: `${boxes} boxes`,
        once: async () =>
          (await measure('threshold,napali', { dialect: 2, boxes, messages: MESSAGES, rate: 0 })).cpuUs,
      })),
      goals: [{ contender: '10000 boxes', ratio: 0.5 }],
    },
    rounds,
  );
  const memory = await compare(
    {
      title:
        'Memory of the process at 6 measurements a second and box, threshold and napali (goal: 200 MB at 10,000 boxes)',
      unit: 'MB',
      better: 'lower',
      baseline: '10 boxes',
      contenders: sizes.map((boxes) => ({
        name: `${boxes} boxes`,
        once: async () => {
          const rate = PER_BOX_AND_SECOND * boxes;
          return (
            await measure('threshold,napali', { dialect: 2, boxes, messages: rate * PACED_SECONDS, rate })
          ).rssMb;
        },
      })),
    },
    Math.min(rounds, 1),
  );
  return [cost, memory];
}

export const triggeringService: Benchmark = {
  name: 'triggering-service',
  what: 'measurements a second through decode, trends and plugins, against receiving alone; cost and memory as the fleet grows',
  run: async ({ rounds, short }) => {
    if (short) return (await flatOut(2, rounds, SHORT_MESSAGES)).slice(0, 1);
    return [...(await flatOut(2, rounds)), ...(await flatOut(3, rounds)), ...(await fleet(rounds))];
  },
};
