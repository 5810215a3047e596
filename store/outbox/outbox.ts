/**
 * The one way of a daemon's writes to its store: keeps what the store does not take, in the order of each lane, and tries it again (policy.ts). It keeps
 * in memory; a store that has to outlive outages on disk stands behind a spool (store/spool), which takes every write.
 */
import { type Clock, systemClock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import {
  bytesOf,
  itemsOf,
  type Sink,
  type Stored,
  type Write,
  type WriteKind,
  type WriteResult,
} from '../writes.js';
import { type LaneStatus, OutboxLane } from './lane.js';
import { LANE_LIMITS, LANES, type Lane, POLICY } from './policy.js';

/** How long a stop tries to write what waits. */
const DRAIN_MS = 10_000;

/** What is timed: writes, and the drawing of event ids. */
export type Timed = WriteKind | 'event_ids';

export interface OutboxOptions {
  store: Sink;
  log: Logger;
  clock?: Clock;
  /** measurements that may wait */
  maxMeasurements?: number;
  /** aborted: the store is not waited for any more; what waits is tried once more */
  giveUp?: AbortSignal;
}

export interface PutOptions {
  /** it is not tried again, whatever its policy says */
  once?: boolean;
}

export class Outbox implements Running {
  readonly #clock: Clock;
  readonly #lanes: Readonly<Record<Lane, OutboxLane>>;
  /** writes that the store did not take, tried again or not */
  failures = 0;
  /** false from a write that failed to the next one that did not */
  isTaking = true;
  #timed: (seconds: number, kind: Timed) => void = () => undefined;

  constructor(options: OutboxOptions) {
    const { clock = systemClock, giveUp, log, maxMeasurements, store } = options;
    this.#clock = clock;
    const apply = async (write: Write): Promise<WriteResult> => {
      const start = performance.now();
      const [result = { error: new Error('no result') }] = await store.apply([write]);
      if ('error' in result) this.#failed();
      else this.#took(start, write.kind);
      return result;
    };
    const lane = (name: Lane): OutboxLane => {
      const { atOnce, maxItems, ...limits } = LANE_LIMITS[name];
      return new OutboxLane({
        name,
        limits: {
          ...limits,
          atOnce: atOnce === 'batches' ? store.batchesAtOnce : atOnce,
          maxItems: name === 'measurements' ? (maxMeasurements ?? maxItems) : maxItems,
        },
        ...{ apply, clock, log },
      });
    };
    this.#lanes = Object.fromEntries(LANES.map((name) => [name, lane(name)])) as Record<Lane, OutboxLane>;
    giveUp?.addEventListener('abort', () => this.giveUp());
  }

  /** @param listener called after each write that was taken */
  onTimed(listener: (seconds: number, kind: Timed) => void): void {
    this.#timed = listener;
  }

  /**
   * Fulfilled when the write is durable.
   * @throws what the store said: MakaiError STORE_REFUSED, or any other once the outbox gives up or its policy does
   */
  put(write: Write, { once = false }: PutOptions = {}): Promise<Stored> {
    return new Promise((resolve, reject) => this.#push(write, resolve, reject, once));
  }

  /** For batches: nobody waits. @param over called when it is stored, or will not be */
  push(write: Write, over: () => void = () => undefined): void {
    this.#push(write, over, over, false);
  }

  /** Fulfilled when the first `count` items of a lane have been stored, or dropped, or given up by a stop. */
  settled(lane: Lane, count: number): Promise<void> {
    return this.#lanes[lane].settled(count);
  }

  accepted(lane: Lane): number {
    return this.#lanes[lane].accepted;
  }

  status(lane: Lane): LaneStatus {
    return this.#lanes[lane].status();
  }

  /** What waits, by lane. */
  waiting(): Record<Lane, number> {
    const waiting = LANES.map((name) => [name, this.#lanes[name].status().waiting]);
    return Object.fromEntries(waiting) as Record<Lane, number>;
  }

  /** Runs `work` and notes how long it took, and whether the store took it. */
  async timed<T>(kind: Timed, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      const result = await work();
      this.#took(start, kind);
      return result;
    } catch (error) {
      this.#failed();
      throw error;
    }
  }

  /** What waits for the end of a pause is tried now: a stop has little time. */
  hurry(): void {
    for (const lane of this.#all()) lane.hurry();
  }

  giveUp(): void {
    for (const lane of this.#all()) lane.giveUp();
  }

  /** Writes what waits; what the store does not take within some seconds has failed, and is logged. */
  async stop(): Promise<void> {
    const lanes = this.#all();
    this.hurry();
    const settled = Promise.all(lanes.map((lane) => lane.settled(lane.accepted)));
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(DRAIN_MS, resolve);
      void settled.then(() => {
        cancel();
        resolve();
      });
    });
    for (const lane of lanes) lane.end();
  }

  #took(startMs: number, kind: Timed): void {
    this.isTaking = true;
    this.#timed((performance.now() - startMs) / 1000, kind);
  }

  #failed(): void {
    this.isTaking = false;
    this.failures += 1;
  }

  #all(): OutboxLane[] {
    return LANES.map((name) => this.#lanes[name]);
  }

  #push(
    write: Write,
    stored: (stored: Stored) => void,
    failed: (error: unknown) => void,
    once: boolean,
  ): void {
    const { lane, retry } = POLICY[write.kind];
    // From now: a write that is tried for hours expires as if it had been taken.
    const accepted = write.acceptedAtMs === undefined ? { ...write, acceptedAtMs: this.#clock.now() } : write;
    this.#lanes[lane].push({
      write: accepted,
      items: itemsOf(write),
      bytes: bytesOf(write),
      retry: once ? 'never' : retry,
      stored,
      failed,
      first: 0,
      failures: 0,
    });
  }
}
