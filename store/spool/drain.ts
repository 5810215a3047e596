/**
 * Delivers what is spooled when the database is available again: each queue in order, one write at a time, beside what arrives live. A row leaves the disk
 * only after the database has it; a row delivered twice (after a crash in between) changes nothing the second time.
 */
import { pause, systemClock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { TrendWindow } from '../documents.js';
import { decodeKeptWrite } from '../kept-write.js';
import { QUEUES, type Queue } from '../outbox/policy.js';
import type { Execution } from '../sqlite/execution.js';
import { deliver } from './deliver.js';
import type { SpoolEngine } from './engine.js';
import type { Link } from './link.js';
import type { Retries } from './retries.js';
import { type Line, lineOf, type Row } from './rows.js';
import type { SpoolCounts } from './stats.js';

const ROWS_AT_ONCE = 64;
const BYTES_AT_ONCE = 4 * 1024 * 1024;
/** How long one row may take: longer than a live write, since nobody waits for it. */
const ROW_DEADLINE_MS = 30_000;
/** Rest between rows, as a share of the time the last one took: live writes come first. */
const REST = 0.25;
/** Rest after a row that was not taken. */
const FAILED_REST_MS = 100;
const WINDOWS_AT_ONCE = 500;
/** Measurements of a window arrive within this time of its end, except late ones, which queue their own recomputation. */
const WINDOW_SETTLES_MS = 5_000;

export interface DrainDeps {
  disk: Execution<SpoolEngine>;
  link: Link;
  retries: Retries;
  /** length of a trend window */
  windowMs: number;
  now: () => number;
  log: Logger;
  counts: SpoolCounts;
}

export class Drain {
  readonly #disk: Execution<SpoolEngine>;
  readonly #link: Link;
  readonly #retries: Retries;
  readonly #log: Logger;
  readonly #counts: SpoolCounts;
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #running = new Map<Queue, Promise<void>>();
  readonly #again = new Set<Queue>();
  #stopped = false;

  constructor(deps: DrainDeps) {
    this.#disk = deps.disk;
    this.#link = deps.link;
    this.#retries = deps.retries;
    this.#windowMs = deps.windowMs;
    this.#now = deps.now;
    this.#log = deps.log;
    this.#counts = deps.counts;
  }

  get running(): boolean {
    return this.#running.size > 0;
  }

  /** Resolves when it has nothing to do for now. */
  async idle(): Promise<void> {
    while (this.running) await Promise.allSettled(this.#running.values());
  }

  /** There may be something to deliver. Cheap to call. */
  wake(): void {
    for (const queue of QUEUES) this.#start(queue);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#running.values());
  }

  #start(queue: Queue): void {
    // Whatever is in the way now wakes us when it is over.
    if (!this.#goesOn(queue)) return;
    if (this.#running.has(queue)) {
      this.#again.add(queue);
      return;
    }
    const run = this.#drain(queue)
      .catch((error: unknown) => this.#log.error({ err: error, queue }, 'the spool could not be read'))
      .finally(() => {
        this.#running.delete(queue);
        if (this.#again.delete(queue)) this.#start(queue);
      });
    this.#running.set(queue, run);
  }

  #goesOn(queue: Queue): boolean {
    return !this.#stopped && this.#link.up && !this.#retries.isHeld(queue);
  }

  /** Goes through the queue from its oldest row to its end. */
  async #drain(queue: Queue): Promise<void> {
    let last = 0;
    const passedOver = new Set<number>();
    /** lines of those: what follows in them waits behind */
    const lines = new Set<Line | undefined>();
    while (this.#goesOn(queue)) {
      const rows = await this.#disk.call('oldest', queue, last, ROWS_AT_ONCE, BYTES_AT_ONCE);
      if (queue === 'measurements')
        await this.#trends(rows.find((row) => this.#retries.isDue(row))?.acceptedMs);
      if (rows.length === 0) {
        this.#retries.onlyRows(queue, passedOver);
        if (queue === 'measurements') await this.#disk.call('shrink');
        return;
      }
      for (const row of rows) {
        const { seq } = row;
        const line = lineOf(row);
        const waits = (line !== undefined && lines.has(line)) || !this.#retries.isDue(row);
        const fate = waits ? 'passed over' : await this.#deliver(row);
        if (fate === 'unavailable') return;
        if (fate === 'again') break;
        last = seq;
        if (fate === 'done') continue;
        passedOver.add(seq);
        lines.add(line);
        if (!this.#goesOn(queue)) return;
      }
    }
  }

  /** `again`: what was read of the queue is old; `passed over`: it was not taken this time, the next one's turn */
  async #deliver(row: Row): Promise<'done' | 'again' | 'passed over' | 'unavailable'> {
    const startedAt = performance.now();
    const outcome = await this.#link.call((primary) => deliver(primary, row), ROW_DEADLINE_MS);
    if ('unavailable' in outcome) {
      if (outcome.unavailable === 'failed' || outcome.unavailable === 'late') this.#failed(row, outcome);
      // The link wakes us when it is back.
      if (!this.#link.up) return 'unavailable';
      await pause(systemClock, FAILED_REST_MS);
      return outcome.unavailable === 'busy' || outcome.unavailable === 'down' ? 'again' : 'passed over';
    }
    if ('refused' in outcome) {
      // What belongs to a refused event is of no use without it.
      const seqs =
        row.kind === 'event' && row.eventId !== undefined
          ? await this.#disk.call('rowsOfEvent', row.eventId)
          : [row.seq];
      const totals = await this.#disk.call('quarantine', seqs, outcome.refused.message);
      this.#log.error(
        { kind: row.kind, eventId: row.eventId, rows: seqs.length, err: outcome.refused },
        'the database refuses a spooled write: quarantined',
      );
      this.#counts.recount(totals, await this.#disk.call('queuedLines'));
      return seqs.length > 1 ? 'again' : 'done';
    }
    if (row.kind === 'measurements') {
      const { dropped, totals } = await this.#disk.call('addWindows', this.#windowsOf(row));
      this.#counts.drop(dropped, totals);
    }
    const { items, kind, seq } = row;
    const totals = await this.#disk.call('delivered', [{ seq, kind, items, bytes: row.body.length }]);
    this.#counts.delivered([row], totals);
    this.#retries.rowDone(row);
    this.#retries.succeeded(row.queue);
    await pause(systemClock, Math.min(200, (performance.now() - startedAt) * REST));
    return 'done';
  }

  #failed(row: Row, outcome: { unavailable: string; error?: unknown }): void {
    const error = outcome.error ?? new Error(`no reply within ${ROW_DEADLINE_MS} ms`);
    this.#retries.rowFailed(row, error, this.#link.up);
  }

  /** The trend windows that measurements of a row lie in. */
  #windowsOf(row: Row): TrendWindow[] {
    const write = decodeKeptWrite(row.body);
    if (write.kind !== 'measurements') return [];
    const { columns } = write;
    const windows = new Map<string, TrendWindow>();
    for (let i = 0; i < columns.count; i += 1) {
      const boxId = String(columns.boxId[i] ?? 0);
      const startMs = Math.floor((columns.timestampMs[i] ?? 0) / this.#windowMs) * this.#windowMs;
      windows.set(`${boxId} ${startMs}`, { boxId, startMs, endMs: startMs + this.#windowMs });
    }
    return [...windows.values()];
  }

  /**
   * Computes trends again for windows that have all their measurements now.
   * @param acceptedMs when the oldest row that still waits was accepted; undefined: none waits
   */
  async #trends(acceptedMs: number | undefined): Promise<void> {
    const untilMs = Math.min(acceptedMs ?? Number.MAX_SAFE_INTEGER, this.#now()) - WINDOW_SETTLES_MS;
    while (!this.#stopped && this.#link.up && !this.#retries.isHeld('trends')) {
      const windows = await this.#disk.call('windows', untilMs, WINDOWS_AT_ONCE);
      if (windows.length === 0) return;
      const write = { kind: 'trend_windows', windows } as const;
      const outcome = await this.#link.call((primary) => primary.apply(write), ROW_DEADLINE_MS);
      if ('refused' in outcome) this.#log.error({ err: outcome.refused }, 'trends not written');
      if ('error' in outcome) this.#retries.failed('trends', outcome.error, this.#link.up);
      if ('unavailable' in outcome) return;
      if ('result' in outcome) this.#retries.succeeded('trends');
      const { dropped, totals } = await this.#disk.call('removeWindows', windows);
      this.#counts.drop(dropped, totals);
    }
  }
}
