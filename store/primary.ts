/** What a database must be able to do besides, so that a spool can stand in front of it. */
import type { EventIds, Store } from './store.js';

/** Ids from first to last, both included. */
export interface IdBlock {
  first: number;
  last: number;
}

/** Event ids that can be reserved ahead, for the time when the database cannot be reached. */
export interface ReservableEventIds extends EventIds {
  /** The last id given, or the highest one stored. */
  lastEventId(): Promise<number>;
  /** As `nextEventIds` for the owner of a reserved block, and past `after`: what it gave while it could not reach the database. */
  nextEventIdsAfter(amount: number, after: number, owner: string): Promise<number[]>;
  /** Reserves a block ahead of the count; it stays in force until it is released or the count has passed it. */
  reserveEventIds(owner: string, options: ReserveOptions): Promise<IdBlock>;
  /** Gives back the owner's blocks other than `keep`. @param usedTo the highest id given from them */
  releaseEventIds(owner: string, keep: IdBlock, usedTo: number): Promise<void>;
}

export interface ReserveOptions {
  size: number;
  /** ids left between the count and the block */
  ahead: number;
  /** the highest id the owner gave: counted as given */
  after: number;
  /** the block that the owner has on disk. Of its other blocks nobody knows what was given: the count passes them. */
  keep?: IdBlock | undefined;
}

export interface Primary extends Store, ReservableEventIds {
  /** Makes what is missing (indexes). */
  prepare(): Promise<unknown>;
  /** Resolves when it replies and a small write of its own is as durable there as ours must be. */
  ping(): Promise<void>;
}
