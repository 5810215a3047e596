/** The store in front of a database that may be unavailable: every write is taken, there or on disk here; README.md says what is promised. */
import { MakaiError } from '../../common/errors.js';
import type { TrendWindow } from '../documents.js';
import { decodeKeptWrite } from '../kept-write.js';
import { DEADLINES, POLICY } from '../outbox/policy.js';
import type { Primary } from '../primary.js';
import type { Execution } from '../sqlite/execution.js';
import type { BoxReader, SpoolStats, Store } from '../store.js';
import { encodeWrite } from '../write-codec.js';
import { bytesOf, STORED, type Stored, type Write } from '../writes.js';
import { applyWithLocation } from './deliver.js';
import type { Drain } from './drain.js';
import type { SpoolEngine } from './engine.js';
import type { SpoolEventIds } from './event-ids.js';
import type { Link, Outcome } from './link.js';
import { groupOf, type Retries } from './retries.js';
import { lineOf, type NewRow, rowOf } from './rows.js';
import type { SpoolCounts } from './stats.js';

export interface Parts {
  disk: Execution<SpoolEngine>;
  link: Link;
  drain: Drain;
  retries: Retries;
  counts: SpoolCounts;
  ids: SpoolEventIds;
  windowMs: number;
  /** in place of the deadlines of the policies */
  deadlineMs: number | undefined;
  now: () => number;
  /** stops the timers */
  stop(): void;
}

export interface SpoolStore extends Store {
  stats(): SpoolStats;
  /** Resolves when nothing waits on disk any more, and trends that can be are computed again. */
  drained(): Promise<void>;
}

/** Bytes on their way to the disk at one time; past this it is slower than what comes, and the caller must hold back. */
const BYTES_TO_DISK = 64 * 1024 * 1024;
/** The database is given a batch only for so long, which several at the same time would share. */
const BATCHES_AT_ONCE = 1;
/** What is read of the database, and an administrator's writes: there or nowhere. */
const FORWARDED = [
  ...([
    'computeTrends',
    'measurementCounts',
    'trendBands',
    'newestByBox',
    'boxIdsWithData',
    'event',
    'boxEvents',
    'waveform',
  ] as const),
  ...([
    'putBox',
    'addBox',
    'removeBox',
    'putMakaiConfig',
    'restore',
    'deleteEvents',
    'keepEvent',
    'sweep',
  ] as const),
  ...(['usedBytes', 'deleteOldestWaveforms'] as const),
  ...(['incident', 'incidentsOfEvent', 'analysis', 'annotateIncident'] as const),
  ...(['waitingWaveforms', 'countWaitingWaveforms', 'idsAfter', 'highestId'] as const),
  ...(['seriesNames', 'pluginState', 'putAudit', 'audit', 'boxHealth'] as const),
  ...(['putOriginal', 'original', 'importedEventId'] as const),
  ...(['locations', 'putLocation', 'users', 'user', 'addUser', 'changeUser', 'removeUser'] as const),
  ...(['tokens', 'token', 'addToken', 'removeToken', 'removeTokens', 'removeExpiredTokens'] as const),
  ...(['putAlert', 'markAlert', 'alert', 'alerts', 'removeAlerts', 'rules', 'putRules'] as const),
] as const;

