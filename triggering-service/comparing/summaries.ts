/** The summaries of the partitions that this service owns: each second, one for each is written to NATS. */
import { type Clock, systemClock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { partitionOfBox } from '../../nats/partition.js';
import type { Rows } from '../../proto/columns.js';
import { type BoxPlaces, PartitionSeconds } from './partition-seconds.js';
import { SECOND_MS } from './seconds.js';
import { encodeSummary } from './summary-codec.js';

export interface SummariesOptions {
  places: BoxPlaces;
  log: Logger;
  /** writes a summary; rejects where it is not known that it was written */
  publish: (partition: number, data: Uint8Array) => Promise<void>;
  /** whether measurements of the partition wait to be read: then nothing is known of its boxes */
  isBehind: (partition: number) => boolean;
  clock?: Clock;
}

interface Owned {
  revision: number;
  seconds: PartitionSeconds;
}

export class Summaries implements Running {
  readonly #options: SummariesOptions;
  readonly #clock: Clock;
  readonly #log: ThrottledLog;
  readonly #owned = new Map<number, Owned>();
  #isOn = false;
  #second: number;
  #cancel: () => void = () => undefined;
  #lost = 0;

  constructor(options: SummariesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = new ThrottledLog(options.log);
    this.#second = this.#secondNow();
  }

  start(): void {
    this.#second = this.#secondNow();
    this.#cancel = this.#wait();
  }

  /** Summaries that could not be written. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether anybody is to read them: a plugin that compares boxes is configured. */
  turn(isOn: boolean): void {
    this.#isOn = isOn;
  }

  /** This service owns the partition from now on. */
  taken(partition: number, revision: number): void {
    this.#owned.set(partition, { revision, seconds: new PartitionSeconds(partition, this.#options.places) });
  }

  /** Of the second that goes on nothing is written. */
  lostPartition(partition: number): void {
    this.#owned.delete(partition);
  }

  /** Boxes that sent before the partition was ours. */
  learn(partition: number, boxId: number, heardMs: number): void {
    this.#owned.get(partition)?.seconds.learn(boxId, heardMs);
  }

  /** Measurements that plugins see, as they are handed over. @param received when the relay received each row, Unix ms */
  add({ columns, from, to }: Rows, received: Float64Array): void {
    if (!this.#isOn) return;
    for (let i = from; i < to; i += 1)
      this.#owned.get(partitionOfBox(columns.boxId[i] ?? 0))?.seconds.add(columns, i, received[i] ?? 0);
  }

  async stop(): Promise<void> {
    this.#cancel();
    this.#owned.clear();
  }

  #secondNow(): number {
    return Math.floor(this.#clock.now() / SECOND_MS);
  }

  #wait(): () => void {
    const ms = (this.#second + 1) * SECOND_MS - this.#clock.now();
    return this.#clock.after(Math.max(1, Math.min(SECOND_MS, Math.ceil(ms))), () => {
      this.#end();
      this.#cancel = this.#wait();
    });
  }

  /** A second that this process slept through has no summary; where the clock was set back, the second goes on. */
  #end(): void {
    const now = this.#secondNow();
    if (now <= this.#second) {
      if (this.#second - now > 1) this.#second = now;
      return;
    }
    const second = this.#second;
    this.#second = now;
    if (!this.#isOn) return;
    const nowMs = this.#clock.now();
    for (const [partition, { revision, seconds }] of this.#owned) {
      const summary = seconds.end(nowMs);
      if (this.#options.isBehind(partition)) continue;
      void this.#publish(partition, encodeSummary({ second, partition, revision, summary }));
    }
  }

  async #publish(partition: number, data: Uint8Array): Promise<void> {
    try {
      await this.#options.publish(partition, data);
    } catch (error) {
      this.#lost += 1;
      this.#log.warn({ partition, problem: messageOf(error) }, 'a summary of a partition was not written');
    }
  }
}
