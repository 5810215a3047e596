/** The gateway as a process between a triggering broker and mosquitto: how late a live value is, and the memory while mosquitto is unavailable for an hour. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { Publisher, Subscriber } from 'zeromq';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { yieldToEventLoop } from '../common/yield.js';
import { readStatus } from '../daemon/status/client.js';
import { measurement } from '../proto/index.js';
import { unitEnvironment } from '../scripts/unit-environment.js';
import { openStore } from '../store/open.js';
import { incidentOf } from '../test/gateway/given.js';
import { Mosquitto } from '../test/gateway/mosquitto.js';
import { type Comparison, compare } from './compare.js';
import { freePort } from './support/free-port.js';
import { DaemonLine } from './support/line.js';
import { Measured } from './support/process.js';

const BOXES = 1000;
const FIRST_BOX = 1000;
const SECONDS = { long: 20, short: 6 } as const;
/** Until the code of the gateway is compiled. */
const WARM_UP_MS = 4000;
const GOAL_MS = 250;
/** What a thousand boxes send in an hour, once a second. */
const HOUR = { long: 3_600_000, short: 300_000 } as const;
/** Incidents of that hour: as many as the worst day of a fleet had. */
const INCIDENTS = { long: 2000, short: 500 } as const;
const GOAL_MB = 150;
/** On their way to the gateway at the same time: what a thousand boxes send in two seconds. */
const UNDER_WAY = 2000;

class GatewayLine {
  readonly broker: Mosquitto;
  readonly status: string;
  readonly publisher: Publisher;
  readonly #line: DaemonLine;
  #gateway: Measured | undefined;

  static async start(program: string, measurements: object = {}): Promise<GatewayLine> {
    const line = await DaemonLine.prepare();
    await line.start('triggering-broker');
    // As the tests start it, it writes all that it holds to disk at each message for a subscriber.
    const broker = await Mosquitto.start(program, () => 'persistence false');
    const started = new GatewayLine(line, broker, `127.0.0.1:${await freePort()}`);
    const nobody = `tcp://127.0.0.1:${await freePort()}`;
    const config = {
      ...{ mqtt: { url: broker.url }, state: join(line.folder, 'gateway'), measurements },
      ...{ notify: join(line.folder, 'none.yaml'), store: started.storeUrl, status: started.status },
      zmq_trigger_endpoint: line.endpoints.stream,
      ...{ zmq_acquisition_endpoint: nobody, zmq_data_endpoint: nobody, incident_endpoint: nobody },
      log_level: 'error',
    };
    const file = join(line.folder, 'gateway.json');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    const main = join(PACKAGE_ROOT, 'dist/cli/main.js');
    started.#gateway = new Measured(
      ...(['gateway', process.execPath, [main, 'gateway', file], unitEnvironment('gateway')] as const),
    );
    await started.gateway.until('"ready"');
    await started.#warmUp();
    return started;
  }

  private constructor(line: DaemonLine, broker: Mosquitto, status: string) {
    this.#line = line;
    this.broker = broker;
    this.status = status;
    this.publisher = new Publisher({ ...line.curve, linger: 0, sendHighWaterMark: 0 });
    this.publisher.connect(line.endpoints.measurements);
  }

  get gateway(): Measured {
    if (this.#gateway === undefined) throw new Error('not started');
    return this.#gateway;
  }

  get stream(): string {
    return this.#line.endpoints.stream;
  }

  get storeUrl(): string {
    return `sqlite:${join(this.#line.folder, 'makai.db')}`;
  }

  send(box: number, timestampMs: number): Promise<void> {
    const boxId = FIRST_BOX + box;
    const values = (average: number) => ({ min: average, max: average, average });
    const metrics = { rms: values(119.9871), f: values(60.00012), thd: values(0.02112) };
    return this.publisher.send([String(boxId), measurement.encode({ boxId, timestampMs, metrics })]);
  }

  async measurements(): Promise<Record<'received' | 'waiting' | 'dropped' | 'measurements', number>> {
    const [host = '', port = ''] = this.status.split(':');
    const { details } = await readStatus({ host, port: Number(port) });
    return { ...(details.measurements as object), ...(details.published as object) } as Record<
      'received' | 'waiting' | 'dropped' | 'measurements',
      number
    >;
  }

  /** Until measurements come through the triggering broker. */
  async #warmUp(): Promise<void> {
    while ((await this.measurements()).received === 0) {
      await this.send(0, Date.now());
      await sleep(50);
    }
    await sleep(1000);
  }

  async stop(): Promise<void> {
    this.publisher.close();
    await this.#gateway?.stop('SIGKILL');
    await this.broker.remove();
    await this.#line.stop();
  }
}

