/**
 * Keeps `makai_aggregates` up to date with the stored measurements. Shortly after the end of each window of ten minutes the last windows are looked at, once an hour those of some
 * hours; at the start, every six hours and after a failure all of which measurements are stored. A window is computed when more measurements are stored than its aggregate was computed from.
 */
import type { Clock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { locationOf } from '../../store/boxes.js';
import type { AggregateReader, BoxReader, MeasurementReader, NewAggregate } from '../../store/store.js';
import type { Write } from '../../store/writes.js';
import { TEN_MINUTES_MS, TenMinutes } from './ten-minutes.js';
import { TWO_HOURS_MS, twoHours } from './two-hours.js';

export interface AggregatesOptions {
  store: MeasurementReader & AggregateReader & Pick<BoxReader, 'boxes'>;
  /** an outbox or a store; fulfilled when the write is durable */
  put(write: Write): Promise<unknown>;
  /** whether the values of a box are this service's work; left out: of all boxes */
  takes?: (boxId: string) => boolean;
  clock: Clock;
  log: Logger;
}

export interface AggregatesStatus {
  /** windows written since the start, of ten minutes and of two hours */
  written: number;
  /** Unix ms of the end of the last window that all boxes were brought up to */
  upToMs: number | undefined;
  /** passes that a store's failure ended; the next pass does what they left */
  failed: number;
}

/** Measurements of a window are stored so long after its end at the latest, as a rule; later ones are seen by their number. */
const GRACE_MS = 15_000;
/** Windows of ten minutes that each pass looks at. */
const RECENT_WINDOWS = 3;
/** How far back a pass looks: the last windows, some hours (once an hour), or all (at the start, every six hours, after a failure). */
export type Reach = 'recent' | 'hours' | 'all';
const PASSES_AN_HOUR = 6;
/** Passes in six hours: what a spool delivers after a long outage is found while its measurements, which live a day from their delivery, are stored. */
const PASSES_BETWEEN_FULL = 36;
/** What arrives later than this, from the spool of a daemon whose outage was longer, is found by the next full pass. */
const HOURS_MS = 3 * 3_600_000;
/** A full pass goes no further back: older measurements are kept for an event's sake and do not cover a window. */
const LOOK_BACK_MS = 7 * 86_400_000;
/** Boxes are taken one partition after the other: a full pass begins so long after the first. */
const TAKEN_MS = 5_000;

export class Aggregates {
  readonly #options: AggregatesOptions;
  readonly #stopping = new AbortController();
  #cancel: (() => void) | undefined;
  #pass: Promise<void> = Promise.resolve();
  #passes = 0;
  #isRunning = false;
  /** boxes were taken that the last pass knew nothing of */
  #hasNew = false;
  readonly #status: AggregatesStatus = { written: 0, upToMs: undefined, failed: 0 };

  constructor(options: AggregatesOptions) {
    this.#options = options;
  }

  status(): AggregatesStatus {
    return { ...this.#status };
  }

  /** Begins with a full pass. Call it once. */
  start(): void {
    this.#next(0);
  }

  /** Ends the pass under way between two windows. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel?.();
    await this.#pass;
  }

  /** Boxes have become this service's work: a full pass begins soon. */
  taken(): void {
    if (this.#hasNew) return;
    this.#hasNew = true;
    if (this.#isRunning) return;
    this.#cancel?.();
    this.#next(TAKEN_MS);
  }

  #next(ms: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#isRunning = true;
      this.#pass = this.#run().then(() => {
        this.#isRunning = false;
        this.#next(this.#hasNew ? TAKEN_MS : this.#untilNextWindow());
      });
    });
  }

  #untilNextWindow(): number {
    const past = (this.#options.clock.now() - GRACE_MS) % TEN_MINUTES_MS;
    return TEN_MINUTES_MS - past;
  }

  async #run(): Promise<void> {
    const isOnce = (passes: number): boolean => this.#passes % passes === 0;
    if (this.#hasNew) this.#passes = 0;
    this.#hasNew = false;
    try {
      await this.pass(isOnce(PASSES_BETWEEN_FULL) ? 'all' : isOnce(PASSES_AN_HOUR) ? 'hours' : 'recent');
      this.#passes += 1;
    } catch (error) {
      // The next one is a full pass.
      this.#passes = 0;
      this.#status.failed += 1;
      this.#options.log.warn(
        { code: codeOf(error), err: error },
        'ten-minute values could not be brought up to date; they will be with the next window',
      );
    }
  }

  /**
   * Computes what is missing or out of date.
   * @throws MakaiError what the store says
   */
  async pass(reach: Reach): Promise<void> {
    const { clock, store } = this.#options;
    const upToMs = floor(clock.now() - GRACE_MS, TEN_MINUTES_MS);
    const recentMs = upToMs - RECENT_WINDOWS * TEN_MINUTES_MS;
    const locations = new Map((await store.boxes()).map((box) => [box.box_id, locationOf(box)]));
    for (const { boxId } of await store.newestByBox(this.#options.takes)) {
      // Boxes may move to another service while this lasts.
      if (this.#options.takes?.(boxId) === false) continue;
      const fromMs =
        reach === 'all'
          ? await this.#oldestMs(boxId, upToMs - LOOK_BACK_MS, recentMs)
          : reach === 'hours'
            ? upToMs - HOURS_MS
            : recentMs;
      if (this.#stopping.signal.aborted) return;
      await this.#bring(boxId, locations.get(boxId) ?? locationOf(undefined), fromMs, upToMs);
    }
    this.#status.upToMs = upToMs;
  }

  async #oldestMs(boxId: string, fromMs: number, otherwiseMs: number): Promise<number> {
    for await (const oldest of this.#options.store.measurements(boxId, { fromMs, limit: 1 }))
      return floor(oldest.timestamp_ms, TEN_MINUTES_MS);
    return otherwiseMs;
  }

  /** One box's windows that begin at `fromMs` or later and have ended at `upToMs`. */
  async #bring(boxId: string, location: string, fromMs: number, upToMs: number): Promise<void> {
    if (fromMs >= upToMs) return;
    const { store } = this.#options;
    const firstMs = floor(fromMs, TWO_HOURS_MS);
    const windows = new Map<number, NewAggregate>();
    const range = { fromMs: firstMs + 1, toMs: upToMs + 1 };
    for await (const { expire_at: _, ...known } of store.aggregates(boxId, 600, range))
      windows.set(known.timestamp_ms, known);
    const counts = await store.measurementCounts(boxId, TEN_MINUTES_MS, { fromMs, toMs: upToMs });
    for (const { startMs, count } of counts) {
      if (count <= (windows.get(startMs + TEN_MINUTES_MS)?.measurements ?? 0)) continue;
      if (this.#stopping.signal.aborted) return;
      const computed = await this.#tenMinutes(boxId, location, startMs);
      if (computed === undefined) continue;
      await this.#put([computed]);
      windows.set(computed.timestamp_ms, computed);
    }
    await this.#twoHours(boxId, windows, { firstMs, upToMs });
  }

  async #tenMinutes(boxId: string, location: string, startMs: number): Promise<NewAggregate | undefined> {
    const window = new TenMinutes(startMs);
    const range = { fromMs: startMs, toMs: startMs + TEN_MINUTES_MS };
    for await (const measurement of this.#options.store.measurements(boxId, range)) window.add(measurement);
    return window.result(boxId, location);
  }

  /** Those that are missing, or hold another number of measurements than their windows of ten minutes do. */
  async #twoHours(
    boxId: string,
    windows: ReadonlyMap<number, NewAggregate>,
    { firstMs, upToMs }: { firstMs: number; upToMs: number },
  ): Promise<void> {
    const lastMs = floor(upToMs, TWO_HOURS_MS);
    if (lastMs <= firstMs) return;
    const known = new Map<number, number>();
    const range = { fromMs: firstMs + 1, toMs: lastMs + 1 };
    for await (const { timestamp_ms, measurements } of this.#options.store.aggregates(boxId, 7200, range))
      known.set(timestamp_ms, measurements);
    const byEnd = new Map<number, NewAggregate[]>();
    for (const window of windows.values()) {
      const endMs = ceil(window.timestamp_ms, TWO_HOURS_MS);
      const parts = byEnd.get(endMs) ?? [];
      byEnd.set(endMs, parts);
      parts.push(window);
    }
    const changed = [...byEnd].flatMap(([endMs, parts]) => {
      const aggregate = endMs <= lastMs ? twoHours(endMs, parts) : undefined;
      return aggregate === undefined || known.get(endMs) === aggregate.measurements ? [] : [aggregate];
    });
    if (changed.length > 0) await this.#put(changed);
  }

  async #put(aggregates: readonly NewAggregate[]): Promise<void> {
    await this.#options.put({ kind: 'aggregates', aggregates });
    this.#status.written += aggregates.length;
  }
}

const floor = (ms: number, step: number): number => Math.floor(ms / step) * step;
const ceil = (ms: number, step: number): number => Math.ceil(ms / step) * step;
