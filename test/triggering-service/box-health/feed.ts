/** Feeds a StreamHealth with measurements at simulated times, much faster than the clock. */
import type { FindingChange } from '../../../common/box-findings.js';
import { createColumns, type MeasurementColumns } from '../../../proto/columns.js';
import type { TimeDrop } from '../../../triggering-service/box-health/measures.js';
import type { BoxHealth } from '../../../triggering-service/box-health/record.js';
import { StreamHealth } from '../../../triggering-service/box-health/stream-health.js';

export const START = 1_795_315_500_000;

/** One measurement: when it arrives by our clock and which time it carries, ms since START. */
export interface Arrival {
  atMs: number;
  timeMs: number;
  rms?: number;
  frequency?: number;
  invalid?: number;
  flags?: number;
  /** dropped for its time before it was noted */
  drop?: TimeDrop;
}

/** A device: a measurement every `periodMs`, in order. */
export interface Device {
  periodMs: number;
  fromMs?: number;
  toMs: number;
  /** its clock against ours, by the true time */
  offsetMs?: number | ((trueMs: number) => number);
  /** on the way, by the true time */
  delayMs?: number | ((trueMs: number) => number);
  rms?: number | ((trueMs: number) => number);
  frequency?: (trueMs: number) => number;
  /** time it sends, from its clock */
  round?: (timeMs: number) => number;
  drop?: TimeDrop;
}

export function arrivals(device: Device): Arrival[] {
  const {
    delayMs = 150,
    drop,
    fromMs = 0,
    offsetMs = 0,
    periodMs,
    rms = 120,
    round = Math.round,
    toMs,
  } = device;
  const of = (value: number | ((trueMs: number) => number), at: number): number =>
    typeof value === 'number' ? value : value(at);
  const all: Arrival[] = [];
  let earliest = 0;
  for (let trueMs = fromMs; trueMs < toMs; trueMs += periodMs) {
    // One connection keeps the order.
    earliest = Math.max(earliest, trueMs + of(delayMs, trueMs));
    all.push({
      atMs: earliest,
      timeMs: round(trueMs + of(offsetMs, trueMs)),
      rms: of(rms, trueMs) + Math.sin(trueMs),
      frequency: device.frequency?.(trueMs) ?? 60 + 0.01 * Math.sin(trueMs / 7),
      ...(drop === undefined ? {} : { drop }),
    });
  }
  return all;
}

export class HealthFeed {
  readonly changes: (FindingChange & { atMs: number })[] = [];
  readonly clock = { nowMs: START, stepMs: 0, now: () => 0, monotonic: () => 0 };
  readonly health: StreamHealth;
  readonly unplugged = new Set<number>();
  readonly #columns: MeasurementColumns = createColumns(1);
  readonly #slots = new Map<number, number>();
  #lookedMs = START;
  hidden = 0;

  constructor() {
    this.clock.now = () => this.clock.nowMs + this.clock.stepMs;
    this.clock.monotonic = () => this.clock.nowMs - START;
    this.health = new StreamHealth({
      clock: this.clock,
      isUnplugged: (boxId) => this.unplugged.has(boxId),
      changed: (changes) => {
        for (const change of changes) this.changes.push({ ...change, atMs: this.clock.nowMs - START });
      },
    });
  }

  /** Lets time pass until `ms` after START. */
  until(ms: number): void {
    while (this.#lookedMs + 1000 <= START + ms) {
      this.#lookedMs += 1000;
      this.clock.nowMs = this.#lookedMs;
      this.health.evaluate();
    }
    this.clock.nowMs = START + ms;
  }

  /** Feeds what arrives from one or more devices under one id, in the order of arrival. */
  feed(boxId: number, ...series: readonly Arrival[][]): void {
    const slot = this.#slots.get(boxId) ?? this.#slots.size;
    this.#slots.set(boxId, slot);
    for (const arrival of series.flat().sort((a, b) => a.atMs - b.atMs)) {
      this.until(arrival.atMs);
      const { timeMs, rms = 120, frequency = 60, invalid = 0, flags = 0, drop } = arrival;
      const now = this.clock.now();
      if (drop !== undefined) {
        this.health.outOfTime(slot, boxId, drop, START + timeMs, now);
        continue;
      }
      const columns = this.#columns;
      columns.boxId[0] = boxId;
      columns.timestampMs[0] = START + timeMs;
      columns.rms.average[0] = rms;
      columns.f.average[0] = frequency;
      columns.invalid[0] = invalid;
      columns.flags[0] = flags;
      if (!this.health.note(slot, columns, 0, now)) this.hidden += 1;
    }
  }

  record(boxId: number): BoxHealth {
    const [record] = this.health.records(boxId);
    if (record === undefined) throw new Error(`no record of box ${boxId}`);
    return record;
  }

  /** Codes of the findings that began, in order. */
  get began(): string[] {
    return this.changes.filter(({ endedMs }) => endedMs === undefined).map(({ finding }) => finding.code);
  }

  get ended(): string[] {
    return this.changes.filter(({ endedMs }) => endedMs !== undefined).map(({ finding }) => finding.code);
  }

  beganAt(code: string): number | undefined {
    return this.changes.find(({ endedMs, finding }) => endedMs === undefined && finding.code === code)?.atMs;
  }
}
