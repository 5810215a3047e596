/**
 * The one way of a daemon's writes to its store: keeps what the store does not take, in the order of each lane, and tries it again (policy.ts). It keeps
 * in memory; a store that has to outlive outages on disk stands behind a spool (store/spool), which takes every write.
 */
import { type Clock, systemClock, within } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { Sink, Stored, Write } from '../writes.js';
import { OutboxLane, type PutOptions } from './lane.js';
import { LANE_LIMITS, LANES, type Lane, POLICY } from './policy.js';
import { StoreHealth } from './store-health.js';

/** How long a stop tries to write what waits. */
const DRAIN_MS = 10_000;

export interface OutboxOptions {
  store: Sink;
  log: Logger;
  clock?: Clock;
  /** measurements that may wait */
  maxMeasurements?: number;
  /** aborted: the store is not waited for any more; what waits is tried once more */
  giveUp?: AbortSignal;
}

export class Outbox implements Running {
  readonly lanes: Readonly<Record<Lane, OutboxLane>>;
  readonly health = new StoreHealth();
  readonly #clock: Clock;

  constructor(options: OutboxOptions) {
    const { clock = systemClock, giveUp, log, maxMeasurements, store } = options;
    this.#clock = clock;
    const lane = (name: Lane): OutboxLane => {
      const { atOnce, maxItems, ...limits } = LANE_LIMITS[name];
      return new OutboxLane({
        name,
        limits: {
          ...limits,
          atOnce: atOnce === 'batches' ? store.batchesAtOnce : atOnce,
          maxItems: name === 'measurements' ? (maxMeasurements ?? maxItems) : maxItems,
        },
        ...{ store, health: this.health, clock, log },
      });
    };
    this.lanes = Object.fromEntries(LANES.map((name) => [name, lane(name)])) as Record<Lane, OutboxLane>;
    giveUp?.addEventListener('abort', () => this.giveUp());
  }

  /** Fulfilled when the write is durable. @throws as `put` of its lane */
  put(write: Write, options?: PutOptions): Promise<Stored> {
    return this.lanes[POLICY[write.kind].lane].put(write, options);
  }

  /** What waits, by lane. */
  waiting(): Record<Lane, number> {
    const waiting = LANES.map((name) => [name, this.lanes[name].status().waiting]);
    return Object.fromEntries(waiting) as Record<Lane, number>;
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
    await within(settled, DRAIN_MS, this.#clock);
    for (const lane of lanes) lane.end();
  }

  #all(): OutboxLane[] {
    return LANES.map((name) => this.lanes[name]);
  }
}
