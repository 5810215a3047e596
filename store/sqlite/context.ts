/** What every group of operations works with. */
import type { Database } from 'better-sqlite3';
import { FOREVER_SECONDS, type LahaConfigDocument, type Retention } from '../documents.js';

export interface Context {
  db: Database;
  retention: Retention;
  /** Runs `change` as one transaction that takes the write lock at its start; on an error nothing is changed. */
  write<T>(change: () => T): T;
  /** `expire_at` (Unix seconds) of what is accepted at `nowMs`. */
  expireAt(kind: 'measurements' | 'trends' | 'events', nowMs: number): number;
  /** Events whose window touches [fromMs, toMs]; none in mode `ttl`, where nothing is prolonged. */
  eventsOver(fromMs: number, toMs: number): LivingEvent[];
}

export function createContext(db: Database, retention: Retention): Context {
  const lahaConfig = db
    .prepare<[], string>("SELECT body FROM documents WHERE name = 'laha_config'")
    .pluck(true);
  const overlapping = db.prepare<[number, number], LivingEvent>(
    `SELECT target_event_start_timestamp_ms AS startMs, target_event_end_timestamp_ms AS endMs, expire_at AS expireAt
     FROM events INDEXED BY events_end WHERE target_event_end_timestamp_ms >= ? AND target_event_start_timestamp_ms <= ?`,
  );
  const configured = {
    measurements: retention.measurementsSeconds,
    trends: retention.trendsSeconds,
    events: retention.eventsSeconds,
  };
  return {
    db,
    retention,
    eventsOver: (fromMs, toMs) => (retention.mode === 'laha' ? overlapping.all(fromMs, toMs) : []),
    write: (change) => db.transaction(change).immediate(),
    expireAt: (kind, nowMs) => {
      const body = retention.mode === 'laha' ? lahaConfig.get() : undefined;
      const ttls = body === undefined ? {} : (JSON.parse(body) as LahaConfigDocument).ttls;
      const seconds = ttls[kind] ?? configured[kind];
      // Rounded up: nothing is kept for less than its time.
      return seconds === undefined ? FOREVER_SECONDS : Math.ceil(nowMs / 1000) + seconds;
    },
  };
}

/** What an event prolongs: it and everything that explains it live until `expireAt` at least. */
export interface LivingEvent {
  startMs: number;
  endMs: number;
  expireAt: number;
}
