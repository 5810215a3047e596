/** `npm run bench -- cluster`: the whole way of a measurement from a box to the store, with and without NATS: CPU of all processes together, how much is taken, and how long a killed service is missed. */
import { type Benchmark, type Comparison, compare } from './compare.js';
import { BOXES, ClusterLine, type LineOptions, LOCATIONS, RATE } from './support/cluster-line.js';
import { natsProgram } from './support/nats.js';

/** Half as many are sent before, and not counted. */
const CPU_MESSAGES = 400_000;
const MESSAGES = 200_000;
const SHORT_MESSAGES = 60_000;
const BASELINE = 'ZeroMQ, 1 service';
/** Seconds; docs/cluster.md. */
const REPLACED_S = 15;
const COUNTS = [1, 2, 4] as const;

async function withLine<T>(options: LineOptions, run: (line: ClusterLine) => Promise<T>): Promise<T> {
  const line = new ClusterLine(options);
  try {
    await line.start();
    return await run(line);
  } finally {
    await line.stop();
  }
}

const named = (count: number): string => `NATS, ${count} ${count === 1 ? 'service' : 'services'}`;

function cpu(nats: string, messages: number, rounds: number): Promise<Comparison> {
  const once = (services: number, program: string | undefined) => () =>
    withLine({ services, nats: program }, (line) => line.cpu(messages));
  return compare(
    {
      title: `Box 2, ${BOXES} boxes, ${RATE} measurements/s, each service with its own SQLite file: CPU of broker, NATS and services`,
      unit: 'us per measurement',
      better: 'lower',
      baseline: BASELINE,
      warmUp: false,
      // At most twice the CPU.
      goals: COUNTS.map((count) => ({ contender: named(count), ratio: 0.5 })),
      contenders: [
        { name: BASELINE, once: once(1, undefined) },
        ...COUNTS.map((count) => ({ name: named(count), once: once(count, nats) })),
      ],
    },
    rounds,
  );
}

function comparing(nats: string, messages: number, rounds: number): Promise<Comparison> {
  const once = (services: number, program: string | undefined) => () =>
    withLine({ services, nats: program, comparing: true }, (line) => line.cpu(messages));
  return compare(
    {
      title: `the same with the plugins that compare boxes (napali, outage), ${LOCATIONS} locations`,
      unit: 'us per measurement',
      better: 'lower',
      baseline: BASELINE,
      warmUp: false,
      goals: [2, 4].map((count) => ({ contender: named(count), ratio: 0.5 })),
      contenders: [
        { name: BASELINE, once: once(1, undefined) },
        ...[2, 4].map((count) => ({ name: named(count), once: once(count, nats) })),
      ],
    },
    rounds,
  );
}

/** Both figures come from one run of each contender. */
async function throughput(nats: string, messages: number, rounds: number): Promise<Comparison[]> {
  const acknowledged = new Map<string, number[]>();
  const spec = { unit: 'measurements/s', better: 'higher', warmUp: false } as const;
  const contender = (name: string, services: number, program: string | undefined) => ({
    name,
    once: async () => {
      const figures = await withLine({ services, nats: program }, (line) => line.throughput(messages));
      acknowledged.set(name, [...(acknowledged.get(name) ?? []), figures.acknowledged]);
      return figures.stored;
    },
  });
  const stored = await compare(
    {
      ...{ ...spec, title: 'sent as fast as they are taken: stored', baseline: BASELINE },
      contenders: [
        contender(BASELINE, 1, undefined),
        ...COUNTS.map((count) => contender(named(count), count, nats)),
      ],
    },
    rounds,
  );
  const taken = await compare(
    {
      ...{ ...spec, title: 'of the same: acknowledged by JetStream', baseline: named(1) },
      contenders: COUNTS.map((count) => ({
        name: named(count),
        once: () => acknowledged.get(named(count))?.shift() ?? Number.NaN,
      })),
    },
    rounds,
  );
  return [stored, taken];
}

function replaced(nats: string, rounds: number): Promise<Comparison> {
  const names = [2, 4].map(named);
  return compare(
    {
      title: 'kill -9 of a service: until a measurement after it is stored of each of its partitions',
      unit: 's',
      better: 'lower',
      baseline: named(2),
      warmUp: false,
      goals: names.map((contender) => ({ contender, figure: REPLACED_S })),
      contenders: [2, 4].map((services) => ({
        name: named(services),
        once: () => withLine({ services, nats }, (line) => line.replaced()),
      })),
    },
    rounds,
  );
}

export const cluster: Benchmark = {
  name: 'cluster',
  what: 'the way of a measurement from a box to the store with 1, 2 and 4 services that take it from NATS, against one that subscribes to the broker: CPU of all processes, without and with plugins that compare boxes; measurements/s; time without a service that was killed',
  long: true,
  run: async ({ rounds, short = false }) => {
    const nats = natsProgram();
    if (nats === undefined) return [];
    const messages = short ? SHORT_MESSAGES : MESSAGES;
    const cpuMessages = short ? SHORT_MESSAGES : CPU_MESSAGES;
    return [
      await cpu(nats, cpuMessages, rounds),
      await comparing(nats, cpuMessages, rounds),
      ...(await throughput(nats, messages, rounds)),
      await replaced(nats, rounds),
    ];
  },
};
