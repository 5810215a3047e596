/**
 * Event ids: int32, rising, never given twice, also across brokers, restarts and lost replies.
 *
 * One document of `makai_counters` holds the last id given and the blocks that brokers reserved ahead for the time when they
 * cannot reach this database (docs/mongodb.md). It changes only by compare-and-set on its revision, so what two brokers do at the same time happens one after the
 * other, on every server, without a transaction. Ids inside a reserved block are stepped over; an id drawn whose reply is lost is a gap.
 */
import type { Collection } from 'mongodb';
import { MakaiError } from '../../../common/errors.js';
import type { IdBlock, ReserveOptions } from '../../primary.js';
import { type Context, collection } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { int32, listOf, numberOf, recordOf, textOf } from '../fields/bson.js';

const LAST_ID = 0x7fffffff;
/** Reserved blocks remembered; with more (spools that were thrown away) the count goes past the lowest one instead. */
const MOST_BLOCKS = 64;
/** Compare-and-set tries before we give up; each failure means that somebody else got an id. */
const TRIES = 100;

interface Counter {
  revision: number;
  last: number;
  blocks: (IdBlock & { owner: string })[];
}

interface CounterDocument {
  _id: string;
  revision: unknown;
  last: unknown;
  blocks: unknown;
}

export class EventIdCounter {
  readonly #context: Context;
  /** as we last saw it: saves reading it before each draw while nobody else draws */
  #seen: Counter | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * The next ids, past every event stored by whomever and past `after`.
   * @param after the highest id this broker gave, from a reserved block or not
   * @param owner whose blocks need not be stepped over: it gives no id of them meanwhile
   * @throws MakaiError EVENT_IDS_EXHAUSTED, STORE_UNAVAILABLE
   */
  async draw(amount: number, after = 0, owner?: string): Promise<number[]> {
    const highest = await this.#highestStored();
    const ids: number[] = [];
    await this.#change((counter) => {
      ids.length = 0;
      const blocks = counter.blocks.filter((block) => block.owner !== owner);
      let last = Math.max(counter.last, highest, after);
      while (ids.length < amount) {
        last = stepOver(last + 1, blocks);
        if (last > LAST_ID) throw exhausted();
        ids.push(last);
      }
      return { ...counter, last };
    });
    return ids;
  }

  /**
   * Reserves a block of ids ahead of the count. It stays in force until it is released or the count has passed it.
   * @param owner whose it is
   * @param ahead ids left between the count and the block
   * @param after the highest id the owner gave: counted as given
   * @param keep the block that the owner has on disk. Of its other blocks nobody knows what was given: the count passes them.
   */
  async reserve(owner: string, { size, ahead, after, keep }: ReserveOptions): Promise<IdBlock> {
    const highest = await this.#highestStored();
    let block: IdBlock = { first: 0, last: 0 };
    await this.#change((counter) => {
      const lost = counter.blocks.filter((entry) => entry.owner === owner && !sameBlock(entry, keep));
      const kept = counter.blocks.filter((entry) => !lost.includes(entry));
      const last = Math.max(counter.last, highest, after, ...lost.map((entry) => entry.last));
      const others = kept.filter((entry) => entry.owner !== owner).map((entry) => entry.last);
      const first = Math.max(last, ...others) + 1 + ahead;
      block = { first, last: Math.min(first + size - 1, LAST_ID) };
      if (block.first > LAST_ID) throw exhausted();
      return tidy({ ...counter, last, blocks: [...kept, { owner, ...block }] });
    });
    return block;
  }

  /**
   * Gives back the owner's blocks other than `keep`.
   * @param usedTo the highest id given from them: counted as given, the rest comes in its turn
   */
  async release(owner: string, keep: IdBlock, usedTo: number): Promise<void> {
    await this.#change((counter) => {
      const blocks = counter.blocks.filter((entry) => entry.owner !== owner || sameBlock(entry, keep));
      return tidy({ ...counter, last: Math.max(counter.last, usedTo), blocks });
    });
  }

  /** Makes the count at least the highest id stored, for events that are about to be deleted. */
  async noteHighest(): Promise<void> {
    const highest = await this.#highestStored();
    if (highest > (this.#seen?.last ?? 0)) {
      await this.#change((counter) => tidy({ ...counter, last: Math.max(counter.last, highest) }));
    }
  }

  /** The last id given through this database. */
  async last(): Promise<number> {
    return Math.max((await this.#read())?.last ?? 0, await this.#highestStored());
  }

  /** The blocks that brokers hold. */
  async blocks(): Promise<readonly (IdBlock & { owner: string })[]> {
    return (await this.#read())?.blocks ?? [];
  }

  async #change(next: (counter: Counter) => Counter): Promise<void> {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const counter = this.#seen ?? (await this.#read()) ?? { revision: 0, last: 0, blocks: [] };
      const wanted = { ...next(counter), revision: counter.revision + 1 };
      if (await this.#compareAndSet(counter.revision, wanted)) {
        this.#seen = wanted;
        return;
      }
      this.#seen = undefined;
    }
    throw new MakaiError('STORE_UNAVAILABLE', 'could not draw an event id: others draw all the time');
  }

  async #compareAndSet(revision: number, wanted: Counter): Promise<boolean> {
    const fields = {
      revision: int32(wanted.revision),
      last: int32(wanted.last),
      blocks: wanted.blocks.map(({ owner, first, last }) => ({
        owner,
        first: int32(first),
        last: int32(last),
      })),
    };
    return await mapped('draw an event id', async () => {
      try {
        const counters = this.#counters();
        if (revision === 0) {
          await counters.insertOne({ _id: 'event_id', ...fields });
          return true;
        }
        const result = await counters.updateOne(
          { _id: 'event_id', revision: int32(revision) },
          { $set: fields },
        );
        return result.matchedCount === 1;
      } catch (error) {
        // After a lost reply we cannot know whether the count went on: it is read again, and at worst there is a gap.
        this.#seen = undefined;
        if (serverCode(error) === DUPLICATE_KEY) return false;
        throw error;
      }
    });
  }

  async #read(): Promise<Counter | undefined> {
    const document = await mapped('read the event id', () => this.#counters().findOne({ _id: 'event_id' }));
    if (document === null) return undefined;
    this.#seen = {
      revision: numberOf(document.revision) ?? 0,
      last: numberOf(document.last) ?? 0,
      blocks: listOf(document.blocks, (value) => {
        const { owner, first, last } = recordOf(value);
        const block = { owner: textOf(owner), first: numberOf(first), last: numberOf(last) };
        return block.owner === undefined || block.first === undefined || block.last === undefined
          ? undefined
          : { owner: block.owner, first: block.first, last: block.last };
      }),
    };
    return this.#seen;
  }

  /** The highest id any event carries, ours or not. Only what lies past the count is looked for: as a rule nothing. */
  async #highestStored(): Promise<number> {
    const last = (this.#seen ?? (await this.#read()))?.last ?? 0;
    const highest = async (name: 'events' | 'boxEvents'): Promise<number> => {
      const newest = await collection(this.#context, name)
        .find({ event_id: { $gt: int32(last) } }, { projection: { event_id: 1 } })
        .sort({ event_id: -1 })
        .limit(1)
        .toArray();
      return numberOf(newest[0]?.event_id) ?? last;
    };
    return await mapped('look for the highest event id', async () =>
      Math.max(...(await Promise.all([highest('events'), highest('boxEvents')]))),
    );
  }

  #counters(): Collection<CounterDocument> {
    return this.#context.db.collection<CounterDocument>('makai_counters');
  }
}

/** The id, or the first one past the reserved blocks that it lies in. */
function stepOver(id: number, blocks: readonly IdBlock[]): number {
  let free = id;
  for (;;) {
    const inside = blocks.find((block) => free >= block.first && free <= block.last);
    if (inside === undefined) return free;
    free = inside.last + 1;
  }
}

/** Blocks that the count has passed need no entry: it never comes back. */
function tidy(counter: Counter): Counter {
  const blocks = counter.blocks
    .filter((block) => block.last > counter.last)
    .sort((a, b) => a.first - b.first);
  let last = counter.last;
  while (blocks.length > MOST_BLOCKS) last = Math.max(last, blocks.shift()?.last ?? last);
  return { ...counter, last, blocks };
}

const sameBlock = (a: IdBlock, b: IdBlock | undefined): boolean =>
  b !== undefined && a.first === b.first && a.last === b.last;

function exhausted(): MakaiError {
  return new MakaiError('EVENT_IDS_EXHAUSTED', `event ids have reached ${LAST_ID}, the largest int32`, {
    hint: '`makai store check` names the highest event_id stored; an event with an id far too high may be removed.',
  });
}
