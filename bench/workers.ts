/** `npm run bench -- workers`: the triggering service with one and with two workers, unpinned: throughput, CPU, the busiest thread. */
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { type Benchmark, type Comparison, type ComparisonSpec, compare } from './compare.js';
import { freePort } from './support/free-port.js';
import { peer } from './support/peers.js';
import { Measured } from './support/process.js';

const MESSAGES = 600_000;
const SHORT_MESSAGES = 150_000;
const WARM_UP_MESSAGES = 60_000;
const BOXES = 1000;
/** ms of box time between measurements. */
const STEP_MS = 100;
const WORKERS = [1, 2];
const PROGRAM = join(PACKAGE_ROOT, 'dist/bench/support/stream-receiver.js');

interface Outcome {
  perSecond: number;
  /** of the process with all its threads, us per measurement */
  cpuUs: number;
  /** of the busiest thread, which limits the throughput if there are enough cores */
  busiestUs: number;
}

/** Starts one service, warms it up, loads it at full speed and stops it. @throws Error when a measurement did not reach every plugin */
async function measure(workers: number, plugins: string, messages: number): Promise<Outcome> {
  const endpoint = `tcp://127.0.0.1:${await freePort()}`;
  const source = [endpoint, ...[2, BOXES, STEP_MS, workers].map(String)];
  const sender = new Measured('stream', peer('stream'), source);
  const receiver = new Measured('receiver', process.execPath, [PROGRAM, plugins, endpoint, String(workers)]);
  try {
    await receiver.until('ready');
    await sender.until('ready');
    let sent = 0;
    const pass = async (count: number): Promise<void> => {
      sent += count;
      receiver.write(`${sent}\n`);
      sender.write(`${count} 0\n`);
      const { dropped, measurements } = await receiver.json<{ dropped: number; measurements: number }>();
      if (dropped > 0 || measurements !== sent)
        throw new Error(
          `${workers} workers: ${measurements} of ${sent} taken, ${dropped} dropped by plugins`,
        );
    };
    await pass(WARM_UP_MESSAGES);
    const [cpu, threads, start] = [receiver.cpuSeconds(), receiver.eachThreadSeconds(), performance.now()];
    await pass(messages);
    const seconds = (performance.now() - start) / 1000;
    const cpuUs = ((receiver.cpuSeconds() - cpu) * 1e6) / messages;
    const each = [...receiver.eachThreadSeconds()].map(([id, now]) => now - (threads.get(id) ?? 0));
    return { perSecond: messages / seconds, cpuUs, busiestUs: (Math.max(...each) * 1e6) / messages };
  } finally {
    await receiver.stop('SIGKILL');
    await sender.stop('SIGKILL');
  }
}

async function oneAndTwo(
  what: string,
  plugins: string,
  messages: number,
  rounds: number,
): Promise<Comparison[]> {
  const outcomes = new Map<string, Outcome[]>();
  const nameOf = (workers: number) => (workers === 1 ? '1 worker' : `${workers} workers`);
  const spec = (
    title: string,
    unit: string,
    better: 'lower' | 'higher',
  ): Omit<ComparisonSpec, 'contenders'> => ({
    title: `Box 2, ${BOXES} boxes, flat out, storage off, ${what}: ${title}`,
    unit,
    better,
    baseline: nameOf(1),
    warmUp: false,
  });
  const throughput = await compare(
    {
      ...spec('throughput, the source on the same cores', 'measurements/s', 'higher'),
      contenders: WORKERS.map((workers) => ({
        name: nameOf(workers),
        once: async () => {
          const outcome = await measure(workers, plugins, messages);
          outcomes.set(nameOf(workers), [...(outcomes.get(nameOf(workers)) ?? []), outcome]);
          return outcome.perSecond;
        },
      })),
    },
    rounds,
  );
  const of = (read: (outcome: Outcome) => number) =>
    WORKERS.map((workers) => {
      const figures = (outcomes.get(nameOf(workers)) ?? []).map(read);
      return { name: nameOf(workers), once: () => figures.shift() ?? Number.NaN };
    });
  const busiest = await compare(
    {
      ...spec('CPU of the busiest thread', 'us per measurement', 'lower'),
      contenders: of(({ busiestUs }) => busiestUs),
      // Half the work per worker would be a ratio of 2; boxes are not spread quite evenly.
      goals: [{ contender: nameOf(2), ratio: 1.5 }],
    },
    rounds,
  );
  const cpu = await compare(
    {
      ...spec('CPU of the process', 'us per measurement', 'lower'),
      contenders: of(({ cpuUs }) => cpuUs),
      goals: [{ contender: nameOf(2), ratio: 0.8 }],
    },
    rounds,
  );
  return [throughput, busiest, cpu];
}

export const workers: Benchmark = {
  name: 'workers',
  what: 'the triggering service with one and with two workers: throughput, CPU per measurement of the process and of its busiest thread',
  long: true,
  run: async ({ rounds, short = false }) => {
    const messages = short ? SHORT_MESSAGES : MESSAGES;
    return [
      ...(await oneAndTwo('no plugins', 'none', messages, rounds)),
      ...(await oneAndTwo('threshold and napali', 'threshold,napali', messages, rounds)),
    ];
  },
};
