/** `npm run bench -- broker`: the triggering broker against libzmq's proxy in C and against a loop in JavaScript. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curveKeyPair } from 'zeromq';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { writeSecretCertificate } from '../keys/files.js';
import { parseKeyPair } from '../keys/key.js';
import { type Benchmark, type Comparison, type ComparisonSpec, compare } from './compare.js';
import { freePort } from './support/free-port.js';
import { PEER_SOURCES, peer } from './support/peers.js';
import { Measured } from './support/process.js';

/** Messages under way at most when flat out: below libzmq's high water mark, so that nobody drops. */
const WINDOW = 5000;
/** Memory of a process is read and CPU seconds are counted in ticks of 10 ms: runs are long enough for both. */
const FLAT_OUT_MESSAGES = 300_000;
const PACED_RATE = 20_000;
const PACED_MESSAGES = 100_000;
/** of the messages, in the short form */
const SHORT_SHARE = 0.4;

const KINDS = ['C zmq_proxy', 'makai triggering-broker', 'JavaScript loop'] as const;
type Kind = (typeof KINDS)[number];

interface Outcome {
  /** of the broker's process alone, microseconds a message */
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
  const [frontPort, backPort] = [await freePort(), await freePort()];
  const front = `tcp://127.0.0.1:${frontPort}`;
  const back = `tcp://127.0.0.1:${backPort}`;
  const { publicKey, secretKey } = curveKeyPair();
  const broker = await startBroker(kind, { folder, front, back, publicKey, secretKey });
  try {
    const args = [front, back, publicKey, String(senders), String(rate), String(messages), String(WINDOW)];
    const load = new Measured('load', peer('load'), args);
    await load.until('ready');
    const before = broker.cpuSeconds();
    load.write('g');
    const report = await load.json<LoadReport>();
    const cpuUs = ((broker.cpuSeconds() - before) * 1e6) / report.received;
    const rssMb = broker.rssMb();
    load.write('x');
    await load.stop('SIGKILL');
    if (report.received !== report.sent)
      throw new Error(`${kind}: ${report.sent - report.received} of ${report.sent} messages lost`);
    const { p50Ms, p99Ms, p999Ms } = report;
    return { cpuUs, perSecond: report.received / report.seconds, p50Ms, p99Ms, p999Ms, rssMb };
  } finally {
    await broker.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startBroker(
  kind: Kind,
  at: { folder: string; front: string; back: string; publicKey: string; secretKey: string },
): Promise<Measured> {
  const { folder, front, back, publicKey, secretKey } = at;
  const endpoints = [front, back, publicKey, secretKey];
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
    return broker;
  }
  const broker =
    kind === 'C zmq_proxy'
      ? new Measured(kind, peer('broker'), endpoints)
      : new Measured(kind, process.execPath, [join(PEER_SOURCES, 'loop.mjs'), ...endpoints]);
  await broker.until('ready');
  return broker;
}

/** One set of rounds gives several comparisons: each outcome is measured once and read by all of them. */
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

/** Runs all; `connections` are the fleets of the scaling part. */
export async function compareBrokers(
  rounds: number,
  connections: readonly number[],
  share = 1,
): Promise<Comparison[]> {
  const flat = await comparisons(100, 0, FLAT_OUT_MESSAGES * share, KINDS, rounds, [
    {
      title: 'CPU of the broker, 100 CURVE connections, flat out',
      unit: 'us a message',
      better: 'lower',
      goals: [{ contender: 'makai triggering-broker', ratio: 1 / 1.15 }],
      read: ({ cpuUs }) => cpuUs,
    },
    {
      title: 'throughput, 100 CURVE connections, flat out',
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
  ]);
  const paced = await comparisons(100, PACED_RATE, PACED_MESSAGES * share, KINDS, rounds, [
    {
      title: `CPU of the broker at ${PACED_RATE} messages/s`,
      unit: 'us a message',
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
  for (const senders of connections) {
    const pair = KINDS.slice(0, 2);
    scaling.push(
      ...(await comparisons(senders, 0, FLAT_OUT_MESSAGES / 2, pair, Math.min(rounds, 2), [
        {
          title: `CPU of the broker, ${senders} CURVE connections, flat out`,
          unit: 'us a message',
          better: 'lower',
          goals: [{ contender: 'makai triggering-broker', ratio: 1 / 1.15 }],
          read: ({ cpuUs }) => cpuUs,
        },
        {
          title: `memory of the broker, ${senders} CURVE connections`,
          unit: 'MB',
          better: 'lower',
          read: ({ rssMb }) => rssMb,
        },
      ])),
    );
  }
  return [...flat, ...paced, ...scaling];
}

export const broker: Benchmark = {
  name: 'broker',
  what: "the triggering broker against libzmq's proxy in C and a loop in JavaScript: CPU, throughput, latency, memory",
  run: ({ rounds, short }) => compareBrokers(rounds, short ? [] : [10, 1000, 5000], short ? SHORT_SHARE : 1),
};
