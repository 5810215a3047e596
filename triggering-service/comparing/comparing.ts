/**
 * Plugins that compare boxes, where several services divide the boxes: each service writes one-second summaries of its partitions, and one, elected, runs these
 * plugins on the summaries of all. Docs: docs/cluster.md, "Plugins that compare boxes".
 */
import { pause, systemClock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { Turn } from '../../common/turn.js';
import type { PluginEntry } from '../../config/plugins.js';
import { Election } from '../../nats/election.js';
import type { NatsConnection } from '../../nats/link.js';
import { readRecentBoxes } from '../../nats/recent-boxes.js';
import { SummaryStream } from '../../nats/summary-stream.js';
import type { PluginHost } from '../../plugin-host/plugin-host.js';
import type { Rows } from '../../proto/columns.js';
import type { EventDocument, TimeRange } from '../../store/store.js';
import { ElectedRun, type ElectedRunOptions } from './elected-run.js';
import type { BoxPlaces } from './partition-seconds.js';
import type { OpenPluginRequest } from './record.js';
import { Summaries } from './summaries.js';

const AGAIN_MS = 1000;
/** A new owner of a partition looks up which boxes sent so long before, ms. */
const RECENT_MS = 60_000;
/** How long the first second waits for plugins to start, ms. */
const START_MS = 10_000;
/** An event begins at most so long before what was asked for, ms. */
const EVENT_MS = 600_000;

export interface ComparingOptions {
  /** names this service, for people */
  service: string;
  places: BoxPlaces;
  /** driven by seconds; hands what plugins ask for to `requests` and `results` */
  host: Pick<PluginHost, 'load' | 'second' | 'status' | 'stop'>;
  make: ElectedRunOptions['make'];
  keep: ElectedRunOptions['keep'];
  events: (range: TimeRange) => AsyncIterable<EventDocument>;
  log: Logger;
}

export interface ComparingStatus {
  /** whether this service runs them, and the name of the one that does */
  elected: boolean;
  service?: string;
  /** how often this service was elected since the start */
  moves: number;
  /** since it was elected: seconds that were done, and those that were gone through again for what plugins remember */
  seconds: number;
  again: number;
  /** partitions without a summary, of all seconds; summaries that came too late, and those that cannot be read */
  missing: number;
  late: number;
  malformed: number;
  /** summaries of own partitions that could not be written */
  unwritten: number;
}

export class Comparing implements Running {
  readonly #options: ComparingOptions;
  readonly #log: ThrottledLog;
  readonly #election: Election;
  readonly #summaries: Summaries;
  readonly #turn = new Turn();
  #entries: readonly PluginEntry[] = [];
  #connection: NatsConnection | undefined;
  /** partitions are looked up one after the other */
  readonly #learning = new Turn();
  #stream: SummaryStream | undefined;
  #run: ElectedRun | undefined;
  #isBehind: (partition: number) => boolean = () => false;
  #isStopping = false;

  constructor(options: ComparingOptions) {
    const { log, places, service } = options;
    this.#options = options;
    this.#log = new ThrottledLog(log);
    this.#summaries = new Summaries({
      places,
      log,
      isBehind: (partition) => this.#isBehind(partition),
      publish: async (partition, data) => this.#stream?.publish(partition, data),
    });
    this.#election = new Election({
      name: service,
      does: 'runs the plugins that compare boxes',
      clock: systemClock,
      log,
      elected: (revision) => this.#start(revision),
      lost: () => this.#end(),
    });
  }

  /** The plugins that compare boxes; none: this service has no part in it. */
  async load(entries: readonly PluginEntry[]): Promise<void> {
    this.#entries = entries;
    this.#summaries.turn(entries.length > 0);
    this.#election.stand(entries.length > 0);
    await this.#turn.run(async () => {
      if (this.#run !== undefined) await this.#options.host.load(entries);
    });
  }

  status(): ComparingStatus | undefined {
    if (this.#entries.length === 0) return undefined;
    const { holder, isElected, moves } = this.#election;
    const counts = this.#run?.counts ?? { done: 0, again: 0, missing: 0, late: 0, malformed: 0 };
    const { again, done, late, malformed, missing } = counts;
    return {
      elected: isElected,
      ...(holder === undefined ? {} : { service: holder }),
      moves,
      ...{ seconds: done, again, missing, late, malformed },
      unwritten: this.#summaries.lost,
    };
  }

  /** There is a connection. @param replicas of the measurement stream @param lost aborted when it is lost */
  connected(connection: NatsConnection, replicas: number, lost: AbortSignal): void {
    this.#connection = connection;
    this.#election.connected(connection, replicas);
    void this.#open(connection, replicas, lost);
  }

  /** @param isBehind whether many measurements of a partition wait to be read */
  start(isBehind: (partition: number) => boolean): void {
    this.#isBehind = isBehind;
    this.#summaries.start();
  }

  taken(partition: number, revision: number): void {
    this.#summaries.taken(partition, revision);
    if (this.#entries.length > 0) void this.#learning.run(() => this.#learn(partition));
  }

  lost(partition: number): void {
    this.#summaries.lostPartition(partition);
  }

  /** Measurements that plugins see. @param received when the relay received each row, Unix ms */
  add(rows: Rows, received: Float64Array): void {
    this.#summaries.add(rows, received);
  }

  /** What plugins of the host ask for. */
  get output(): Pick<ElectedRun, 'requests' | 'results'> | undefined {
    return this.#run;
  }

  /** To be stopped while there is a connection. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#summaries.stop();
    await this.#run?.stop();
    this.#run = undefined;
    await this.#turn.run(() => this.#options.host.stop());
    await this.#election.stop();
  }

  /** A box that fell silent shortly before the partition was taken is known to be silent. */
  async #learn(partition: number): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || this.#isStopping) return;
    const fromMs = Date.now() - RECENT_MS;
    try {
      await readRecentBoxes(connection, partition, fromMs, (boxId, heardMs) =>
        this.#summaries.learn(partition, boxId, Math.min(heardMs, Date.now())),
      );
    } catch (error) {
      this.#log.warn({ partition, problem: messageOf(error) }, 'boxes that sent before are not known');
    }
  }

  async #open(connection: NatsConnection, replicas: number, lost: AbortSignal): Promise<void> {
    this.#stream = undefined;
    while (!lost.aborted && !this.#isStopping) {
      try {
        const stream = await SummaryStream.open(connection, replicas);
        if (!lost.aborted) this.#stream = stream;
        return;
      } catch (error) {
        this.#log.warn({ problem: messageOf(error) }, 'the stream of summaries cannot be made');
        await pause(systemClock, AGAIN_MS, lost);
      }
    }
  }

  #start(revision: number): void {
    void this.#turn.run(async () => {
      if (this.#isStopping || !this.#election.isElected) return;
      const { events, host, keep, log, make, service } = this.#options;
      await host.load(this.#entries);
      await this.#settled();
      if (this.#isStopping || !this.#election.isElected) {
        await host.load([]);
        return;
      }
      this.#run = new ElectedRun({
        stream: this.#reopened,
        ...{ revision, service, make, keep, log },
        isElected: () => this.#election.isElected,
        second: (second) => host.second(second),
        isMade: (open) => isMade(open, events),
        clock: systemClock,
      });
    });
  }

  /** What they ask for at their end is not made: a successor finds it by itself. */
  #end(): void {
    const run = this.#run;
    this.#run = undefined;
    void this.#turn.run(async () => {
      await run?.stop();
      await this.#options.host.load([]);
    });
  }

  /** Plugins have started, or have been refused. */
  async #settled(): Promise<void> {
    const untilMs = performance.now() + START_MS;
    while (
      this.#options.host.status().some(({ state }) => state === 'starting') &&
      performance.now() < untilMs &&
      !this.#isStopping
    )
      await pause(systemClock, 20);
  }

  /** The stream of the connection that there is. */
  get #reopened(): ElectedRunOptions['stream'] {
    const present = (): SummaryStream => {
      if (this.#stream === undefined) throw new Error('there is no stream of summaries');
      return this.#stream;
    };
    return {
      record: async () => present().record(),
      write: async (data, after) => present().write(data, after),
      read: async (fromMs, take, signal) => present().read(fromMs, take, signal),
    };
  }
}

/** Whether there is an event for a request: of the same words, for a window that overlaps it. */
export async function isMade(
  { plugin, request }: OpenPluginRequest,
  events: ComparingOptions['events'],
): Promise<boolean> {
  const { description, endMs, startMs } = request;
  const name = plugin.replace(/#\d+$/, '');
  const words = description.startsWith(`${name}:`) ? description : `${name}: ${description}`.trimEnd();
  for await (const event of events({ fromMs: startMs - EVENT_MS, toMs: endMs })) {
    if (event.description.startsWith(words) && event.target_event_end_timestamp_ms >= startMs) return true;
  }
  return false;
}
