/**
 * The queue on disk and its bounds. When it is full the oldest states of plugins go first, of which only the newest counts, then measurements, then
 * findings of health and traffic and what is computed again, then what the database refused, then analyses, then the oldest waveforms; incidents and
 * the small documents of events last of all. Everything dropped is counted by kind. Trend windows (window-engine.ts)
 * have their own share and count too.
 */
import type { Database } from 'better-sqlite3';
import type { TrendWindow } from '../documents.js';
import { add, QUEUES, type Queue } from '../outbox/policy.js';
import type { Amounts } from '../store.js';
import type { WriteKind } from '../writes.js';
import type { Appended, Change, Line, NewRow, QueueTotals, Row, SpoolLimits } from './rows.js';
import type { WindowTable } from './window-engine.js';

/** `bytes`: of rows alone */
type Counts = Omit<QueueTotals, 'oldestMs' | 'windows'>;

/** What one row costs besides its body, roughly. */
const ROW_BYTES = 150;
/** Who goes first, in this order: nothing goes for a kind before its own. Every kind that is spooled is here. */
export const VICTIMS: readonly (WriteKind | 'quarantined')[] = [
  'plugin_state',
  'measurements',
  'metrics',
  'health',
  'series',
  'aggregates',
  'quarantined',
  'incident_group',
  'analysis',
  'box_event',
  'incident',
  'triggered_boxes',
  'event',
];
type Victim = (typeof VICTIMS)[number];

type StoredRow = {
  seq: number;
  lane: number;
  kind: WriteKind;
  event_id: number | null;
  box_id: string | null;
  plugin: string | null;
  accepted_ms: number;
  items: number;
  bytes: number;
  body: Uint8Array;
};

