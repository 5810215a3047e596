/**
 * The state of the active gateway, on its way to its successor: each change of its files is written to the log in NATS, within some ms. Who needs more than the own disk
 * waits for `flushed`.
 */
import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { BackOff } from '../../common/backoff.js';
import { type Clock, pause, within } from '../../common/clock.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { STATE_MESSAGE_BYTES, type StateLog } from '../../nats/state-log.js';
import { messagesOf, StateReader, type StateRecord } from './records.js';
import { type Change, ChangedRows } from './rows.js';

const LOOK_MS = 20;
const BACK_OFF = { firstMs: 100, maxMs: 2000 };
/** Of one record, unless a single row is longer. */
const PORTION_CHARACTERS = STATE_MESSAGE_BYTES / 8;
/** A stop waits so long for what is under way. */
const STOP_MS = 2000;
/** All rows are copied when so much was written since, and what was before leaves the log. */
const COPY_BYTES = 32 * 2 ** 20;
/** Where a file cannot be read. */
const UNREAD_MS = 1000;

export interface ReplicaOptions {
  log: StateLog;
  /** of this process: no other one has it */
  name: string;
  /** files that are as new as the log, or newer, for as long as nobody else writes: kept from one replica of this process to the next */
  own?: Set<string>;
  /** somebody else writes: nothing may be done any more */
  onReplaced(): void;
  copyBytes?: number;
  clock: Clock;
  logger: Logger;
}

/** What the log holds, of files that are not attached yet. */
interface Left {
  rows: Map<string, Change[]>;
  /** whose rows are all there */
  known: ReadonlySet<string>;
}

export class Replica implements Running {
  readonly #options: ReplicaOptions;
  readonly #log: ThrottledLog;
  readonly #stopping = new AbortController();
  /** nothing is written any more, and nobody waits for it */
  readonly #over = new AbortController();
  readonly #parts = new Set<ChangedRows>();
  readonly #pending: Change[] = [];
  /** files whose rows are all in the log when those that are pending are */
  readonly #brought: string[] = [];
  readonly #left: Left;
  readonly #own: Set<string>;
  readonly #waiters = new Set<() => void>();
  #wake = new AbortController();
  #last: number;
  #written = 0;
  #sinceCopy: number;
  /** of the last copy, bytes */
  #copied = 0;
  #isWriting = false;
  /** files are closed: a copy would be without them */
  #isEnding = false;
  #loop: Promise<void>;

  /** @param bytes of the log */
  private constructor(options: ReplicaOptions, last: number, bytes: number, left: Left, own: Set<string>) {
    this.#options = options;
    this.#sinceCopy = bytes;
    this.#own = own;
    this.#log = new ThrottledLog(options.logger, { clock: options.clock });
    this.#last = last;
    this.#left = left;
    this.#loop = this.#run();
  }

