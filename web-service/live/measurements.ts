/** Last measurement of each box, from the triggering broker's backend. A loss here costs a live value, never a record. */
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { RecentMap } from '../../common/recent-map.js';
import { flagNames, METRIC_FIELD, METRICS } from '../../proto/columns.js';
import { createColumns, decodeInto } from '../../proto/index.js';
import { BrokerStreams } from '../../stream/brokers.js';
import { Flagger } from '../../stream/flags.js';
import type { CurveClientOptions } from '../../stream/stream-socket.js';
import type { LiveMeasurement } from '../api/boxes.js';
import type { LiveReferences } from './references.js';

/** A peer behind the broker can invent ids: the one that was heard longest ago is forgotten. */
const MOST_BOXES = 100_000;
const ACTIVE_MS = 5000;

interface Last {
  measurement: LiveMeasurement;
  /** number of the tick that it came in */
  tick: number;
  /** of the box, for the flags */
  slot: number;
}

export interface LiveMeasurementsOptions {
  /** of each triggering broker */
  endpoints: readonly string[];
  curve: CurveClientOptions | undefined;
  /** what flags are judged by */
  references: LiveReferences;
  clock: Clock;
  log: Logger;
}

export class LiveMeasurements implements Running {
  readonly #clock: Clock;
  readonly #last = new RecentMap<number, Last>(MOST_BOXES);
  readonly #columns = createColumns(1);
  readonly #stream: BrokerStreams;
  readonly #references: LiveReferences;
  readonly #flagger: Flagger;
  #tick = 0;
  received = 0;
  refused = 0;

  constructor({ clock, curve, endpoints, log, references }: LiveMeasurementsOptions) {
    this.#clock = clock;
    this.#references = references;
    this.#flagger = new Flagger(references.references);
    this.#stream = new BrokerStreams({
      ...{ endpoints, curve, log },
      receiver: { receive: (frames) => this.#message(frames) },
    });
  }

  /** All brokers are. */
  get connected(): boolean {
    return this.#stream.isComplete;
  }

  /** Endpoints of brokers that are not. */
  get missing(): readonly string[] {
    return this.#stream.status().missing;
  }

  of(boxId: string): LiveMeasurement | undefined {
    return this.#last.get(Number(boxId))?.measurement;
  }

  ids(): string[] {
    return [...this.#last.keys()].map(String);
  }

  /** Boxes heard in the last five seconds. */
  active(): number {
    const since = this.#clock.now() - ACTIVE_MS;
    let count = 0;
    for (const { measurement } of this.#last.values()) if (measurement.received_ms >= since) count += 1;
    return count;
  }

  /** Ends a tick. @returns its number */
  tick(): number {
    this.#tick += 1;
    return this.#tick - 1;
  }

  /** Newest measurement of each box that has one from these ticks on. */
  since(tick: number): LiveMeasurement[] {
    const items: LiveMeasurement[] = [];
    for (const last of this.#last.values()) if (last.tick >= tick) items.push(last.measurement);
    return items;
  }

  stop(): Promise<void> {
    return this.#stream.stop();
  }

  #message([, payload]: readonly Buffer[]): void {
    this.received += 1;
    if (payload === undefined || decodeInto(payload, this.#columns, 0) !== 0) {
      this.refused += 1;
      return;
    }
    const id = this.#columns.boxId[0] ?? 0;
    const measurement: LiveMeasurement = {
      box_id: String(id),
      timestamp_ms: this.#columns.timestampMs[0] ?? 0,
      received_ms: this.#clock.now(),
    };
    for (const metric of METRICS) {
      const value = this.#columns[metric].average[0] ?? Number.NaN;
      // Seven digits are all that a float32 has.
      if (!Number.isNaN(value)) measurement[METRIC_FIELD[metric]] = Number(value.toPrecision(7));
    }
    const slot = this.#slotOf(id);
    if (this.#references.areKnown) {
      this.#flagger.judge(this.#columns, 0, slot);
      const flags = this.#columns.flags[0] ?? 0;
      if (flags !== 0) measurement.flagged = flagNames(flags);
    }
    this.#last.set(id, { measurement, tick: this.#tick, slot });
  }

  /** Small numbers: where there are too many boxes, a new one takes that of the one that is forgotten for it. */
  #slotOf(id: number): number {
    const known = this.#last.get(id);
    if (known !== undefined) return known.slot;
    if (this.#last.size < MOST_BOXES) return this.#last.size;
    const { value: oldest } = this.#last.values().next();
    const slot = oldest?.slot ?? 0;
    this.#flagger.forget(slot);
    return slot;
  }
}
