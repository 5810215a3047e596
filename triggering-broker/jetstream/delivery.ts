/**
 * Brings batches to JetStream. As long as it takes them they are sent directly, many at a time. What it does not take goes to the spool on disk, and so
 * does everything after it, until the spool has been delivered in its order. A batch is never given up because of a failure; it may be sent twice,
 * under one id.
 */
import { BackOff } from '../../common/backoff.js';
import { type Clock, pause, within } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { BatchSpool, PackedBatch, SpooledBatch } from '../../store/batch-spool.js';

/** Batches that are on their way without an acknowledgement; further ones go to the disk. */
const IN_FLIGHT = 2048;
/** Batches of the spool that are sent together. */
const ROWS = 128;
/** What is kept in memory while the disk takes nothing. */
const HELD_BYTES = 64 * 2 ** 20;
/** How long a stop waits for acknowledgements; what is left goes to the disk. */
const STOP_MS = 5000;
/** Between two parts of the spool's file that are given back to the disk. */
const SHRINK_PAUSE_MS = 50;
const BACK_OFF = { firstMs: 100, maxMs: 5000 };

/** `duplicate`: JetStream had it; `refused`: it never takes it */
export type Outcome = 'stored' | 'duplicate' | 'refused';

export interface DeliveryOptions {
  spool: BatchSpool;
  /** @throws where it is not known that JetStream has it */
  publish(batch: PackedBatch): Promise<Outcome>;
  /** makes sure that the stream is there. @throws where it is not */
  prepare(): Promise<void>;
  clock: Clock;
  log: Logger;
}

export interface DeliveryCounts {
  /** batches and messages that JetStream has acknowledged */
  batches: number;
  messages: number;
  /** batches of which JetStream said that it had them */
  duplicates: number;
  /** failures to send a batch or to find the stream */
  failures: number;
  /** batches that went to the disk */
  spooled: number;
  /** messages that were dropped, by reason */
  dropped: { spool_full: number; disk_unavailable: number; refused: number };
}

