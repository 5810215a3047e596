/**
 * What the elected service does from its election to its end: reads the summaries of all partitions, hands second after second to the plugins, and makes what
 * they ask for. Before it makes anything it writes it down (record.ts), on the condition that nobody else has written since: whoever was replaced makes nothing.
 * A successor begins some time before the last second that was done, so that its plugins know what those before knew, and makes nothing of that time again.
 */
import { type Clock, pause, within } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { KEPT_MS, type StoredRecord } from '../../nats/summary-stream.js';
import type { PluginResults, PluginSecond } from '../../plugin-host/messages.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { pluginSecondOf } from './plugin-second.js';
import { decodeRecord, type ElectedRecord, encodeRecord, type OpenPluginRequest } from './record.js';
import { SECOND_MS, Seconds } from './seconds.js';
import { decodeSummary } from './summary-codec.js';

/** How long before the last second that was done a successor begins, ms: longer than what shipped plugins remember. */
export const AGAIN_MS = 150_000;
/** How often the record is written when there is nothing to make, ms. */
const RECORD_MS = 5000;
const LOOK_MS = 200;
const PAUSE_MS = 1000;
/** Without any summary for so long there is none to wait for, ms. */
const QUIET_MS = 1000;
/** A record of a higher revision and of this age was written before the bucket of leases was lost, ms. */
const STALE_MS = 20_000;
const STOP_MS = 3000;

