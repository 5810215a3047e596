/** `npm run bench -- broker`: the triggering broker against libzmq's proxy in C, a loop in JavaScript, and mosquitto. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curveKeyPair } from 'zeromq';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { writeSecretCertificate } from '../keys/files.js';
import { parseKeyPair } from '../keys/key.js';
import { type Benchmark, type Comparison, type ComparisonSpec, compare } from './compare.js';
import { freePort } from './support/free-port.js';
import { missingForMosquitto, startMosquitto } from './support/mosquitto.js';
import { PEER_SOURCES, peer } from './support/peers.js';
import { Measured } from './support/process.js';

/** Max messages in flight at full speed: below libzmq's high-water mark, so that nothing is dropped. */
const WINDOW = 5000;
/** CPU time is counted in ticks of 10 ms; runs are long enough for that and for reading the memory of the process. */
const FLAT_OUT_MESSAGES = 300_000;
const PACED_RATE = 20_000;
const PACED_MESSAGES = 100_000;
/** fraction of the messages in the short form */
const SHORT_SHARE = 0.4;

/** A sender takes two file descriptors of its process. */
const SENDERS_A_PROCESS = 5000;

const KINDS = ['C zmq_proxy', 'makai triggering-broker', 'JavaScript loop'] as const;
const MQTT = 'mosquitto, TLS';
type Kind = (typeof KINDS)[number] | typeof MQTT;

interface Outcome {
  /** of the broker's process only, microseconds per message */
  cpuUs: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  rssMb: number;
}

interface LoadReport {
  sent: number;
  received: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
}

