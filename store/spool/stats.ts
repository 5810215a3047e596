/** What waits and what was dropped, kept in memory beside the disk: answers are immediate, and never out of step by more than a write under way. */
import type { Logger } from '../../common/log.js';
import type { NewRow, Row } from './rows.js';
import type { Amounts, Appended, Dropped, QueueTotals } from './totals.js';

export interface SpoolStats {
  /** `up`: writes go to the database; `draining`: they do, and spooled ones are delivered; `away`: all are spooled */
  state: 'up' | 'draining' | 'away';
  /** rows that wait, by kind; a row of measurements holds many */
  waiting: Amounts;
  rows: number;
  measurements: number;
  /** trend windows to be computed anew */
  trendWindows: number;
  /** of rows and windows */
  bytes: number;
  /** rows that the database refused */
  setAside: number;
  /** kinds of writes that the database does not take though it is there: they wait, and are tried again */
  notTaken: string[];
  /** Unix ms when the oldest was accepted */
  oldestMs: number | undefined;
  /** since the start, by kind; measurements, not their rows */
  spooled: Amounts;
  delivered: Amounts;
  dropped: Dropped;
  /** event numbers given without the database since the start */
  numbersGivenOffline: number;
}

const QUIET_MS = 60_000;

export class SpoolCounts {
  readonly #log: Logger;
  readonly #spooled: Amounts = {};
  readonly #delivered: Amounts = {};
  readonly #dropped: Dropped = {};
  /** rows that wait, by event */
  readonly #events: Map<number, number>;
  readonly #remembered = new Map<string, string>();
  #totals: QueueTotals;
  #underWay = 0;
  #waiting: (() => void)[] = [];
  #droppedLoggedAt = Number.NEGATIVE_INFINITY;

  constructor(totals: QueueTotals, events: readonly [eventId: number, rows: number][], log: Logger) {
    this.#totals = totals;
    this.#events = new Map(events);
    this.#log = log;
  }

  /** True when something of this event is spooled or about to be: what comes for it live must wait behind. */
  waits(eventId: number): boolean {
    return this.#events.has(eventId);
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
    this.#count(row.eventId, 1);
  }

  /** It did not get there. */
  unexpect(row: NewRow): void {
    this.#underWay -= 1;
    this.#count(row.eventId, -1);
  }

  appended(row: NewRow, { dropped, taken, totals }: Appended): void {
    this.#underWay -= 1;
    if (taken[0] === true) add(this.#spooled, row.kind, row.items);
    else this.#count(row.eventId, -1);
    this.#totals = totals;
    this.drop(dropped, totals);
    this.#settle();
  }

  delivered(rows: readonly Row[], totals: QueueTotals): void {
    for (const row of rows) {
      add(this.#delivered, row.kind, row.items);
      this.#count(row.eventId, -1);
    }
    this.#totals = totals;
    this.#settle();
  }

  /** @param events rows that wait now, by event */
  recount(totals: QueueTotals, events: readonly [eventId: number, rows: number][]): void {
    this.#totals = totals;
    this.#events.clear();
    for (const [eventId, rows] of events) this.#events.set(eventId, rows);
    this.#settle();
  }

  drop(dropped: Dropped, totals: QueueTotals): void {
    this.#totals = totals;
    const kinds = Object.entries(dropped) as [keyof Dropped, number][];
    for (const [kind, items] of kinds) add(this.#dropped, kind, items);
    if (kinds.length === 0 || Math.abs(Date.now() - this.#droppedLoggedAt) < QUIET_MS) return;
    this.#droppedLoggedAt = Date.now();
    this.#log.warn({ dropped: this.#dropped }, 'the spool is full or too old: the oldest are dropped');
  }

  async whenEmpty(): Promise<void> {
    if (this.empty) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  stats(up: boolean, draining: boolean, numbersGivenOffline: number): Omit<SpoolStats, 'notTaken'> {
    const { aside, bytes, measurements, oldestMs, waiting, windows } = this.#totals;
    const rows = this.#rows();
    return {
      state: up ? (draining && rows > 0 ? 'draining' : 'up') : 'away',
      waiting: { ...waiting },
      rows,
      measurements,
      trendWindows: windows,
      bytes,
      setAside: aside,
      oldestMs: oldestMs ?? undefined,
      spooled: { ...this.#spooled },
      delivered: { ...this.#delivered },
      dropped: { ...this.#dropped },
      numbersGivenOffline,
    };
  }

  #rows(): number {
    return Object.values(this.#totals.waiting).reduce((sum, rows) => sum + rows, 0);
  }

  #settle(): void {
    if (!this.empty) return;
    // Rows that were dropped are still counted here.
    this.#events.clear();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #count(eventId: number | undefined, by: 1 | -1): void {
    if (eventId === undefined) return;
    const rows = (this.#events.get(eventId) ?? 0) + by;
    if (rows > 0) this.#events.set(eventId, rows);
    else this.#events.delete(eventId);
  }
}

function add<K extends string>(counts: Partial<Record<K, number>>, kind: K, items: number): void {
  counts[kind] = (counts[kind] ?? 0) + items;
}
