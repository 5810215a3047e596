/**
 * What the database answers for but does not take: a collection over its quota, a right that is missing, a document that trips over a fault of the
 * server. All of it may pass, so nothing is given up: it waits on disk and is tried again with a growing pause, and what is next to it goes on.
 */
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Lane, Row } from './rows.js';

/** Kinds of writes that fail together. */
export type Room = Lane | 'trends';

/** Calls `fn` once after `ms`. Returns how to prevent that. */
export type After = (ms: number, fn: () => void) => () => void;

export const systemAfter: After = (ms, fn) => {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
};

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Failures in a row from which on a kind is held. */
const HELD_FROM = 3;
/** Rows that have a pause of their own at one time; others that fail are tried again with the next round. */
const MAX_ROWS = 1_000;

const pauseAfter = (failures: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);

interface Waiting {
  failures: number;
  /** its pause is not over */
  rests: boolean;
  told: boolean;
}

export class Retries {
  readonly #log: Logger;
  readonly #after: After;
  /** called when a pause is over */
  readonly #wake: () => void;
  readonly #rooms = new Map<Room, Waiting>();
  readonly #rows = new Map<number, Waiting & { lane: Lane }>();
  /** failed while it is not known whether the database is there at all */
  readonly #suspects = new Map<Room, unknown>();
  readonly #timers = new Set<() => void>();

  constructor(log: Logger, after: After, wake: () => void) {
    this.#log = log;
    this.#after = after;
    this.#wake = wake;
  }

  /** Nothing of this kind goes to the database for now. */
  isHeld(room: Room): boolean {
    return this.#rooms.get(room)?.rests ?? false;
  }

  /** Kinds that the database does not take though it is there. */
  get notTaken(): Room[] {
    return [...this.#rooms].filter(([, { told }]) => told).map(([room]) => room);
  }

  /** @param isUp the database is known to be there; else that is being looked into */
  failed(room: Room, error: unknown, isUp: boolean): void {
    if (isUp) this.#strike(room, error);
    else this.#suspects.set(room, error);
  }

  succeeded(room: Room): void {
    this.#suspects.delete(room);
    const waiting = this.#rooms.get(room);
    if (waiting === undefined) return;
    this.#rooms.delete(room);
    if (waiting.told) this.#log.info({ kind: room }, 'the database takes these writes again');
  }

  /** May it be tried now? */
  isDue(row: Row): boolean {
    return this.#rows.get(row.seq)?.rests !== true;
  }

  /** A spooled row failed. Its kind is to blame the first time only: what trips again and again may be the row. */
  rowFailed(row: Row, error: unknown, isUp: boolean): void {
    const { eventId, kind, lane, seq } = row;
    const known = this.#rows.get(seq);
    if (known === undefined) this.failed(lane, error, isUp);
    if (known === undefined && this.#rows.size >= MAX_ROWS) return;
    const waiting = known ?? { lane, failures: 0, rests: false, told: false };
    this.#rows.set(seq, waiting);
    waiting.failures += 1;
    this.#rest(waiting, pauseAfter(waiting.failures));
    if (waiting.failures < 2 || waiting.told || this.#rooms.get(lane)?.told === true) return;
    waiting.told = true;
    this.#log.error(
      { kind, eventId, ...why(error) },
      'the database does not take a spooled write: kept, tried again',
    );
  }

  rowDone({ eventId, kind, seq }: Row): void {
    const waiting = this.#rows.get(seq);
    this.#rows.delete(seq);
    if (waiting?.told === true)
      this.#log.info({ kind, eventId }, 'the database has taken a spooled write after all');
  }

  /** Rows of a lane that are not there any more are forgotten. */
  onlyRows(lane: Lane, there: ReadonlySet<number>): void {
    for (const [seq, row] of this.#rows) if (row.lane === lane && !there.has(seq)) this.#rows.delete(seq);
  }

  /** The database was there all the time: what failed is to blame itself. */
  falseAlarm(): void {
    const suspects = [...this.#suspects];
    this.#suspects.clear();
    for (const [room, error] of suspects) this.#strike(room, error);
  }

  /** The database was away and has come back: everything is tried again. */
  forgive(): void {
    this.stop();
    this.#suspects.clear();
    this.#rooms.clear();
    this.#rows.clear();
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** One document may fail by itself, live and then from the spool; what fails after that is not its fault. */
  #strike(room: Room, error: unknown): void {
    const waiting = this.#rooms.get(room) ?? { failures: 0, rests: false, told: false };
    if (waiting.rests) return;
    this.#rooms.set(room, waiting);
    waiting.failures += 1;
    if (waiting.failures < HELD_FROM) return;
    if (!waiting.told) {
      const text = 'the database is there but does not take these writes: spooled, tried again';
      this.#log.error({ kind: room, ...why(error) }, text);
    }
    waiting.told = true;
    this.#rest(waiting, pauseAfter(waiting.failures - HELD_FROM + 1));
  }

  #rest(waiting: Waiting, ms: number): void {
    waiting.rests = true;
    const cancel = this.#after(ms, () => {
      this.#timers.delete(cancel);
      waiting.rests = false;
      this.#wake();
    });
    this.#timers.add(cancel);
  }
}

function why(error: unknown): Record<string, unknown> {
  if (!(error instanceof MakaiError)) return { reason: messageOf(error) };
  return { code: error.code, reason: error.message, hint: error.hint };
}
