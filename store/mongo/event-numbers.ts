/**
 * Event numbers: int32, rising, never given twice, also across brokers, restarts and lost answers.
 *
 * One document of `makai_counters` holds the last number given and the blocks that brokers reserved ahead for the time when they
 * cannot reach this database (docs/mongodb.md). It changes only by compare-and-set on its revision, so what two brokers do at once happens one after the
 * other, on every server, without a transaction. Numbers inside a reserved block are stepped over; a number drawn whose answer is lost is a gap.
 */
import type { Collection } from 'mongodb';
import { MakaiError } from '../../common/errors.js';
import { int32, listOf, numberOf, recordOf, textOf } from './bson.js';
import { type Context, collection } from './context.js';
import { DUPLICATE_KEY, mapped, serverCode } from './errors.js';

const LAST_NUMBER = 0x7fffffff;
/** Reserved blocks remembered; with more (spools that were thrown away) the count goes past the lowest one instead. */
const MOST_BLOCKS = 64;
/** Compare-and-set tries before we give up; each failure means that somebody else got a number. */
const TRIES = 100;

/** Numbers from first to last, both included. */
export interface Block {
  first: number;
  last: number;
}

interface Counter {
  revision: number;
  last: number;
  blocks: (Block & { owner: string })[];
}

interface CounterDocument {
  _id: string;
  revision: unknown;
  last: unknown;
  blocks: unknown;
}

export class EventNumbers {
  readonly #context: Context;
  /** as we last saw it: saves reading it before each draw while nobody else draws */
  #seen: Counter | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * The next numbers, past every event stored by whomever and past `after`.
   * @param after the greatest number this broker gave, from a reserved block or not
   * @param owner whose blocks need not be stepped over: it gives no number of them meanwhile
   * @throws MakaiError EVENT_NUMBERS_USED_UP, STORE_UNAVAILABLE
   */
  async draw(amount: number, after = 0, owner?: string): Promise<number[]> {
    const greatest = await this.#greatestStored();
    const ids: number[] = [];
    await this.#change((counter) => {
      ids.length = 0;
      const blocks = counter.blocks.filter((block) => block.owner !== owner);
      let last = Math.max(counter.last, greatest, after);
      while (ids.length < amount) {
        last = stepOver(last + 1, blocks);
        if (last > LAST_NUMBER) throw usedUp();
        ids.push(last);
      }
      return { ...counter, last };
    });
    return ids;
  }

  /**
   * Reserves a block of numbers ahead of the count. It stays in force until it is released or the count has passed it.
   * @param owner whose it is
   * @param ahead numbers left between the count and the block
   * @param after the greatest number the owner gave: counted as given
   * @param keep the block that the owner has on disk. Of its other blocks nobody knows what was given: the count passes them.
   */
  async reserve(
    owner: string,
    { size, ahead, after, keep }: { size: number; ahead: number; after: number; keep?: Block | undefined },
  ): Promise<Block> {
    const greatest = await this.#greatestStored();
    let block: Block = { first: 0, last: 0 };
    await this.#change((counter) => {
      const lost = counter.blocks.filter((entry) => entry.owner === owner && !sameBlock(entry, keep));
      const kept = counter.blocks.filter((entry) => !lost.includes(entry));
      const last = Math.max(counter.last, greatest, after, ...lost.map((entry) => entry.last));
      const others = kept.filter((entry) => entry.owner !== owner).map((entry) => entry.last);
      const first = Math.max(last, ...others) + 1 + ahead;
      block = { first, last: Math.min(first + size - 1, LAST_NUMBER) };
      if (block.first > LAST_NUMBER) throw usedUp();
      return tidy({ ...counter, last, blocks: [...kept, { owner, ...block }] });
    });
    return block;
  }

  /**
   * Gives back the owner's blocks other than `keep`.
   * @param usedTo the greatest number given from them: counted as given, the rest comes in its turn
   */
  async release(owner: string, keep: Block, usedTo: number): Promise<void> {
    await this.#change((counter) => {
      const blocks = counter.blocks.filter((entry) => entry.owner !== owner || sameBlock(entry, keep));
      return tidy({ ...counter, last: Math.max(counter.last, usedTo), blocks });
    });
  }

  /** Makes the count at least the greatest number stored, for events that are about to be deleted. */
  async noteGreatest(): Promise<void> {
    const greatest = await this.#greatestStored();
    if (greatest > (this.#seen?.last ?? 0)) {
      await this.#change((counter) => tidy({ ...counter, last: Math.max(counter.last, greatest) }));
    }
  }

  /** The last number given through this database. */
  async last(): Promise<number> {
    return Math.max((await this.#read())?.last ?? 0, await this.#greatestStored());
  }

  /** The blocks that brokers hold. */
  async blocks(): Promise<readonly (Block & { owner: string })[]> {
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
    throw new MakaiError('STORE_UNAVAILABLE', 'could not draw an event number: others draw all the time');
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
    return await mapped('draw an event number', async () => {
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
        // After a lost answer we cannot know whether the count went on: it is read again, and at worst there is a gap.
        this.#seen = undefined;
        if (serverCode(error) === DUPLICATE_KEY) return false;
        throw error;
      }
    });
  }

  async #read(): Promise<Counter | undefined> {
    const document = await mapped('read the event number', () =>
      this.#counters().findOne({ _id: 'event_id' }),
    );
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

  /** The greatest number any event carries, ours or not. Only what lies past the count is looked for: as a rule nothing. */
  async #greatestStored(): Promise<number> {
    const last = (this.#seen ?? (await this.#read()))?.last ?? 0;
    const greatest = async (name: 'events' | 'boxEvents'): Promise<number> => {
      const newest = await collection(this.#context, name)
        .find({ event_id: { $gt: int32(last) } }, { projection: { event_id: 1 } })
        .sort({ event_id: -1 })
        .limit(1)
        .toArray();
      return numberOf(newest[0]?.event_id) ?? last;
    };
    return await mapped('look for the greatest event number', async () =>
      Math.max(...(await Promise.all([greatest('events'), greatest('boxEvents')]))),
    );
  }

  #counters(): Collection<CounterDocument> {
    return this.#context.db.collection<CounterDocument>('makai_counters');
  }
}

/** The number, or the first one past the reserved blocks that it lies in. */
function stepOver(number: number, blocks: readonly Block[]): number {
  let free = number;
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

const sameBlock = (a: Block, b: Block | undefined): boolean =>
  b !== undefined && a.first === b.first && a.last === b.last;

function usedUp(): MakaiError {
  return new MakaiError(
    'EVENT_NUMBERS_USED_UP',
    `event numbers have reached ${LAST_NUMBER}, the largest int32`,
    {
      hint: '`makai store check` names the greatest event_id stored; an event with a number far too high may be removed.',
    },
  );
}