  /**
   * Reads what other gateways have left, and ends their writing.
   * @throws Error of NATS: to be tried again
   */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const { log, name, own = new Set() } = options;
    const reader = new StateReader();
    let bytes = 0;
    const read = await log.read((data) => {
      reader.take(data);
      bytes += data.length;
    });
    // Somebody else was active since: what it has left is newer.
    if (!read.id.startsWith(`${name}-`)) own.clear();
    const run = `${name}-${randomBytes(6).toString('hex')}`;
    const begin = Buffer.from(JSON.stringify({ kind: 'begin', name } satisfies StateRecord));
    const last = await log.append(begin, `${run}-begin`, read.last);
    if (last === undefined) throw new Error('another gateway has written meanwhile');
    const { files: rows, known } = reader;
    return new Replica({ ...options, name: run }, last, bytes, { rows, known }, own);
  }

  /** Whether it has ended: another gateway has begun to write, or this one is not the active one any more. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** This gateway is not the active one any more: whoever waits for NATS is not kept. */
  giveUp(): void {
    this.#over.abort();
    for (const done of this.#waiters) done();
    this.#waiters.clear();
  }

  /** `attach` of Shared. */
  attach(file: string, db: Database): () => void {
    const before = this.#left.rows.get(file) ?? [];
    const isKnown = this.#left.known.has(file);
    const isKept = !isKnown || this.#own.has(file);
    const rows = new ChangedRows(file, db, isKept ? undefined : before);
    this.#left.rows.delete(file);
    this.#own.add(file);
    if (isKept) this.#add(rows.changesSince(before));
    if (!isKnown) this.#brought.push(file);
    this.#parts.add(rows);
    return () => {
      this.#isEnding = true;
      this.#gather();
      this.#parts.delete(rows);
    };
  }

  /**
   * Fulfilled when all changes so far are in NATS.
   * @throws MakaiError STORE_UNAVAILABLE where this gateway is not the active one any more: whoever is does it instead
   */
  async flushed(): Promise<void> {
    this.#check();
    if (!this.#gather())
      throw new MakaiError('STORE_UNAVAILABLE', 'what this gateway has to do cannot be read from its files');
    if (!this.#isPending && !this.#isWriting) return;
    const done = new Promise<void>((resolve) => this.#waiters.add(resolve));
    this.#wake.abort();
    await done;
    this.#check();
  }

  /** What is under way ends; what does not get to NATS in time stays on the own disk alone. */
  async stop(): Promise<void> {
    this.#gather();
    this.#stopping.abort();
    this.#wake.abort();
    await within(this.#loop, STOP_MS, this.#options.clock);
    this.giveUp();
  }

  #check(): void {
    if (this.isOver) throw new MakaiError('STORE_UNAVAILABLE', 'this gateway is not the active one any more');
  }

  get #isPending(): boolean {
    return this.#pending.length > 0 || this.#brought.length > 0;
  }

  /** They may be very many. */
  #add(changes: Iterable<Change>): void {
    for (const change of changes) this.#pending.push(change);
  }

  /** @returns false where a file cannot be read, as on a full disk: what was noted there is read later */
  #gather(): boolean {
    let isRead = true;
    for (const part of this.#parts)
      try {
        this.#add(part.take());
      } catch (error) {
        isRead = false;
        this.#unread(error, part);
      }
    return isRead;
  }

  #unread(error: unknown, { file }: { file?: string } = {}): void {
    this.#log.error(
      { file, problem: messageOf(error) },
      'what the gateway has to do cannot be read for NATS, it is tried again',
    );
  }

  async #run(): Promise<void> {
    const { clock, copyBytes = COPY_BYTES } = this.#options;
    const { signal } = this.#stopping;
    while (!this.isOver) {
      this.#wake = new AbortController();
      const isRead = this.#gather();
      const waiters = [...this.#waiters];
      await this.#write(this.#pending.splice(0), this.#brought.splice(0));
      for (const done of waiters) {
        this.#waiters.delete(done);
        done();
      }
      const isLong = this.#sinceCopy > Math.max(copyBytes, this.#copied);
      if (isLong && isRead && !this.#isEnding && !signal.aborted) await this.#copy();
      if (signal.aborted && !this.#isPending) return;
      if (!isRead) await pause(clock, UNREAD_MS, signal);
      else if (this.#waiters.size === 0 && !signal.aborted) await pause(clock, LOOK_MS, this.#wake.signal);
    }
  }

  /** @param files that are whole with these */
  async #write(changes: readonly Change[], files: Iterable<string>): Promise<void> {
    this.#isWriting = true;
    for (const some of portions(changes)) await this.#append({ kind: 'changes', changes: some });
    for (const file of files) await this.#append({ kind: 'file', file });
    this.#isWriting = false;
  }

  /** All rows as they are now, also of files that this gateway has not opened, or never opens. */
  async #copy(): Promise<void> {
    const rows = [...this.#left.rows.values()].flat();
    try {
      this.#gather();
      for (const part of this.#parts) for (const change of part.all()) rows.push(change);
    } catch (error) {
      this.#unread(error);
      // It is tried again when as much again was written.
      this.#copied = 2 * this.#sinceCopy;
      return;
    }
    const [before, brought] = [this.#pending.splice(0), this.#brought.splice(0)];
    const files = new Set([...this.#left.known, ...[...this.#parts].map(({ file }) => file)]);
    await this.#write(before, brought);
    this.#sinceCopy = 0;
    const first = await this.#append({ kind: 'copy' });
    await this.#write(rows, files);
    await this.#append({ kind: 'copied' });
    this.#copied = this.#sinceCopy;
    this.#sinceCopy = 0;
    if (first === undefined || this.isOver) return;
    try {
      await this.#options.log.forget(first);
    } catch (error) {
      this.#log.warn({ problem: messageOf(error) }, 'what counts no more stays in NATS until the next copy');
    }
  }

  /** Until NATS has it, or somebody else writes. @returns number of its first message */
  async #append(record: StateRecord): Promise<number | undefined> {
    let first: number | undefined;
    for (const data of messagesOf(record)) {
      const seq = await this.#send(data);
      first ??= seq;
    }
    return first;
  }

  async #send(data: Buffer): Promise<number | undefined> {
    const { clock, log, name, onReplaced } = this.#options;
    const id = `${name}-${this.#written}`;
    this.#written += 1;
    const backOff = new BackOff(BACK_OFF);
    while (!this.isOver) {
      try {
        const seq = await log.append(data, id, this.#last);
        if (seq === undefined) {
          this.giveUp();
          onReplaced();
          return undefined;
        }
        this.#last = seq;
        this.#sinceCopy += data.length;
        return seq;
      } catch (error) {
        this.#log.warn({ problem: messageOf(error) }, 'what the gateway has to do is not in NATS yet');
        await pause(clock, backOff.next(), this.#over.signal);
      }
    }
    return undefined;
  }
}

/** In their order, each small enough for one message. */
function* portions(changes: readonly Change[]): Generator<Change[]> {
  let some: Change[] = [];
  let bytes = 0;
  for (const change of changes) {
    const size = JSON.stringify(change).length;
    if (some.length > 0 && bytes + size > PORTION_CHARACTERS) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(change);
    bytes += size;
  }
  if (some.length > 0) yield some;
}