export class Delivery {
  readonly counts: DeliveryCounts = {
    batches: 0,
    messages: 0,
    duplicates: 0,
    failures: 0,
    spooled: 0,
    dropped: { spool_full: 0, disk_unavailable: 0, refused: 0 },
  };
  readonly #options: DeliveryOptions;
  readonly #log: ThrottledLog;
  /** by id */
  readonly #inFlight = new Map<string, PackedBatch>();
  /** accepted while the disk takes nothing */
  #held: PackedBatch[] = [];
  #settled: (() => void) | undefined;
  /** ends when the connection is lost */
  #online: AbortController | undefined;
  #draining: Promise<void> = Promise.resolve();
  /** the connection for which the spool is being delivered */
  #drainsFor: AbortController | undefined;
  /** JetStream takes batches, and none waits on disk */
  #isDirect = false;
  #isStopping = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log);
  }

  /** Batches go to JetStream without the disk. */
  get isDirect(): boolean {
    return this.#isDirect;
  }

  /** Messages without an acknowledgement, on their way or kept in memory. */
  get underWay(): number {
    let messages = 0;
    for (const batch of this.#inFlight.values()) messages += batch.messages;
    for (const batch of this.#held) messages += batch.messages;
    return messages;
  }

  send(batches: readonly PackedBatch[]): void {
    const waiting: PackedBatch[] = [];
    for (const batch of batches) {
      if (this.#isDirect && this.#inFlight.size < IN_FLIGHT) void this.#sendDirectly(batch);
      else waiting.push(batch);
    }
    if (waiting.length === 0 && this.#held.length === 0) return;
    this.#keep(waiting);
    if (this.#isDirect) this.#drain();
  }

  /** There is a connection. */
  connected(): void {
    this.#online ??= new AbortController();
    this.#drain();
  }

  /** Nobody knows what became of the batches under way: they go to the disk, and will be sent again. */
  disconnected(): void {
    this.#isDirect = false;
    this.#online?.abort();
    this.#online = undefined;
    const lost = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#keep(lost);
    this.#settled?.();
  }

  /** Waits a moment for what is under way; the rest is on disk afterwards. Nothing may be sent after this. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#inFlight.size > 0) {
      const over = new Promise<void>((resolve) => {
        this.#settled = () => {
          if (this.#inFlight.size === 0) resolve();
        };
      });
      await within(over, STOP_MS, this.#options.clock);
    }
    this.disconnected();
    await this.#draining;
    this.#keep([]);
    const lost = this.#held.reduce((sum, { messages }) => sum + messages, 0);
    if (lost === 0) return;
    this.counts.dropped.disk_unavailable += lost;
    this.#held = [];
    this.#log.error({ dropped: lost }, 'stopped with measurements that neither JetStream nor the disk took');
  }

  async #sendDirectly(batch: PackedBatch): Promise<void> {
    this.#inFlight.set(batch.id, batch);
    try {
      const outcome = await this.#options.publish(batch);
      // Otherwise it is on disk meanwhile, and is counted when it leaves.
      if (this.#inFlight.delete(batch.id)) this.#count(batch, outcome);
    } catch (error) {
      if (!this.#inFlight.delete(batch.id)) return;
      this.#failed(error);
      this.#keep([batch]);
      this.#drain();
    } finally {
      this.#settled?.();
    }
  }

  #count(batch: PackedBatch, outcome: Outcome): void {
    if (outcome === 'refused') {
      this.counts.dropped.refused += batch.messages;
      return;
    }
    this.counts.batches += 1;
    this.counts.messages += batch.messages;
    if (outcome === 'duplicate') this.counts.duplicates += 1;
  }

  #failed(error: unknown): void {
    this.#isDirect = false;
    this.counts.failures += 1;
    this.#log.warn({ problem: messageOf(error) }, 'JetStream did not accept measurements: they wait on disk');
  }

  /** Writes batches to the disk, and with them those that it did not take before. */
  #keep(batches: readonly PackedBatch[]): void {
    const all = [...this.#held, ...batches];
    if (all.length === 0) return;
    try {
      const dropped = this.#options.spool.add(all);
      this.counts.spooled += all.length;
      this.counts.dropped.spool_full += dropped;
      if (dropped > 0)
        this.#log.error({ dropped }, 'the spool is full: the oldest measurements were dropped');
      this.#hold([]);
    } catch (err) {
      this.#log.error({ err }, 'measurements that JetStream did not accept cannot be written to disk');
      this.#hold(all);
    }
  }

  #hold(batches: PackedBatch[]): void {
    let bytes = 0;
    for (const { body } of batches) bytes += body.length;
    let first = 0;
    for (; bytes > HELD_BYTES; first += 1) {
      bytes -= batches[first]?.body.length ?? 0;
      this.counts.dropped.disk_unavailable += batches[first]?.messages ?? 0;
    }
    this.#held = batches.slice(first);
  }

  /** Begins to deliver what is on disk, unless that is under way. */
  #drain(): void {
    const online = this.#online;
    if (online === undefined || this.#isStopping) return;
    this.#isDirect = false;
    if (this.#drainsFor === online) return;
    this.#drainsFor = online;
    this.#draining = this.#draining.then(() => this.#deliver(online));
  }

  /** Never rejects. Whoever begins to drain after its last step begins a new one. */
  async #deliver(connection: AbortController): Promise<void> {
    const begun = this.counts.messages;
    await this.#deliverAll(connection.signal);
    if (this.#drainsFor === connection) this.#drainsFor = undefined;
    if (connection.signal.aborted || this.#isStopping) return;
    if (this.#options.spool.batches > 0 || this.#held.length > 0) return this.#drain();
    this.#isDirect = true;
    const measurements = this.counts.messages - begun;
    if (measurements > 0) this.#options.log.info({ measurements }, 'what waited on disk is in JetStream');
    await this.#shrink();
  }

  /** Little by little: what is received meanwhile goes on directly. Never rejects. */
  async #shrink(): Promise<void> {
    const { clock, spool } = this.#options;
    try {
      while (this.#isDirect && !this.#isStopping && spool.shrink()) await pause(clock, SHRINK_PAUSE_MS);
    } catch (err) {
      this.#log.warn({ err }, 'the file of the spool cannot be made smaller');
    }
  }

  async #deliverAll(online: AbortSignal): Promise<void> {
    const { clock, prepare, publish, spool } = this.#options;
    const backOff = new BackOff(BACK_OFF);
    let isPrepared = false;
    while (!online.aborted && !this.#isStopping) {
      try {
        if (!isPrepared) await prepare();
        isPrepared = true;
        if (online.aborted) return;
        if (this.#held.length > 0) this.#keep([]);
        const rows = spool.oldest(ROWS);
        const batches = rows.length > 0 ? rows : this.#held.slice(0, ROWS);
        if (batches.length === 0) return;
        const results = await Promise.allSettled(batches.map((batch) => publish(batch)));
        this.#delivered(batches, results);
        const failure = results.find((result) => result.status === 'rejected');
        if (failure !== undefined) throw failure.reason;
        backOff.reset();
      } catch (error) {
        if (online.aborted) return;
        this.#failed(error);
        isPrepared = false;
        await pause(clock, backOff.next(), online);
      }
    }
  }

  /** What JetStream has leaves the disk, or the memory. */
  #delivered(
    batches: readonly (PackedBatch | SpooledBatch)[],
    results: readonly PromiseSettledResult<Outcome>[],
  ): void {
    const done = batches.filter((_batch, i) => results[i]?.status === 'fulfilled');
    const onDisk = done.filter((batch): batch is SpooledBatch => 'seq' in batch);
    if (onDisk.length > 0) this.#options.spool.remove(onDisk);
    else this.#hold(this.#held.filter((batch) => !done.includes(batch)));
    for (const [i, batch] of batches.entries()) {
      const result = results[i];
      if (result?.status === 'fulfilled') this.#count(batch, result.value);
    }
  }
}
