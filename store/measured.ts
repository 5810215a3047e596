/** A store that tells how long its writes take and whether it takes them: what a daemon's metrics need of any store. */

import type { Metrics } from '../common/metrics/metrics.js';
import { fromZero } from '../common/rejections.js';
import { spoolOf } from './spool/index.js';
import { DROPPED_KINDS } from './spool/totals.js';
import type { Store } from './store.js';

/** Methods that write, by the kind that `makai_store_write_seconds` has. */
const KINDS = {
  insertMeasurements: 'measurements',
  putTrends: 'trends',
  nextEventIds: 'event_number',
  insertEvent: 'event',
  addTriggeredBoxes: 'event',
  putBoxEvent: 'waveform',
  putOpenRequest: 'open_request',
  removeOpenRequest: 'open_request',
  insertMetrics: 'metrics',
  insertHealth: 'health',
} as const satisfies Partial<Record<keyof Store, string>>;

export type WriteKind = (typeof KINDS)[keyof typeof KINDS];

export interface StoreWatch {
  /** the same store */
  store: Store;
  /** writes that the store did not take */
  failures: number;
  /** false from a write that failed to the next one that did not */
  isUp: boolean;
}

type Method = (...args: unknown[]) => unknown;

/**
 * Watches the writes of a store.
 * @param written called after each write that was taken, with its time in seconds
 */
export function watchStore(store: Store, written: (seconds: number, kind: WriteKind) => void): StoreWatch {
  const watch: StoreWatch = { store, failures: 0, isUp: true };
  const timed =
    (method: Method, kind: WriteKind): Method =>
    async (...args) => {
      const start = performance.now();
      try {
        const result = await method.apply(store, args);
        watch.isUp = true;
        written((performance.now() - start) / 1000, kind);
        return result;
      } catch (error) {
        watch.isUp = false;
        watch.failures += 1;
        throw error;
      }
    };
  const writes = new Map<PropertyKey, Method>();
  for (const [name, kind] of Object.entries(KINDS) as [keyof typeof KINDS, WriteKind][]) {
    writes.set(name, timed(store[name] as Method, kind));
  }
  watch.store = new Proxy(store, {
    get(target, name) {
      const value: unknown = writes.get(name) ?? Reflect.get(target, name, target);
      return typeof value === 'function' && !writes.has(name) ? value.bind(target) : value;
    },
  });
  return watch;
}

/** Sets the metrics of a store up. @returns the store to write to, so that it is measured */
export function measuredStore(store: Store, metrics: Metrics): Store {
  const watch = watchStore(store, metrics.histogram('makai_store_write_seconds'));
  // Behind a spool every write is taken: whether the database takes them is for the spool to say.
  const spool = spoolOf(store);
  const isTaken = (): boolean => {
    const stats = spool?.stats();
    return stats === undefined || (stats.state !== 'away' && stats.notTaken.length === 0);
  };
  metrics.gauge('makai_store_up', () => (isTaken() && watch.isUp ? 1 : 0));
  metrics.gauge('makai_spool_bytes', () => spool?.stats().bytes ?? 0);
  metrics.gauge('makai_spool_rows', () => spool?.stats().waiting ?? {});
  metrics.counter('makai_spool_dropped_total', () =>
    spool === undefined ? {} : fromZero(DROPPED_KINDS, spool.stats().dropped),
  );
  metrics.gauge('makai_spool_set_aside_rows', () => spool?.stats().setAside ?? 0);
  metrics.counter('makai_store_errors_total', () => watch.failures);
  return watch.store;
}

/** What a daemon's status says of the spool in front of its store; nothing where there is none. */
export function spoolStatus(store: Store): { spool?: Record<string, unknown> } {
  const stats = spoolOf(store)?.stats();
  if (stats === undefined) return {};
  const { notTaken, numbersGivenOffline, oldestMs, setAside, trendWindows, ...rest } = stats;
  return {
    spool: {
      ...rest,
      trend_windows: trendWindows,
      set_aside: setAside,
      not_taken: notTaken,
      ...(oldestMs === undefined ? {} : { oldest: new Date(oldestMs).toISOString() }),
      event_numbers_given_offline: numbersGivenOffline,
    },
  };
}
