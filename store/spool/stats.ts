/** What waits and what was dropped, kept in memory beside the disk: immediate, and never out of step by more than a write under way. */
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { add } from '../outbox/policy.js';
import type { Amounts, SpoolStats } from '../store.js';
import { type Appended, type Line, lineOf, type NewRow, type QueueTotals, type Row } from './rows.js';

export class SpoolCounts {
  readonly #throttled: ThrottledLog;
  readonly #spooled: Amounts = {};
  readonly #delivered: Amounts = {};
  readonly #dropped: Amounts = {};
  /** how many rows of each line wait */
  readonly #lines: Map<Line, number>;
  readonly #remembered = new Map<string, string>();
  #totals: QueueTotals;
  #underWay = 0;
  #waiting: (() => void)[] = [];

  constructor(totals: QueueTotals, lines: readonly [line: Line, rows: number][], log: Logger) {
    this.#totals = totals;
    this.#lines = new Map(lines);
    this.#throttled = new ThrottledLog(log);
  }

  /** True when something of this line is spooled or about to be: what comes for it live must queue behind. */
  waits(line: Line): boolean {
    return this.#lines.has(line);
  }

  /** Nothing waits, on disk or on its way there. */
  get empty(): boolean {
    return this.#rows() === 0 && this.#underWay === 0;
  }

  get measurementsWait(): boolean {
    return this.#totals.measurements > 0;
  }

  /** True when a remembered document differs from the last one. */
  changed(name: string, body: string): boolean {
    const same = this.#remembered.get(name) === body;
    this.#remembered.set(name, body);
    return !same;
  }

  /** A row is on its way to the disk. */
  expect(row: NewRow): void {
    this.#underWay += 1;
    this.#count(row, 1);
  }

  /** It did not get there. */
  unexpect(row: NewRow): void {
    this.#underWay -= 1;
    this.#count(row, -1);
  }

  appended(row: NewRow, { dropped, taken, totals }: Appended): void {
    this.#underWay -= 1;
    if (taken[0] === true) add(this.#spooled, row.kind, row.items);
    else this.#count(row, -1);
    this.drop(dropped, totals);
  }

  delivered(rows: readonly Row[], totals: QueueTotals): void {
    for (const row of rows) {
      add(this.#delivered, row.kind, row.items);
      this.#count(row, -1);
    }
    this.#totals = totals;
    this.#settle();
  }

  /** @param lines how many rows of each line wait now */
  recount(totals: QueueTotals, lines: readonly [line: Line, rows: number][]): void {
    this.#totals = totals;
    this.#lines.clear();
    for (const [line, rows] of lines) this.#lines.set(line, rows);
    this.#settle();
  }

  drop(dropped: Amounts, totals: QueueTotals): void {
    this.#totals = totals;
    const kinds = Object.entries(dropped) as [keyof Amounts, number][];
    for (const [kind, items] of kinds) add(this.#dropped, kind, items);
    // What was dropped by age may have been all that waited.
    this.#settle();
    if (kinds.length === 0) return;
    this.#throttled.warn({ dropped: this.#dropped }, 'the spool is full or too old: the oldest are dropped');
  }

  async whenEmpty(): Promise<void> {
    if (this.empty) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  stats(up: boolean, draining: boolean, idsGivenOffline: number): Omit<SpoolStats, 'notTaken'> {
    const { bytes, measurements, oldestMs, quarantined, waiting, windows } = this.#totals;
    const rows = this.#rows();
    return {
      state: up ? (draining && rows > 0 ? 'draining' : 'up') : 'unavailable',
      waiting: { ...waiting },
      rows,
      measurements,
      trendWindows: windows,
      bytes,
      quarantined,
      oldestMs: oldestMs ?? undefined,
      spooled: { ...this.#spooled },
      delivered: { ...this.#delivered },
      dropped: { ...this.#dropped },
      idsGivenOffline,
    };
  }

  #rows(): number {
    return Object.values(this.#totals.waiting).reduce((sum, rows) => sum + rows, 0);
  }

  #settle(): void {
    if (!this.empty) return;
    // Rows that were dropped are still counted here.
    this.#lines.clear();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #count(row: NewRow, by: 1 | -1): void {
    const line = lineOf(row);
    if (line === undefined) return;
    const rows = (this.#lines.get(line) ?? 0) + by;
    if (rows > 0) this.#lines.set(line, rows);
    else this.#lines.delete(line);
  }
}
