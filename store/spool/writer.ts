/** The ways in which a spooled store reads and writes: the database first, then the disk here. */
import { MakaiError } from '../../common/errors.js';
import type { Execution } from '../sqlite/execution.js';
import type { Drain } from './drain.js';
import type { SpoolEngine } from './engine.js';
import type { Link, Outcome, Primary } from './link.js';
import type { Patience } from './patience.js';
import type { Retries, Room } from './retries.js';
import type { NewRow } from './rows.js';
import type { SpoolCounts } from './stats.js';

export interface WriterParts {
  disk: Execution<SpoolEngine>;
  link: Link;
  drain: Drain;
  retries: Retries;
  counts: SpoolCounts;
  patience: Patience;
}

/** Bytes on their way to the disk at one time; past this it is slower than what comes, and the caller must hold back. */
const DISK_BYTES_AT_ONCE = 64 * 1024 * 1024;

export class Writer {
  readonly #parts: WriterParts;
  #bytesToDisk = 0;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** @throws MakaiError STORE_UNAVAILABLE */
  primary(): Primary {
    const { primary } = this.#parts.link;
    if (primary === undefined) throw away();
    return primary;
  }

  /** A read, or a write of an administrator: the database itself or nothing. */
  async read<T>(work: (primary: Primary) => Promise<T>): Promise<T> {
    const outcome = await this.#parts.link.call(work, this.#parts.patience.readMs);
    if ('refused' in outcome) throw outcome.refused;
    if ('away' in outcome) throw away();
    return outcome.result;
  }

  /** A document as the database has it, or had it last, also before a restart. */
  async remembered<T>(name: string, work: (primary: Primary) => Promise<T>): Promise<T> {
    const { counts, disk, link, patience } = this.#parts;
    const outcome = await link.call(work, patience.readMs);
    if ('refused' in outcome) throw outcome.refused;
    if ('result' in outcome) {
      const body = JSON.stringify(outcome.result ?? null);
      if (counts.changed(name, body)) await disk.call('remember', name, body);
      return outcome.result;
    }
    const body = await disk.call('recall', name);
    if (body === undefined) throw away();
    return (JSON.parse(body) ?? undefined) as T;
  }

  /** A write, to the database alone: not tried while it does not take this kind. */
  async write<T>(
    room: Room,
    work: (primary: Primary) => Promise<T>,
    patienceMs: number,
    bytes = 0,
  ): Promise<Outcome<T>> {
    const { link, retries } = this.#parts;
    if (retries.isHeld(room)) return { away: 'down' };
    const outcome = await link.call(work, patienceMs, bytes);
    if ('result' in outcome) retries.succeeded(room);
    else if ('error' in outcome) retries.failed(room, outcome.error, link.up);
    return outcome;
  }

  /**
   * A write that belongs to an event: behind what is spooled for the same event, if anything is.
   * @returns the database's answer, or whether the row was taken here
   */
  async writeForEvent<T>(
    eventId: number,
    work: (primary: Primary) => Promise<T>,
    row: () => NewRow,
    patienceMs: number,
    bytes = 0,
  ): Promise<T | boolean> {
    if (!this.#parts.counts.waits(eventId)) {
      const outcome = await this.write('events', work, patienceMs, bytes);
      if ('result' in outcome) return outcome.result;
    }
    return await this.spool(row());
  }

  /** @returns false when it was there already. @throws MakaiError STORE_UNAVAILABLE when the disk does not take it */
  async spool(row: NewRow): Promise<boolean> {
    const { counts, disk, drain } = this.#parts;
    if (this.#bytesToDisk > DISK_BYTES_AT_ONCE) {
      throw new MakaiError('STORE_UNAVAILABLE', 'the spool cannot keep up', {
        hint: 'The disk of the spool is slower than what arrives.',
      });
    }
    this.#bytesToDisk += row.body.length;
    counts.expect(row);
    try {
      const appended = await disk.call('append', [row]);
      counts.appended(row, appended);
      drain.wake();
      return appended.taken[0] ?? false;
    } catch (error) {
      counts.unexpect(row);
      throw error;
    } finally {
      this.#bytesToDisk -= row.body.length;
    }
  }
}

function away(): MakaiError {
  return new MakaiError('STORE_UNAVAILABLE', 'the database is away', {
    hint: 'What is written meanwhile waits in the spool; reading needs the database.',
  });
}