/** Each box once a second, spread over the second; from when it was due until `listen` reports it. @returns ms, 99th percentile */
async function latency(
  line: GatewayLine,
  seconds: number,
  listen: (heard: (box: number, timestampMs: number) => void) => Promise<() => Promise<void>>,
): Promise<number> {
  const due = new Map<string, number>();
  const histogram = createHistogram({ lowest: 1, highest: 60e6, figures: 3 });
  const end = await listen((box, timestampMs) => {
    const key = `${box} ${timestampMs}`;
    const dueMs = due.get(key);
    if (dueMs === undefined) return;
    due.delete(key);
    if (dueMs >= countedFrom) histogram.record(Math.max(1, Math.round(1000 * (performance.now() - dueMs))));
  });
  const start = performance.now() + 100;
  const countedFrom = start + WARM_UP_MS;
  const count = BOXES * (seconds + WARM_UP_MS / 1000);
  for (let i = 0; i < count; i += 1) {
    const dueMs = start + (1000 * i) / BOXES;
    const ahead = dueMs - performance.now();
    // Behind its time it must not keep what is heard waiting.
    await (ahead > 0 ? sleep(ahead) : yieldToEventLoop());
    const timestampMs = Date.now();
    const box = i % BOXES;
    due.set(`${FIRST_BOX + box} ${timestampMs}`, dueMs);
    await line.send(box, timestampMs);
  }
  for (const late = performance.now() + 5000; due.size > 0 && performance.now() < late; ) await sleep(10);
  await end();
  // The gateway may leave out one that comes too early for its rate.
  if (due.size > 0.05 * count)
    throw new Error(
      `${due.size} of ${count} measurements did not arrive; ${JSON.stringify(await line.measurements())}`,
    );
  return histogram.percentile(99) / 1000;
}

async function byMqtt(program: string, seconds: number): Promise<number> {
  const line = await GatewayLine.start(program);
  try {
    return await latency(line, seconds, async (heard) => {
      const client = await connectAsync(line.broker.url);
      client.on('message', (_, payload) => {
        const { box_id, timestamp_ms } = JSON.parse(payload.toString()) as Record<string, number>;
        heard(Number(box_id), Number(timestamp_ms));
      });
      await client.subscribeAsync('makai/boxes/+/measurement', { qos: 0 });
      return () => client.endAsync();
    });
  } finally {
    await line.stop();
  }
}

async function byZeroMq(program: string, seconds: number): Promise<number> {
  const line = await GatewayLine.start(program);
  try {
    return await latency(line, seconds, async (heard) => {
      const socket = new Subscriber();
      socket.connect(line.stream);
      socket.subscribe();
      await sleep(500);
      const reading = (async () => {
        for await (const [, payload] of socket) {
          if (payload === undefined) continue;
          const { boxId, timestampMs } = measurement.decode(payload);
          heard(boxId, timestampMs);
        }
      })().catch(() => undefined);
      return async () => {
        socket.close();
        await reading;
      };
    });
  } finally {
    await line.stop();
  }
}

export const liveLatency = (program: string, short: boolean, rounds: number): Promise<Comparison> => {
  const seconds = short ? SECONDS.short : SECONDS.long;
  return compare(
    {
      title: `${BOXES} boxes, once a second: 99th percentile from the box`,
      unit: 'ms',
      better: 'lower',
      baseline: 'to a ZeroMQ subscriber',
      goals: [{ contender: 'to an MQTT subscriber', figure: GOAL_MS }],
      warmUp: false,
      contenders: [
        { name: 'to a ZeroMQ subscriber', once: () => byZeroMq(program, seconds) },
        { name: 'to an MQTT subscriber', once: () => byMqtt(program, seconds) },
      ],
    },
    rounds,
  );
};

/**
 * The hour in less time: as many measurements as a thousand boxes send in it, as fast as the gateway takes them, with mosquitto gone; none is left out for its rate (`per_second` is 60). What
 * waits is bounded by a number and not by time, so that only the number of messages counts.
 * @returns resident memory, MB
 */
async function memory(program: string, messages: number, incidents: number): Promise<number> {
  const line = await GatewayLine.start(program, { per_second: 60 });
  try {
    await line.broker.down('SIGKILL');
    const store = await openStore(line.storeUrl, { retention: { mode: 'ttl', measurementsSeconds: 3600 } });
    const before = (await line.measurements()).received;
    for (let i = 0; i < messages; ) {
      for (const end = Math.min(messages, i + UNDER_WAY / 4); i < end; i += 1)
        await line.send(i % BOXES, 1_795_315_200_000 + i);
      for (let n = 0; n < (incidents * UNDER_WAY) / 4 / messages; n += 1)
        await store.apply({
          kind: 'incident',
          incident: incidentOf(String(FIRST_BOX + n), Date.now() + i + n),
          samples: new Int16Array(),
        });
      while (i - ((await line.measurements()).received - before) > UNDER_WAY) await sleep(5);
    }
    while ((await line.measurements()).received - before < messages) await sleep(20);
    await store.close();
    const { dropped, waiting } = await line.measurements();
    if (messages > 100_000 && dropped < messages / 2)
      throw new Error(`only ${dropped} of ${messages} did not fit: the rate held most of them back`);
    if (waiting < 9000) throw new Error(`only ${waiting} wait`);
    return line.gateway.rssMb();
  } finally {
    await line.stop();
  }
}

async function justStarted(program: string): Promise<number> {
  const line = await GatewayLine.start(program);
  try {
    return line.gateway.rssMb();
  } finally {
    await line.stop();
  }
}

export const withoutBroker = (program: string, short: boolean, rounds: number): Promise<Comparison> => {
  const messages = short ? HOUR.short : HOUR.long;
  const incidents = short ? INCIDENTS.short : INCIDENTS.long;
  return compare(
    {
      title: `memory of the gateway after ${messages} measurements and ${incidents} incidents without the broker`,
      unit: 'MB',
      better: 'lower',
      baseline: 'just started',
      goals: [{ contender: 'without the broker', figure: GOAL_MB }],
      warmUp: false,
      contenders: [
        { name: 'just started', once: () => justStarted(program) },
        { name: 'without the broker', once: () => memory(program, messages, incidents) },
      ],
    },
    rounds,
  );
};
