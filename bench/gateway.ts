/** Measurements as JSON to mosquitto at QoS 1: through the gateway's decoder, sender and connection, against the bare client with messages that are made already. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { systemClock } from '../common/clock.js';
import { silentLogger } from '../common/log.js';
import { LiveMeasurements } from '../gateway/live/measurements.js';
import { connectLink } from '../gateway/mqtt/client.js';
import { ValueSender } from '../gateway/send/values.js';
import { measurement } from '../proto/index.js';
import { Mosquitto, mosquittoProgram } from '../test/gateway/mosquitto.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { liveLatency, withoutBroker } from './gateway-live.js';

const MESSAGES = { long: 40_000, short: 8_000 } as const;
const BOXES = 1000;

/** Messages per second, confirmed by the broker. */
export const gateway: Benchmark = {
  name: 'gateway',
  long: true,
  what: 'measurements published to mosquitto at QoS 1, against the bare client; delay from the box, and memory while the broker is unavailable',
  run: async ({ rounds, short = false }): Promise<Comparison[]> => {
    const program = mosquittoProgram();
    if (program === undefined) throw new Error('mosquitto is not installed (scripts/debian-tools.txt)');
    const count = short ? MESSAGES.short : MESSAGES.long;
    const broker = await Mosquitto.start(program);
    try {
      const comparison = await compare(
        {
          title: `${count} measurements of ${BOXES} boxes`,
          unit: 'messages per second',
          better: 'higher',
          baseline: 'bare client',
          goals: [{ contender: 'gateway', ratio: 0.5 }],
          warmUp: true,
          contenders: [
            { name: 'bare client', once: () => bare(broker.url, count) },
            { name: 'gateway', once: () => throughGateway(broker.url, count) },
          ],
        },
        rounds,
      );
      return [
        comparison,
        await liveLatency(program, short, rounds),
        await withoutBroker(program, short, rounds),
      ];
    } finally {
      await broker.remove();
    }
  },
};

/** As many under way as the broker allows, with callbacks: the fastest way that the client has. */
async function bare(url: string, count: number): Promise<number> {
  const client = await connectAsync(url, { protocolVersion: 5, clean: true });
  const payload = JSON.stringify({
    box_id: '1001',
    timestamp_ms: 1,
    voltage: 119.9871,
    frequency: 60.00012,
    thd: 0.02112,
  });
  const begin = performance.now();
  let [sent, confirmed] = [0, 0];
  await new Promise<void>((resolve, reject) => {
    const next = (): void => {
      if (sent >= count) return;
      sent += 1;
      client.publish(`makai/boxes/${1000 + (sent % BOXES)}/measurement`, payload, { qos: 1 }, (error) => {
        if (error !== undefined && error !== null) return reject(error);
        confirmed += 1;
        if (confirmed === count) return resolve();
        next();
      });
    };
    for (let i = 0; i < 20; i += 1) next();
  });
  const seconds = (performance.now() - begin) / 1000;
  await client.endAsync();
  return count / seconds;
}

async function throughGateway(url: string, count: number): Promise<number> {
  const log = silentLogger();
  const server = {
    ...{ url, version: '5' as const, clientId: 'bench', user: undefined, passwordFile: undefined },
    ...{ ca: undefined, cert: undefined, key: undefined },
  };
  const link = await connectLink({ path: 'mqtt', server, clock: systemClock, log });
  await link.open();
  await new Promise<void>((resolve) => link.onConnected(resolve));
  const sender = new ValueSender(link, count, log);
  const live = new LiveMeasurements({
    ...{ endpoints: [], curve: undefined, boxes: undefined, clock: systemClock, log },
    // Each one is due; there is no broker.
    perSecond: Number.POSITIVE_INFINITY,
    onMessage: (message) => sender.put(message),
  });
  const frames = Array.from({ length: BOXES }, (_, i) => {
    const values = (average: number) => ({ min: average, max: average, average });
    const metrics = { rms: values(119.9871), f: values(60.00012), thd: values(0.02112) };
    return [
      Buffer.from(String(1000 + i)),
      Buffer.from(measurement.encode({ boxId: 1000 + i, timestampMs: 1_795_315_200_000, metrics })),
    ];
  });
  const begin = performance.now();
  for (let i = 0; i < count; ) {
    // As they come from a socket: in bursts, with turns of the event loop in between.
    for (const end = Math.min(count, i + 200); i < end; i += 1) live.receive(frames[i % BOXES] ?? []);
    while (sender.waiting > 2000) await sleep(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (sender.published < count) await sleep(1);
  const seconds = (performance.now() - begin) / 1000;
  await link.stop();
  await live.stop();
  return count / seconds;
}