export function createSpoolStore(parts: Parts): SpoolStore {
  const { counts, disk, drain, ids, link, now, retries, windowMs } = parts;
  const deadline = (ms: number): number => parts.deadlineMs ?? ms;
  let bytesToDisk = 0;

  /** Not tried while the database does not take this group of writes. */
  const toDatabase = async (write: Write): Promise<Outcome<Stored>> => {
    const group = groupOf(write.kind);
    if (retries.isHeld(group)) return { unavailable: 'down' };
    const ms = deadline(POLICY[write.kind].deadlineMs);
    const outcome = await link.call((primary) => applyWithLocation(primary, write), ms, bytesOf(write));
    if ('result' in outcome) retries.succeeded(group);
    else if ('error' in outcome) retries.failed(group, outcome.error, link.up);
    return outcome;
  };

  /** @returns false when it was there already. @throws MakaiError STORE_UNAVAILABLE when the disk does not take it */
  const toDisk = async (row: NewRow): Promise<boolean> => {
    if (bytesToDisk > BYTES_TO_DISK) {
      throw new MakaiError('STORE_UNAVAILABLE', 'the spool cannot keep up', {
        hint: 'The disk of the spool is slower than what arrives.',
      });
    }
    bytesToDisk += row.body.length;
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
      bytesToDisk -= row.body.length;
    }
  };

  /** Computed again when what waits is delivered. */
  const laterTrends = async (windows: readonly TrendWindow[]): Promise<void> => {
    const { dropped, totals } = await disk.call('addWindows', [...windows]);
    counts.drop(dropped, totals);
    drain.wake();
  };

  const write = async (given: Write): Promise<Stored> => {
    const acceptedAtMs = given.acceptedAtMs ?? now();
    switch (given.kind) {
      case 'open_request':
        await disk.call('putOpenRequest', given.request);
        return STORED;
      case 'closed_request':
        await disk.call('removeOpenRequest', given.key);
        return STORED;
      case 'trends': {
        const outcome = await toDatabase({ ...given, acceptedAtMs });
        if ('refused' in outcome) throw outcome.refused;
        if ('result' in outcome) return outcome.result;
        await laterTrends(given.trends.map(({ box_id, timestamp_ms: endMs }) => windowOf(box_id, endMs)));
        return { inserted: given.trends.length, duplicates: 0 };
      }
      case 'trend_windows': {
        const outcome = await toDatabase({ ...given, acceptedAtMs });
        // What is stored now is not all: computed again when the rest is delivered.
        if (!('result' in outcome) || counts.measurementsWait) await laterTrends(given.windows);
        return 'result' in outcome ? outcome.result : { inserted: 0, duplicates: 0 };
      }
      default: {
        if (given.kind === 'measurements' && given.columns.count === 0) return { inserted: 0, duplicates: 0 };
        // A copy: the caller's arrays are its own again when we reply; a slow database may still be reading then. Checked: what could not be read from the disk is refused here, where the caller hears of it.
        const body = encodeWrite({ ...given, acceptedAtMs });
        const copy = decodeKeptWrite(body);
        const row = rowOf(copy, acceptedAtMs, body);
        const line = lineOf(row);
        // Behind what is spooled for the same event or of the same plugin's state, if anything is.
        if (line === undefined || !counts.waits(line)) {
          const outcome = await toDatabase(copy);
          if ('result' in outcome) return outcome.result;
        }
        const isTaken = await toDisk(row);
        // Measurements that did not fit are dropped and counted, not refused.
        if (copy.kind === 'measurements') return { inserted: copy.columns.count, duplicates: 0 };
        return isTaken ? STORED : { inserted: 0, duplicates: 1 };
      }
    }
  };
  const windowOf = (boxId: string, endMs: number): TrendWindow => ({
    boxId,
    startMs: endMs - windowMs,
    endMs,
  });

  /** The database itself or nothing. */
  const read = async <T>(work: (primary: Primary) => Promise<T>): Promise<T> => {
    const outcome = await link.call(work, DEADLINES.readMs);
    if ('refused' in outcome) throw outcome.refused;
    if ('result' in outcome) return outcome.result;
    throw unavailable();
  };
  const primary = (): Primary => {
    if (link.primary === undefined) throw unavailable();
    return link.primary;
  };

  /** A document as the database has it, or had it last, also before a restart. */
  const remembered = async <T>(name: string, work: (primary: Primary) => Promise<T>): Promise<T> => {
    const outcome = await link.call(work, DEADLINES.readMs);
    if ('refused' in outcome) throw outcome.refused;
    if ('result' in outcome) {
      const body = JSON.stringify(outcome.result ?? null);
      if (counts.changed(name, body)) await disk.call('remember', name, body);
      return outcome.result;
    }
    const body = await disk.call('recall', name);
    if (body === undefined) throw unavailable();
    return (JSON.parse(body) ?? undefined) as T;
  };
  const boxes: BoxReader['boxes'] = () => remembered('opq_boxes', (database) => database.boxes());

  const stats = (): SpoolStats => ({
    ...counts.stats(link.up, drain.running, ids.givenOffline),
    notTaken: retries.notTaken,
  });

  return {
    ...forwarded(FORWARDED, read),
    batchesAtOnce: BATCHES_AT_ONCE,
    apply: write,
    stats,
    state: () => ({ available: link.up, spool: stats() }),
    drained: async () => {
      do {
        await counts.whenEmpty();
        await drain.idle();
      } while (!counts.empty);
    },

    measurements: (boxId, range) => primary().measurements(boxId, range),
    trends: (boxId, range) => primary().trends(boxId, range),
    aggregates: (boxId, windowSeconds, range) => primary().aggregates(boxId, windowSeconds, range),
    series: (name, range) => primary().series(name, range),
    events: (range) => primary().events(range),
    incidents: (query) => primary().incidents(query),
    nextEventIds: (amount) => ids.next(amount, link, deadline(DEADLINES.eventIdsMs)),
    openRequests: () => disk.call('openRequests'),

    boxes,
    /** While the database is unavailable: as it was remembered; undefined also where nothing is, so that a waveform does not wait for a location. */
    box: async (boxId) => {
      const outcome = await link.call((database) => database.box(boxId), DEADLINES.readMs);
      if ('result' in outcome) return outcome.result;
      const known = await boxes().catch(() => []);
      return known.find((box) => box.box_id === boxId);
    },
    makaiConfig: () => remembered('makai_config', (database) => database.makaiConfig()),
    lahaConfig: () => remembered('laha_config', (database) => database.lahaConfig()),
    serverTimeMs: () => read(async (database) => database.serverTimeMs?.()),

    close: async () => {
      parts.stop();
      retries.stop();
      // The link first: a drain in the middle of a row ends with it; the row stays on disk.
      const stopping = drain.stop();
      await link.stop();
      await stopping;
      await disk.close();
    },
  };
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** Methods of the database as they are, each through `call`. */
function forwarded<K extends keyof Primary>(
  names: readonly K[],
  call: <T>(work: (primary: Primary) => Promise<T>) => Promise<T>,
): Pick<Primary, K> {
  const methods = names.map((name) => [
    name,
    (...args: unknown[]) => call((primary) => (primary[name] as Method)(...args)),
  ]);
  return Object.fromEntries(methods) as Pick<Primary, K>;
}

function unavailable(): MakaiError {
  return new MakaiError('STORE_UNAVAILABLE', 'the database is unavailable', {
    hint: 'What is written meanwhile waits in the spool; reading needs the database.',
  });
}