export function queueOperations(
  db: Database,
  write: <T>(change: () => T) => T,
  limits: SpoolLimits,
  windows: WindowTable,
) {
  const insert = db.prepare<
    [number, WriteKind, number | null, string | null, string | null, number, number, number, Uint8Array]
  >(
    'INSERT INTO queue (lane, kind, event_id, box_id, plugin, accepted_ms, items, bytes, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const nextOfQueue = db.prepare<[number, number], StoredRow>(
    'SELECT * FROM queue WHERE lane = ? AND seq > ? ORDER BY seq LIMIT 1',
  );
  const has = db
    .prepare<[number | null, WriteKind, string | null], 1>(
      'SELECT 1 FROM queue WHERE event_id = ? AND kind = ? AND box_id IS ?',
    )
    .pluck(true);
  const remove = db.prepare<[number]>('DELETE FROM queue WHERE seq = ?');
  const quarantine = db.prepare<[string, number]>(
    `INSERT OR REPLACE INTO quarantine SELECT seq, kind, event_id, box_id, accepted_ms, items, bytes, body, ? FROM queue WHERE seq = ?`,
  );
  const ofEvent = db.prepare<[number], number>('SELECT seq FROM queue WHERE event_id = ?').pluck(true);
  const lines = db
    .prepare<[], [Line, number]>(
      `SELECT event_id, count(*) FROM queue WHERE event_id IS NOT NULL GROUP BY event_id
       UNION ALL SELECT plugin, count(*) FROM queue WHERE kind = 'plugin_state' AND plugin IS NOT NULL GROUP BY plugin`,
    )
    .raw(true);
  const sums = db.prepare<[], { kind: WriteKind; rows: number; items: number; bytes: number }>(
    'SELECT kind, count(*) AS rows, sum(items) AS items, sum(bytes) AS bytes FROM queue GROUP BY kind',
  );
  const quarantinedSums = db.prepare<[], { rows: number; bytes: number }>(
    'SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes FROM quarantine',
  );
  type Found = { seq: number; items: number; bytes: number };
  const oldestOfKind = db.prepare<[string, number], Found>(
    'SELECT seq, items, bytes FROM queue WHERE kind = ? ORDER BY seq LIMIT +?',
  );
  const oldestQuarantined = db.prepare<[number], Found>(
    'SELECT seq, items, bytes FROM quarantine ORDER BY seq LIMIT +?',
  );
  const releaseQuarantined = db.prepare<[number]>('DELETE FROM quarantine WHERE seq = ?');
  const expired = db.prepare<[number], Found & { kind: WriteKind }>(
    'SELECT seq, kind, items, bytes FROM queue WHERE accepted_ms < ?',
  );
  const expireQuarantined = db.prepare<[number]>('DELETE FROM quarantine WHERE accepted_ms < ?');

  const oldestAccepted = db
    .prepare<[], number>('SELECT accepted_ms FROM queue ORDER BY seq LIMIT 1')
    .pluck(true);

  // One process has the file, so totals kept here stay true; they are counted again after a transaction that was undone.
  let known: Counts | undefined;
  let quarantinedBytes = 0;
  const totals = (): Counts => {
    if (known !== undefined) return known;
    const quarantined = quarantinedSums.get() ?? { rows: 0, bytes: 0 };
    quarantinedBytes = quarantined.bytes;
    known = { waiting: {}, measurements: 0, bytes: 0, quarantined: quarantined.rows };
    for (const { bytes, items, kind, rows } of sums.all()) {
      known.waiting[kind] = rows;
      known.bytes += bytes;
      if (kind === 'measurements') known.measurements = items;
    }
    return known;
  };
  const shownBytes = (): number => totals().bytes + windows.bytes();
  const shown = (): QueueTotals => ({
    ...totals(),
    waiting: { ...totals().waiting },
    bytes: shownBytes(),
    windows: windows.count(),
    oldestMs: oldestAccepted.get() ?? null,
  });
  const forgetTotals = (): void => {
    known = undefined;
    windows.forget();
  };
  const guarded = <T>(change: () => T): T => {
    try {
      return write(change);
    } catch (error) {
      forgetTotals();
      throw error;
    }
  };
  const count = (kind: WriteKind, items: number, bytes: number, sign: 1 | -1): void => {
    const all = totals();
    add(all.waiting, kind, sign);
    all.bytes += sign * bytes;
    if (kind === 'measurements') all.measurements += sign * items;
  };

  /** Drops the oldest of those that go before `kind`, or of `kind` itself, until `bytes` fit. @returns whether they do */
  const makeSpace = (kind: WriteKind, bytes: number, dropped: Amounts): boolean => {
    const fits = (): boolean => shownBytes() + quarantinedBytes + bytes <= limits.maxBytes;
    for (const victim of VICTIMS.slice(0, VICTIMS.indexOf(kind) + 1)) {
      while (!fits()) if (!dropSome(victim, dropped, fits)) break;
    }
    return fits();
  };
  const dropSome = (victim: Victim, dropped: Amounts, fits: () => boolean): boolean => {
    const found = victim === 'quarantined' ? oldestQuarantined.all(8) : oldestOfKind.all(victim, 8);
    for (const { seq, items, bytes } of found) {
      if (fits()) break;
      if (victim === 'quarantined') {
        releaseQuarantined.run(seq);
        quarantinedBytes -= bytes;
        totals().quarantined -= 1;
      } else {
        remove.run(seq);
        count(victim, items, bytes, -1);
        add(dropped, victim, items);
      }
    }
    return found.length > 0;
  };

  return {
    /** Appends rows. One that is there already (the same event, a waveform of the same event and box), or that does not fit, is not taken. */
    append(rows: readonly NewRow[]): Appended {
      return guarded(() => {
        const dropped: Amounts = {};
        const taken = rows.map((row) => {
          const { boxId = null, eventId = null, plugin = null } = row;
          const isOne = row.kind === 'box_event' || row.kind === 'event';
          if (isOne && has.get(eventId, row.kind, boxId) !== undefined) return false;
          const bytes = row.body.length + ROW_BYTES;
          if (!makeSpace(row.kind, bytes, dropped)) {
            add(dropped, row.kind, row.items);
            return false;
          }
          insert.run(
            QUEUES.indexOf(row.queue),
            row.kind,
            eventId,
            boxId,
            plugin,
            Math.floor(row.acceptedMs),
            row.items,
            bytes,
            row.body,
          );
          count(row.kind, row.items, bytes, 1);
          return true;
        });
        return { taken, dropped, totals: shown() };
      });
    },

    /** The oldest rows of a queue after `afterSeq`, up to about `maxBytes` (at least one if there is one). */
    oldest(queue: Queue, afterSeq: number, maxRows: number, maxBytes: number): Row[] {
      const rows: Row[] = [];
      let bytes = 0;
      for (let last = afterSeq; rows.length < maxRows; ) {
        const row = nextOfQueue.get(QUEUES.indexOf(queue), last);
        if (row === undefined || (rows.length > 0 && bytes + row.bytes > maxBytes)) break;
        last = row.seq;
        bytes += row.bytes;
        rows.push({
          seq: row.seq,
          queue,
          kind: row.kind,
          eventId: row.event_id ?? undefined,
          boxId: row.box_id ?? undefined,
          plugin: row.plugin ?? undefined,
          acceptedMs: row.accepted_ms,
          items: row.items,
          body: row.body,
        });
      }
      return rows;
    },

    /** Removes what was delivered. */
    delivered(rows: readonly { seq: number; kind: WriteKind; items: number; bytes: number }[]): QueueTotals {
      return guarded(() => {
        for (const { seq, kind, items, bytes } of rows) {
          if (remove.run(seq).changes > 0) count(kind, items, bytes + ROW_BYTES, -1);
        }
        return shown();
      });
    },

    /** Keeps rows the database refused apart, so that those behind them go on. With an event go all its rows. */
    quarantine(seqs: readonly number[], reason: string): QueueTotals {
      return guarded(() => {
        for (const seq of seqs) {
          quarantine.run(reason, seq);
          remove.run(seq);
        }
        known = undefined;
        return shown();
      });
    },

    rowsOfEvent: (eventId: number): number[] => ofEvent.all(eventId),

    /** The lines that have rows here, and how many: what comes for them live must queue behind. */
    queuedLines: (): [line: Line, rows: number][] => lines.all(),

    /** Drops what is older than the limit. */
    dropExpired(nowMs: number): Change {
      return guarded(() => {
        const dropped: Amounts = {};
        const before = nowMs - limits.maxAgeMs;
        for (const { seq, kind, items } of expired.all(before)) {
          remove.run(seq);
          add(dropped, kind, items);
        }
        expireQuarantined.run(before);
        const trends = windows.expire(before);
        if (trends > 0) dropped.trend_windows = trends;
        known = undefined;
        return { dropped, totals: shown() };
      });
    },

    totals: shown,

    /** After a transaction that was undone. */
    forgetTotals,

    addWindows(added: readonly TrendWindow[]): Change {
      return guarded(() => {
        const left = windows.add(added);
        return { dropped: left > 0 ? { trend_windows: left } : {}, totals: shown() };
      });
    },

    /** Windows that ended by `untilMs`, earliest first. */
    windows: windows.ready,

    removeWindows(done: readonly TrendWindow[]): Change {
      return guarded(() => {
        windows.remove(done);
        return { dropped: {}, totals: shown() };
      });
    },

    /** Gives the disk back what an outage took. Not inside a transaction. */
    shrink(): void {
      db.pragma('incremental_vacuum');
      db.pragma('wal_checkpoint(TRUNCATE)');
    },
  };
}
