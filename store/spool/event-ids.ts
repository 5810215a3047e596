/**
 * Event ids with and without the database (docs/mongodb.md, "Event ids"). With it: drawn there. Without: from a block that was reserved there
 * ahead of the count and lies in the spool file, so that no other broker can give the same. Only a broker that has never reached its database, or
 * has used up its block, takes ids from a range of its own above one billion.
 */
import { randomInt } from 'node:crypto';
import type { Logger } from '../../common/log.js';
import { Turn } from '../../common/turn.js';
import type { IdBlock, Primary } from '../primary.js';
import type { Execution } from '../sqlite/execution.js';
import type { IdState, SpoolEngine } from './engine.js';
import type { Link } from './link.js';

/** Ids a broker has in store: five hours of one event per second, two weeks of one per minute. */
const BLOCK_SIZE = 20_000;
/** How far ahead of the count a block lies; after an outage the count goes on behind the ids used. */
const BLOCK_AHEAD = 100;
/** The block is moved when the count has come this near. */
const BLOCK_NEAR = 50;
/** Ids of brokers that have never reached their database: recognisable, and apart from what others count up to. */
export const EMERGENCY_FIRST = 1_000_000_000;
const EMERGENCY_SPREAD = 2 ** 26;
const LAST_ID = 0x7fffffff;

export class SpoolEventIds {
  readonly #disk: Execution<SpoolEngine>;
  readonly #log: Logger;
  readonly #owner: string;
  #block: IdBlock | undefined;
  /** the highest id given by this broker, as far as it knows */
  #given: number;
  #moving: Promise<void> | undefined;
  readonly #drawing = new Turn();
  /** ids given without the database since the start */
  givenOffline = 0;

  private constructor(disk: Execution<SpoolEngine>, state: IdState, log: Logger) {
    this.#disk = disk;
    this.#log = log;
    this.#owner = state.owner;
    this.#block = state.block;
    this.#given = state.block !== undefined && state.next > state.block.first ? state.next - 1 : 0;
  }

  static async open(disk: Execution<SpoolEngine>, log: Logger): Promise<SpoolEventIds> {
    return new SpoolEventIds(disk, await disk.call('idState'), log);
  }

  /**
   * The next ids, rising; counted in the database, or on disk here, before they are given.
   * @param deadlineMs how long to wait for the database
   */
  next(amount: number, link: Link, deadlineMs: number): Promise<number[]> {
    // One at a time: ids of our own block may come from the database and from here.
    return this.#drawing.run(() => this.#next(amount, link, deadlineMs));
  }

  async #next(amount: number, link: Link, deadlineMs: number): Promise<number[]> {
    // A block that is being moved has ids in it that the count does not know of yet.
    const moving = this.#moving?.catch(() => undefined);
    if (moving !== undefined) await link.call(() => moving, deadlineMs);
    const outcome = await link.call(
      (primary) => primary.nextEventIdsAfter(amount, this.#given, this.#owner),
      deadlineMs,
    );
    if ('refused' in outcome) throw outcome.refused;
    const ids = 'result' in outcome ? outcome.result : await this.#offline(amount);
    this.#given = Math.max(this.#given, ...ids);
    if (link.primary !== undefined && this.#mustMove(this.#given)) {
      this.#move(link.primary).catch((error: unknown) => {
        this.#log.debug({ err: error }, 'event ids not reserved');
      });
    }
    return ids;
  }

  /**
   * Sees to it that a fresh block lies ahead of the count: when the database has come back, and once in a while, since others count too.
   * @throws MakaiError when the database does not take it
   */
  async refresh(primary: Primary): Promise<void> {
    const last = Math.max(this.#given, await primary.lastEventId());
    if (this.#mustMove(last)) await this.#move(primary);
  }

  #mustMove(count: number): boolean {
    return this.#block === undefined || count > this.#block.first - BLOCK_NEAR;
  }

  async #offline(amount: number): Promise<number[]> {
    let ids = await this.#disk.call('giveFromBlock', amount, this.#given);
    if (ids === undefined) {
      await this.#keep(this.#emergencyBlock());
      ids = await this.#disk.call('giveFromBlock', amount, this.#given);
    }
    if (ids === undefined) throw new RangeError(`${amount} event ids asked for in one draw`);
    this.givenOffline += amount;
    return ids;
  }

  #emergencyBlock(): IdBlock {
    const base = Math.max(EMERGENCY_FIRST, this.#given + 1);
    const span = Math.max(1, Math.min(EMERGENCY_SPREAD, LAST_ID - BLOCK_SIZE - base));
    const first = base + randomInt(span);
    this.#log.warn(
      { first },
      'the database is unavailable and no reserved event ids are left: ids from the emergency range',
    );
    return { first, last: Math.min(first + BLOCK_SIZE - 1, LAST_ID) };
  }

  #move(primary: Primary): Promise<void> {
    this.#moving ??= this.#moveBlock(primary).finally(() => {
      this.#moving = undefined;
    });
    return this.#moving;
  }

  /** The old block is given back only when the new one is on disk here: a crash in between leaves a gap, never an id twice. */
  async #moveBlock(primary: Primary): Promise<void> {
    const block = await primary.reserveEventIds(this.#owner, {
      size: BLOCK_SIZE,
      ahead: BLOCK_AHEAD,
      after: this.#given,
      keep: this.#block,
    });
    const usedTo = await this.#keep(block);
    await primary.releaseEventIds(this.#owner, block, usedTo);
  }

  /** @returns the highest id given from the block before */
  async #keep(block: IdBlock): Promise<number> {
    const usedTo = await this.#disk.call('saveBlock', block);
    this.#block = block;
    return usedTo;
  }
}
