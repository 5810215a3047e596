/** The embedded store: one SQLite file, no server. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import type { Stored, SweepResult } from '../documents.js';
import type { Store, StoreOptions } from '../store.js';
import { encodeWrite } from '../write-codec.js';
import { applyEach, type TrendWindowsWrite, type Write } from '../writes.js';
import { type Engine, openEngine } from './engine.js';
import { type Execution, executeInline, executeOnThread, type Packed } from './execution.js';
import { readPages } from './pages.js';

export interface SqliteOptions extends StoreOptions {
  /**
   * `worker` (default for files): operations run on a thread of their own, so that a slow disk does not hold up this thread's sockets.
   * `inline` (always for databases in memory): they run here, without the cost of a thread: for short-lived programs.
   */
  thread?: 'worker' | 'inline';
  /** true: a file that is not there is an error, and not made */
  mustExist?: boolean;
  /** called when the store's thread has ended by itself (WORKER_EXITED): nothing is stored from then on */
  ended?: (error: MakaiError) => void;
}

/** Batches of measurements that wait together share one sync of the disk, and the thread never waits for its next one. */
const BATCHES_AT_ONCE = 4;
const TRENDS_A_CALL = 100;
/** Events whose box events are deleted in one transaction. */
const ORPHANS_A_CALL = 10;

/**
 * Opens (and makes, if missing) a store.
 * @param file path, or `:memory:` for a store that ends with `close`
 * @throws MakaiError STORE_UNAVAILABLE, STORE_NOT_RECOGNIZED (not a store of makai), STORE_SCHEMA_TOO_NEW (of a newer program)
 */
export async function openSqliteStore(file: string, options: SqliteOptions): Promise<Store> {
  const inline = file === ':memory:' || options.thread === 'inline';
  const path = file === ':memory:' ? file : resolve(file);
  if (options.mustExist === true && !existsSync(path)) {
    throw new MakaiError('STORE_UNAVAILABLE', `there is no store at ${path}`, {
      hint: 'Check the path; `makai store init` makes a new store.',
    });
  }
  const execution = inline
    ? executeInline(openEngine(path, options.retention), path)
    : await executeOnThread<Engine>(new URL('./worker.js', import.meta.url), path, {
        workerData: { retention: options.retention },
        ended: options.ended,
        pack: packWrite,
      });
  return createStore(execution, options.now ?? Date.now);
}

/** Handing a buffer over takes longer than copying so many bytes. */
const COPIED_BYTES = 32 * 1024;

/** A write crosses to the thread as bytes. */
function packWrite(name: string, args: unknown[]): Packed {
  if (name !== 'write') return { args };
  const [write, nowMs] = args;
  const bytes = encodeWrite(write as Write);
  return { args: [bytes, nowMs], transfer: bytes.length < COPIED_BYTES ? [] : [bytes.buffer] };
}

function createStore({ call, close }: Execution<Engine>, now: () => number): Store {
  const write = (one: Write): Promise<Stored> => call('write', one, now());
  /** In slices, so that measurements are written in between. */
  const computed = async (one: TrendWindowsWrite): Promise<Stored> => {
    const total = { inserted: 0, duplicates: 0 };
    for (let i = 0; i < one.windows.length; i += TRENDS_A_CALL) {
      const windows = one.windows.slice(i, i + TRENDS_A_CALL);
      total.inserted += (await write({ ...one, windows })).inserted;
    }
    return total;
  };
  /** where the search for orphans goes on at the next sweep */
  let orphansAfter: number | undefined;
  return {
    batchesAtOnce: BATCHES_AT_ONCE,
    state: () => ({ available: true }),
    apply: (writes) =>
      applyEach(writes, (one) => (one.kind === 'trend_windows' ? computed(one) : write(one))),

    measurements: (boxId, range = {}) =>
      readPages(range, (page, size) => call('measurementPage', boxId, page, size), byTime),
    async computeTrends(windows) {
      const trends = [];
      for (let i = 0; i < windows.length; i += TRENDS_A_CALL) {
        trends.push(...(await call('computeTrends', windows.slice(i, i + TRENDS_A_CALL), now())));
      }
      return trends;
    },
    trends: (boxId, range = {}) =>
      readPages(range, (page, size) => call('trendPage', boxId, page, size), byTime),

    newestByBox: () => call('newestByBox'),

    nextEventIds: (count) => call('nextEventIds', count),
    event: (eventId) => call('event', eventId),
    events: (range = {}) => {
      let after: { startMs: number; eventId: number } | undefined;
      return readPages(
        range,
        (page, size) => call('eventPage', page, after, size),
        (page, last) => {
          after = { startMs: last.target_event_start_timestamp_ms, eventId: last.event_id };
          return page;
        },
      );
    },
    boxEvents: (eventId) => call('boxEvents', eventId),
    async waveform(fileName) {
      const bytes = await call('waveform', fileName);
      return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },

    boxes: () => call('boxes'),
    box: (boxId) => call('box', boxId),
    putBox: (box) => call('putBox', box),
    removeBox: (boxId) => call('removeBox', boxId),
    makaiConfig: () => call('makaiConfig'),
    putMakaiConfig: (document) => call('putMakaiConfig', document),
    lahaConfig: () => call('lahaConfig'),
    openRequests: () => call('openRequests'),

    putOriginal: (original) => call('putOriginal', original, now()),
    original: (eventId) => call('original', eventId),
    importedEventId: (sha256, recording) => call('importedEventId', sha256, recording),

    boxIdsWithData: () => call('boxIdsWithData'),
    restore: (documents) => call('restore', documents),
    async sweep(nowMs, signal) {
      const total: SweepResult = { measurements: 0, trends: 0, events: 0, orphans: 0 };
      for (let more = true; more && signal?.aborted !== true; ) {
        const slice = await call('sweepSlice', nowMs);
        for (const key of ['measurements', 'trends', 'events'] as const) total[key] += slice[key];
        more = slice.more;
      }
      // One part of all event ids: looked for outside the write lock, deleted in slices.
      const { orphans, next } = await call('orphanedEvents', orphansAfter);
      orphansAfter = next;
      for (let i = 0; i < orphans.length && signal?.aborted !== true; i += ORPHANS_A_CALL)
        total.orphans += await call('deleteOrphans', orphans.slice(i, i + ORPHANS_A_CALL));
      await call('deleteUnfinishedImports', nowMs);
      return total;
    },
    close,
  };
}

/** The range that is left after a page whose last document is `last`. */
function byTime<T extends { fromMs?: number; toMs?: number; descending?: boolean }>(
  range: T,
  last: { timestamp_ms: number },
): T {
  return range.descending === true
    ? { ...range, toMs: last.timestamp_ms }
    : { ...range, fromMs: last.timestamp_ms + 1 };
}
