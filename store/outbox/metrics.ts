/** What a daemon's metrics and status say of its store, its outbox and, where there is one, its spool. */
import type { Metrics } from '../../common/metrics/metrics.js';
import { fromZero } from '../../common/rejections.js';
import type { Maintenance } from '../store.js';
import type { Outbox } from './outbox.js';
import { LOSABLE_KINDS } from './policy.js';

export function addStoreMetrics(metrics: Metrics, store: Pick<Maintenance, 'state'>, outbox: Outbox): void {
  const { health } = outbox;
  health.onTimed = metrics.histogram('makai_store_write_seconds');
  // Behind a spool every write is taken: whether the database takes them is for the spool to say.
  const isUp = (): boolean => {
    const { available, spool } = store.state();
    return available && health.isTaking && (spool?.notTaken.length ?? 0) === 0;
  };
  metrics.gauge('makai_store_up', () => (isUp() ? 1 : 0));
  metrics.counter('makai_store_errors_total', () => health.failures);
  metrics.gauge('makai_outbox_waiting', () => outbox.waiting());
  if (store.state().spool !== undefined) addSpoolMetrics(metrics, store);
}

/** SQLite has no spool, and none of these metrics. */
function addSpoolMetrics(metrics: Metrics, store: Pick<Maintenance, 'state'>): void {
  metrics.gauge('makai_spool_bytes', () => store.state().spool?.bytes);
  metrics.gauge('makai_spool_rows', () => store.state().spool?.waiting);
  metrics.gauge('makai_spool_quarantined_rows', () => store.state().spool?.quarantined);
  metrics.counter('makai_spool_dropped_total', () => {
    const { spool } = store.state();
    return spool === undefined ? undefined : fromZero(LOSABLE_KINDS, spool.dropped);
  });
}

/** What a daemon's status says of the spool in front of its store; nothing where there is none. */
export function spoolStatus(store: Pick<Maintenance, 'state'>): { spool?: Record<string, unknown> } {
  const { spool } = store.state();
  if (spool === undefined) return {};
  const { notTaken, idsGivenOffline, oldestMs, trendWindows, ...rest } = spool;
  return {
    spool: {
      ...rest,
      trend_windows: trendWindows,
      not_taken: notTaken,
      ...(oldestMs === undefined ? {} : { oldest: new Date(oldestMs).toISOString() }),
      event_ids_given_offline: idsGivenOffline,
    },
  };
}
