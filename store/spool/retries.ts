/**
 * What the database replies to but does not take: a collection over its quota, a right that is missing, a document that trips over a fault of the
 * server. All of it may pass, so nothing is given up: it waits on disk and is tried again with a growing pause, and what is next to it goes on.
 */
import { BackOff } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { isQueue, POLICY, type Queue } from '../outbox/policy.js';
import type { WriteKind } from '../writes.js';
import type { Row } from './rows.js';

/** Writes that fail together. */
export type Group = Queue | 'trends';

export function groupOf(kind: WriteKind): Group {
  const { spooled } = POLICY[kind];
  return isQueue(spooled) ? spooled : 'trends';
}

/** Failures in a row from which on a group is held. */
const HELD_FROM = 3;
/** Rows that have a pause of their own at one time; others that fail are tried again with the next round. */
const MAX_ROWS = 1_000;

const PAUSES = { firstMs: 1_000, maxMs: 30_000 };

interface Waiting {
  failures: number;
  pauses: BackOff;
  /** its pause is not over */
  rests: boolean;
  reported: boolean;
}

const newWaiting = (): Waiting => ({
  failures: 0,
  pauses: new BackOff(PAUSES),
  rests: false,
  reported: false,
});

export class Retries {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** called when a pause is over */
  readonly #wake: () => void;
  readonly #groups = new Map<Group, Waiting>();
  readonly #rows = new Map<number, Waiting & { queue: Queue }>();
  /** failed while it is not known whether the database is available at all */
  readonly #suspects = new Map<Group, unknown>();
  readonly #timers = new Set<() => void>();

  constructor(log: Logger, clock: Clock, wake: () => void) {
    this.#log = log;
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Nothing of this group goes to the database for now. */
  isHeld(group: Group): boolean {
    return this.#groups.get(group)?.rests ?? false;
  }

  /** Groups that the database does not take though it is available. */
  get notTaken(): Group[] {
    return [...this.#groups].filter(([, { reported }]) => reported).map(([group]) => group);
  }

  /** @param isUp the database is known to be available; else that is being looked into */
  failed(group: Group, error: unknown, isUp: boolean): void {
    if (isUp) this.#strike(group, error);
    else this.#suspects.set(group, error);
  }

  succeeded(group: Group): void {
    this.#suspects.delete(group);
    const waiting = this.#groups.get(group);
    if (waiting === undefined) return;
    this.#groups.delete(group);
    if (waiting.reported) this.#log.info({ group }, 'the database takes these writes again');
  }

  /** May it be tried now? */
  isDue(row: Row): boolean {
    return this.#rows.get(row.seq)?.rests !== true;
  }

  /** A spooled row failed. Its group is to blame the first time only: what trips again and again may be the row. */
  rowFailed(row: Row, error: unknown, isUp: boolean): void {
    const { eventId, kind, queue, seq } = row;
    const known = this.#rows.get(seq);
    if (known === undefined) this.failed(queue, error, isUp);
    if (known === undefined && this.#rows.size >= MAX_ROWS) return;
    const waiting = known ?? { queue, ...newWaiting() };
    this.#rows.set(seq, waiting);
    waiting.failures += 1;
    this.#rest(waiting);
    if (waiting.failures < 2 || waiting.reported || this.#groups.get(queue)?.reported === true) return;
    waiting.reported = true;
    this.#log.error(
      { kind, eventId, ...why(error) },
      'the database does not take a spooled write: kept, tried again',
    );
  }

  rowDone({ eventId, kind, seq }: Row): void {
    const waiting = this.#rows.get(seq);
    this.#rows.delete(seq);
    if (waiting?.reported === true)
      this.#log.info({ kind, eventId }, 'the database has taken a spooled write after all');
  }

  /** Rows of a queue that are not there any more are forgotten. */
  onlyRows(queue: Queue, there: ReadonlySet<number>): void {
    for (const [seq, row] of this.#rows) if (row.queue === queue && !there.has(seq)) this.#rows.delete(seq);
  }

  /** The database was available all the time: the fault is with what failed. */
  falseAlarm(): void {
    const suspects = [...this.#suspects];
    this.#suspects.clear();
    for (const [group, error] of suspects) this.#strike(group, error);
  }

  /** The database was unavailable and is available again: everything is tried again. */
  forgive(): void {
    this.stop();
    this.#suspects.clear();
    this.#groups.clear();
    this.#rows.clear();
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** One document may fail by itself, live and then from the spool; what fails after that is not its fault. */
  #strike(group: Group, error: unknown): void {
    const waiting = this.#groups.get(group) ?? newWaiting();
    if (waiting.rests) return;
    this.#groups.set(group, waiting);
    waiting.failures += 1;
    if (waiting.failures < HELD_FROM) return;
    if (!waiting.reported) {
      const text = 'the database is available but does not take these writes: spooled, tried again';
      this.#log.error({ group, ...why(error) }, text);
    }
    waiting.reported = true;
    this.#rest(waiting);
  }

  #rest(waiting: Waiting): void {
    waiting.rests = true;
    const cancel = this.#clock.after(waiting.pauses.next(), () => {
      this.#timers.delete(cancel);
      waiting.rests = false;
      this.#wake();
    });
    this.#timers.add(cancel);
  }
}

function why(error: unknown): Record<string, unknown> {
  return error instanceof MakaiError ? { err: error, code: error.code, hint: error.hint } : { err: error };
}
