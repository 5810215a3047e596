/**
 * `npm run bench -- trip`: from the measurement that triggers a plugin to the command on the wire to the box, through all three daemons
 * and the threshold plugin. Open loop: latency counts from the time at which a measurement was due, not from when it was sent.
 */
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Publisher, Subscriber } from 'zeromq';
import { command, measurement } from '../proto/index.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { DAEMONS, DaemonLine } from './support/line.js';

const BOXES = 100;
const TRIPS = 400;
const SHORT_TRIPS = 100;
/** Triggers per second: an eighth of the sustained request rate that a plugin is allowed. */
const RATE = 25;
const NORMAL_V = 120;
const SAG_V = 90;
/** Box time between measurements. */
const STEP_MS = 1000;
const LATE_MS = 5000;
const GOAL_MS = 20;
const FIRST_BOX = 1000;

interface Percentiles {
  p50: number;
  p99: number;
  p999: number;
}

/** One connection that sends the measurements of all boxes, and one that receives the commands to all of them. */
class Boxes {
  readonly #publisher: Publisher;
  readonly #listener: Subscriber;
  /** time of the next measurement of each box; in the past, so that none is ahead of the daemons' clock */
  readonly #time = Array.from({ length: BOXES }, () => Date.now() - 3_600_000);
  /** triggers whose command has not arrived: when they were due, and the end of their window */
  readonly #open = new Map<string, { dueMs: number; endMs: number }>();
  readonly #histogram = createHistogram({ lowest: 1, highest: 60e6, figures: 3 });

  constructor({ curve, endpoints }: DaemonLine) {
    this.#publisher = new Publisher({ ...curve, linger: 0 });
    this.#listener = new Subscriber({ ...curve, linger: 0 });
    this.#publisher.connect(endpoints.measurements);
    for (let box = 0; box < BOXES; box++) this.#listener.subscribe(String(FIRST_BOX + box));
    this.#listener.connect(endpoints.commands);
    void this.#hear();
  }

  /** Sends measurements until a command has come through all daemons. */
  async warmUp(): Promise<void> {
    for (let box = 0; this.#histogram.count === 0; box = (box + 1) % BOXES) {
      await this.#trip(box, performance.now());
      await sleep(100);
    }
    await this.trips(BOXES);
  }

  /** @throws Error when a command did not arrive */
  async trips(count: number): Promise<Percentiles> {
    this.#open.clear();
    this.#histogram.reset();
    const start = performance.now() + 10;
    for (let i = 0; i < count; i++) {
      const dueMs = start + (1000 * i) / RATE;
      const ahead = dueMs - performance.now();
      if (ahead > 0) await sleep(ahead);
      await this.#trip(i % BOXES, dueMs);
    }
    const end = performance.now() + LATE_MS;
    while (this.#histogram.count < count && performance.now() < end) await sleep(10);
    if (this.#histogram.count < count)
      throw new Error(`${this.#histogram.count} of ${count} commands reached the boxes`);
    const ms = (percentile: number): number => this.#histogram.percentile(percentile) / 1000;
    return { p50: ms(50), p99: ms(99), p999: ms(99.9) };
  }

  /** A sag, and the measurement after it. That one ends the sag, so the plugin requests it. */
  async #trip(box: number, dueMs: number): Promise<void> {
    const before = this.#time[box] ?? 0;
    this.#time[box] = before + 3 * STEP_MS;
    await this.#send(box, before, NORMAL_V);
    await this.#send(box, before + STEP_MS, SAG_V);
    const endMs = before + 2 * STEP_MS;
    this.#open.set(String(FIRST_BOX + box), { dueMs, endMs });
    await this.#send(box, endMs, NORMAL_V);
  }

  #send(box: number, timestampMs: number, volts: number): Promise<void> {
    const boxId = FIRST_BOX + box;
    const metric = (average: number) => ({ min: average, max: average, average });
    const metrics = { f: metric(60), rms: metric(volts), thd: metric(0.02) };
    return this.#publisher.send([
      String(boxId).padStart(4, '0'),
      measurement.encode({ boxId, timestampMs, metrics }),
    ]);
  }

  /** A command that is repeated because nobody replies has an earlier window than the expected one. */
  async #hear(): Promise<void> {
    for await (const [topic, message] of this.#listener) {
      const now = performance.now();
      const trip = this.#open.get(topic?.toString() ?? '');
      if (trip === undefined || message === undefined) continue;
      const { body } = command.decode(message);
      if (body.kind !== 'data' || body.endMs < trip.endMs) continue;
      this.#open.delete(topic?.toString() ?? '');
      this.#histogram.record(Math.max(1, Math.round(1000 * (now - trip.dueMs))));
    }
  }

  close(): void {
    this.#publisher.close();
    this.#listener.close();
  }
}

/** @param mergeMs undefined: the default */
async function measure(rounds: number, trips: number, mergeMs?: number): Promise<Comparison[]> {
  const line = await DaemonLine.prepare(
    [{ path: 'threshold' }],
    mergeMs === undefined ? {} : { merge_ms: mergeMs },
  );
  let boxes: Boxes | undefined;
  try {
    for (const name of DAEMONS) await line.start(name);
    const fleet = new Boxes(line);
    boxes = fleet;
    await fleet.warmUp();
    const merging = mergeMs === undefined ? 'merge_ms as shipped' : `merge_ms ${mergeMs}`;
    const seen: Percentiles[] = [];
    for (let round = 0; round < rounds; round++) seen.push(await fleet.trips(trips));
    const shown = (
      which: keyof Percentiles,
      label: string,
      goals?: { contender: string; figure: number }[],
    ) => {
      let next = 0;
      return compare(
        {
          title: `from the measurement that trips threshold to the command at the box, ${RATE} a second, ${merging}, ${label}`,
          unit: 'ms',
          better: 'lower',
          baseline: 'makai',
          contenders: [{ name: 'makai', once: () => seen[next++]?.[which] ?? Number.NaN }],
          warmUp: false,
          ...(goals === undefined ? {} : { goals }),
        },
        rounds,
      );
    };
    return [
      await shown('p50', 'p50'),
      await shown('p99', 'p99', mergeMs === 0 ? [{ contender: 'makai', figure: GOAL_MS }] : undefined),
      await shown('p999', 'p99.9'),
    ];
  } finally {
    boxes?.close();
    await line.stop();
  }
}

export const trip: Benchmark = {
  name: 'trip',
  long: true,
  what: 'from the measurement that triggers a plugin to the command at the box, through the three daemons',
  run: async ({ rounds, short = false }) => {
    const trips = short ? SHORT_TRIPS : TRIPS;
    // With the default a request waits for those of other boxes: that time is printed, and has no goal.
    return [
      ...(await measure(Math.min(rounds, 3), trips, 0)),
      ...(await measure(Math.min(rounds, 3), trips)),
    ];
  },
};