/** One broker, started, loaded, measured, stopped. @throws Error when a message was lost */
async function measure(kind: Kind, senders: number, rate: number, messages: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
  const { broker, client } =
    kind === MQTT ? await startMosquitto(kind, folder) : await startBroker(kind, folder);
  const loads: Measured[] = [];
  try {
    const start = async (count: number) => {
      const args = [...client, count, rate, messages, WINDOW].map(String);
      const load = new Measured('load', peer(kind === MQTT ? 'mqtt' : 'load'), args);
      loads.push(load);
      await load.until('ready');
      return load;
    };
    const load = await start(Math.min(senders, SENDERS_A_PROCESS));
    // Further senders are only connected.
    for (let more = senders - SENDERS_A_PROCESS; more > 0; more -= SENDERS_A_PROCESS) await start(more);
    const before = broker.cpuSeconds();
    load.write('g');
    const report = await load.json<LoadReport>();
    const cpuUs = ((broker.cpuSeconds() - before) * 1e6) / report.received;
    const rssMb = broker.rssMb();
    if (report.received !== report.sent)
      throw new Error(`${kind}: ${report.sent - report.received} of ${report.sent} messages lost`);
    const { p50Ms, p99Ms, p999Ms } = report;
    return { cpuUs, perSecond: report.received / report.seconds, p50Ms, p99Ms, p999Ms, rssMb };
  } finally {
    for (const load of loads) await load.stop('SIGKILL');
    await broker.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the broker, and the arguments of `peers/load.c` up to its number of senders */
async function startBroker(kind: Kind, folder: string): Promise<{ broker: Measured; client: string[] }> {
  const front = `tcp://127.0.0.1:${await freePort()}`;
  const back = `tcp://127.0.0.1:${await freePort()}`;
  const { publicKey, secretKey } = curveKeyPair();
  const client = [front, back, publicKey];
  const endpoints = [...client, secretKey];
  if (kind === 'makai triggering-broker') {
    const certificate = join(folder, 'private/server');
    await writeSecretCertificate(certificate, {
      boxId: undefined,
      ...parseKeyPair(publicKey, secretKey, 'bench'),
    });
    const config = join(folder, 'broker.json');
    const settings = { server_cert: certificate, interface: front, backend: back, allow_any_client: true };
    writeFileSync(config, JSON.stringify({ ...settings, status: 'off', log_level: 'error' }));
    const entry = join(PACKAGE_ROOT, 'dist/cli/main.js');
    const broker = new Measured(kind, process.execPath, [entry, 'triggering-broker', config]);
    await broker.until('"ready"');
    return { broker, client };
  }
  const broker =
    kind === 'C zmq_proxy'
      ? new Measured(kind, peer('broker'), endpoints)
      : new Measured(kind, process.execPath, [join(PEER_SOURCES, 'loop.mjs'), ...endpoints]);
  await broker.until('ready');
  return { broker, client };
}

/** One set of rounds gives several comparisons. Each outcome is measured once and used by all of them. */
async function comparisons(
  senders: number,
  rate: number,
  messages: number,
  kinds: readonly Kind[],
  rounds: number,
  specs: (Omit<ComparisonSpec, 'contenders' | 'baseline'> & {
    baseline?: Kind;
    read(outcome: Outcome): number;
  })[],
): Promise<Comparison[]> {
  const seen = new Map<Kind, Outcome[]>(kinds.map((kind) => [kind, []]));
  const results: Comparison[] = [];
  for (const [index, { read, ...spec }] of specs.entries()) {
    const contenders = kinds.map((name) => {
      const outcomes = seen.get(name) ?? [];
      let next = 0;
      return {
        name,
        once: async () => {
          if (index === 0) outcomes.push(await measure(name, senders, rate, messages));
          const outcome = outcomes[next++];
          if (outcome === undefined) throw new Error('a comparison read more rounds than were measured');
          return read(outcome);
        },
      };
    });
    results.push(await compare({ baseline: 'C zmq_proxy', ...spec, contenders, warmUp: false }, rounds));
  }
  return results;
}

/** The goals apply at 100 connections and at these numbers. */
const FLEETS = [10, 1000, 5000];
/** Only memory is measured with this number. */
const LARGEST_FLEET = 10_000;

/** @param short without mosquitto, and with only one number of connections */
async function compareBrokers(rounds: number, short: boolean): Promise<Comparison[]> {
  const share = short ? SHORT_SHARE : 1;
  const missing = short ? 'not in the short form' : missingForMosquitto();
  if (missing !== undefined) process.stderr.write(`*** without mosquitto: ${missing}\n`);
  const kinds: readonly Kind[] = missing === undefined ? [...KINDS, MQTT] : KINDS;
  const memory = { unit: 'MB', better: 'lower', read: ({ rssMb }: Outcome) => rssMb } as const;
  const flat = await comparisons(100, 0, FLAT_OUT_MESSAGES * share, kinds, rounds, [
    {
      title: 'CPU of the broker, 100 connections, flat out',
      unit: 'us per message',
      better: 'lower',
      goals: [{ contender: 'makai triggering-broker', ratio: 1 / 1.15 }],
      read: ({ cpuUs }) => cpuUs,
    },
    {
      title: 'throughput, 100 connections, flat out',
      unit: 'messages/s',
      better: 'higher',
      read: ({ perSecond }) => perSecond,
    },
    {
      title: 'the same, against the loop',
      unit: 'messages/s',
      better: 'higher',
      baseline: 'JavaScript loop',
      goals: [{ contender: 'makai triggering-broker', ratio: 4 }],
      read: ({ perSecond }) => perSecond,
    },
    { title: 'memory of the broker, 100 connections', ...memory },
  ]);
  const paced = await comparisons(100, PACED_RATE, PACED_MESSAGES * share, kinds, rounds, [
    {
      title: `CPU of the broker at ${PACED_RATE} messages/s`,
      unit: 'us per message',
      better: 'lower',
      goals: [{ contender: 'makai triggering-broker', ratio: 1 / 1.15 }],
      read: ({ cpuUs }) => cpuUs,
    },
    {
      title: `latency through the broker at ${PACED_RATE} messages/s, from when each was due, p99`,
      unit: 'ms',
      better: 'lower',
      read: ({ p99Ms }) => p99Ms,
    },
    { title: 'the same, p99.9', unit: 'ms', better: 'lower', read: ({ p999Ms }) => p999Ms },
  ]);
  const scaling: Comparison[] = [];
  const pair = KINDS.slice(0, 2); // without the loop, which is far slower, and without mosquitto, whose 5,000 TLS handshakes take minutes
  for (const senders of short ? [] : FLEETS) {
    scaling.push(
      ...(await comparisons(senders, 0, FLAT_OUT_MESSAGES / 2, pair, Math.min(rounds, 2), [
        {
          title: `CPU of the broker, ${senders} connections, flat out`,
          unit: 'us per message',
          better: 'lower',
          goals: [{ contender: 'makai triggering-broker', ratio: 1 / 1.15 }],
          read: ({ cpuUs }) => cpuUs,
        },
        {
          title: `throughput, ${senders} connections, flat out`,
          unit: 'messages/s',
          better: 'higher',
          read: ({ perSecond }) => perSecond,
        },
        { title: `memory of the broker, ${senders} connections`, ...memory },
      ])),
    );
  }
  if (!short) {
    const title = `memory of the broker, ${LARGEST_FLEET} connections`;
    scaling.push(
      ...(await comparisons(LARGEST_FLEET, 0, LARGEST_FLEET * 2, pair, 1, [{ title, ...memory }])),
    );
  }
  return [...flat, ...paced, ...scaling];
}

export const broker: Benchmark = {
  name: 'broker',
  what: "the triggering broker against libzmq's proxy in C, a loop in JavaScript and mosquitto: CPU, throughput, latency, memory",
  run: ({ rounds, short = false }) => compareBrokers(rounds, short),
};