export interface Stream {
  record(): Promise<StoredRecord | undefined>;
  write(data: Uint8Array, after: number): Promise<number | undefined>;
  read(
    fromMs: number,
    take: (data: Uint8Array, isNewest: boolean) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface ElectedRunOptions {
  stream: Stream;
  /** of the lease */
  revision: number;
  /** name of this service, for people */
  service: string;
  /** whether this service is the elected one at this moment */
  isElected: () => boolean;
  /** hands a second to the plugins; what they ask for comes through `requests` and `results` before it is fulfilled */
  second: (second: PluginSecond) => Promise<void>;
  make: (requests: EventRequest[], plugin: string) => void;
  keep: (results: PluginResults, plugin: string) => void;
  /** whether a request of an owner before became an event */
  isMade: (open: OpenPluginRequest) => Promise<boolean>;
  clock: Clock;
  log: Logger;
}

export class ElectedRun {
  readonly #options: ElectedRunOptions;
  readonly #log: ThrottledLog;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #seconds: Seconds | undefined;
  /** what the plugins asked for in the second that goes on */
  #requests: OpenPluginRequest[] = [];
  #results: { plugin: string; results: PluginResults }[] = [];
  /** the record as we know it */
  #record: { doneMs: number; open: readonly OpenPluginRequest[]; seq: number } | undefined;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #done = 0;
  #again = 0;
  #malformed = 0;
  #isNewest = false;
  #readMs = 0;

  constructor(options: ElectedRunOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log);
    this.#running = this.#run();
  }

  get counts(): { done: number; again: number; missing: number; late: number; malformed: number } {
    const { late = 0, missing = 0 } = this.#seconds ?? {};
    return { done: this.#done, again: this.#again, missing, late, malformed: this.#malformed };
  }

  requests(requests: readonly EventRequest[], plugin: string): void {
    for (const request of requests) this.#requests.push({ plugin, request });
  }

  results(results: PluginResults, plugin: string): void {
    this.#results.push({ plugin, results });
  }

  /** Fulfilled when it does nothing more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await within(this.#running, STOP_MS, this.#options.clock);
    this.#requests = [];
    this.#results = [];
  }

  get #isOver(): boolean {
    return this.#stopping.signal.aborted || !this.#options.isElected();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock, isElected } = this.#options;
    const { signal } = this.#stopping;
    const before = await this.#claim();
    if (before === undefined) return;
    const fromMs = before.isFirst
      ? clock.now()
      : Math.max(Math.min(before.doneMs, clock.now()) - AGAIN_MS, clock.now() - KEPT_MS);
    const seconds = new Seconds(Math.ceil(fromMs / SECOND_MS));
    this.#seconds = seconds;
    const reading = this.#read(seconds);
    await this.#makeOpen(before.open);
    while (!this.#isOver) {
      const next = seconds.take(clock.now(), this.#isCaughtUp);
      if (next === undefined) await pause(clock, LOOK_MS, signal);
      else if (!(await this.#step(pluginSecondOf(next))) && !(await this.#claim())) break;
    }
    // What is open was made: it waits in this process, which stops in order.
    const { doneMs, open } = this.#record ?? before;
    if (open.length > 0 && isElected()) await this.#write({ doneMs, open: [] });
    this.#stopping.abort();
    await reading;
  }

  get #isCaughtUp(): boolean {
    return this.#isNewest || this.#options.clock.monotonic() - this.#readMs > QUIET_MS;
  }

  /** Makes the record ours. @returns what the last one says; undefined: this service is not elected any more */
  async #claim(): Promise<
    { isFirst: boolean; doneMs: number; open: readonly OpenPluginRequest[] } | undefined
  > {
    const { clock, revision, stream } = this.#options;
    while (!this.#isOver) {
      try {
        const stored = await stream.record();
        const last = stored && decodeRecord(stored.data);
        const isOld = stored !== undefined && clock.now() - stored.writtenMs > STALE_MS;
        if (last !== undefined && last.revision > revision && !isOld)
          throw new Error('a service of a later election has written its record');
        const before = { doneMs: last?.doneMs ?? clock.now(), open: last?.open ?? [] };
        this.#record = { ...before, seq: stored?.seq ?? 0 };
        if (await this.#write(before)) return { ...before, isFirst: last === undefined };
      } catch (error) {
        this.#log.warn({ problem: messageOf(error) }, 'the record of the elected service cannot be used');
      }
      await pause(clock, PAUSE_MS, this.#stopping.signal);
    }
    return undefined;
  }

  /** @returns false: somebody else has written the record */
  async #write(next: Pick<ElectedRecord, 'doneMs' | 'open'>): Promise<boolean> {
    const { clock, revision, service, stream } = this.#options;
    const data = encodeRecord({ v: 1, revision, service, ...next });
    while (this.#record !== undefined && this.#options.isElected()) {
      try {
        const seq = await stream.write(data, this.#record.seq);
        const now = seq === undefined ? await stream.record() : undefined;
        // A reply that was lost: it is ours, word for word.
        const isOurs = now !== undefined && Buffer.from(now.data).equals(data);
        if (seq === undefined && !isOurs) return false;
        this.#record = { ...next, seq: seq ?? now?.seq ?? 0 };
        this.#writtenMs = clock.monotonic();
        return true;
      } catch (error) {
        this.#log.warn({ problem: messageOf(error) }, 'the record of the elected service was not written');
        await pause(clock, LOOK_MS, this.#stopping.signal);
        if (this.#stopping.signal.aborted) return false;
      }
    }
    return false;
  }

  /** Requests that the service before had written down and may not have made. */
  async #makeOpen(open: readonly OpenPluginRequest[]): Promise<void> {
    for (const one of open) {
      const isMade = await this.#options.isMade(one).catch(() => false);
      if (this.#isOver) return;
      const { description } = one.request;
      this.#options.log.info(
        { plugin: one.plugin, description, is_made: isMade },
        'a request of the service before',
      );
      if (!isMade) this.#options.make([one.request], one.plugin);
    }
  }

  async #read(seconds: Seconds): Promise<void> {
    const { clock, stream } = this.#options;
    const { signal } = this.#stopping;
    this.#readMs = clock.monotonic();
    while (!signal.aborted) {
      try {
        // What it has done already is not taken again.
        await stream.read(seconds.nextMs, (data, isNewest) => this.#take(data, isNewest), signal);
      } catch (error) {
        this.#log.warn({ problem: messageOf(error) }, 'summaries in NATS cannot be read');
      }
      await pause(clock, PAUSE_MS, signal);
    }
  }

  #take(data: Uint8Array, isNewest: boolean): void {
    const { clock } = this.#options;
    this.#isNewest = isNewest;
    this.#readMs = clock.monotonic();
    const part = decodeSummary(data);
    if (part === undefined) this.#malformed += 1;
    else this.#seconds?.add(part, clock.now());
  }

  /** @returns false: this service is not the elected one any more */
  async #step(second: PluginSecond): Promise<boolean> {
    const { clock, isElected, keep, make } = this.#options;
    this.#requests = [];
    this.#results = [];
    await this.#options.second(second);
    const record = this.#record;
    if (record === undefined) return false;
    if (second.endMs <= record.doneMs) {
      this.#again += 1;
      return true;
    }
    const open = this.#requests;
    const results = this.#results;
    this.#done += 1;
    const isDue = clock.monotonic() - this.#writtenMs >= RECORD_MS;
    const next = { doneMs: second.endMs, open };
    if (open.length + results.length + record.open.length === 0 && !isDue) {
      this.#record = { ...next, seq: record.seq };
      return true;
    }
    if (!(await this.#write(next)) || !isElected()) {
      this.#log.warn(
        { requests: open.length },
        'another service is elected: what this one found is not made',
      );
      return false;
    }
    for (const { plugin, request } of open) make([request], plugin);
    for (const { plugin, results: found } of results) keep(found, plugin);
    return true;
  }
}
