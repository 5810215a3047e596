/** What every group of operations works with. */
import type { Database } from 'better-sqlite3';
import type { Retention } from '../documents.js';

export interface Context {
  db: Database;
  retention: Retention;
  /** Runs `change` as one transaction that takes the write lock at its start; on an error nothing is changed. */
  write<T>(change: () => T): T;
  /** `expire_at` (Unix seconds) of what is accepted at `nowMs`. */
  expireAt(kind: 'measurements' | 'trends' | 'events' | 'incidents', nowMs: number): number;
  /** Events whose window touches [fromMs, toMs]; none in mode `ttl`, where nothing is prolonged. */
  eventsOver(fromMs: number, toMs: number): LivingEvent[];
}

/** What an event prolongs: it and everything that explains it live until `expireAt` at least. */
export interface LivingEvent {
  startMs: number;
  endMs: number;
  expireAt: number;
}
