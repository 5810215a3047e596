/** The service's metrics (common/metrics/names.ts), read from the parts when somebody asks. */

import { dropReasonsOf } from '../common/drop-reasons.js';
import type { Metrics } from '../common/metrics/metrics.js';
import { fromZero } from '../common/rejections.js';
import type { PluginStatus } from '../plugin-host/plugin-supervisor.js';
import type { Core } from './core.js';
import type { RequestQueue } from './requests/request-queue.js';
import { ACTIVE_MS, dropsOf } from './status.js';

const MICRO = 1e-6;

export function addMetrics(metrics: Metrics, core: Core, queue: RequestQueue): void {
  metrics.gauge('makai_boxes_active', () => core.stream.heardSince(Date.now() - ACTIVE_MS));
  metrics.counter('makai_messages_total', () => ({ measurement: core.stream.totals.messages }));
  metrics.counter('makai_bytes_total', () => ({ measurement: core.stream.totals.bytes }));
  const reasons = dropReasonsOf('triggering-service');
  metrics.counter('makai_dropped_total', () => fromZero(reasons, dropsOf(core, queue)));
  metrics.gauge('makai_allowed_keys', () => core.idsWithCertificate?.status().known);
  metrics.gauge('makai_refused_ids', () => core.stream.refused().known);
  metrics.gauge('makai_queue_depth', () => ({
    measurements: core.writer.status().waiting,
    trends: core.trends.status().waiting,
    requests: queue.waiting,
  }));
  metrics.counter('makai_measurements_stored_total', () => core.writer.status().stored);
  metrics.counter('makai_measurements_duplicate_total', () => core.writer.status().duplicates);
  metrics.counter('makai_trends_stored_total', () => core.trends.status().written);
  metrics.counter('makai_event_requests_total', () => ({ ...core.requests.sent }));

  const perPlugin = (read: (plugin: PluginStatus) => number) => () =>
    Object.fromEntries(core.plugins.status().map((plugin) => [plugin.id, read(plugin)]));
  metrics.gauge(
    'makai_plugin_up',
    perPlugin((p) => (p.state === 'running' ? 1 : 0)),
  );
  metrics.counter(
    'makai_plugin_measurements_total',
    perPlugin((p) => p.measurements),
  );
  metrics.counter(
    'makai_plugin_requests_total',
    perPlugin((p) => p.requests),
  );
  metrics.counter(
    'makai_plugin_dropped_batches_total',
    perPlugin((p) => p.droppedBatches),
  );
  metrics.counter(
    'makai_plugin_restarts_total',
    perPlugin((p) => p.restarts),
  );
  metrics.gauge('makai_plugin_batch_seconds', () =>
    core.plugins.status().flatMap(({ id, batchP50Us, batchP99Us }) => [
      { labels: { plugin: id, quantile: '0.5' }, value: batchP50Us * MICRO },
      { labels: { plugin: id, quantile: '0.99' }, value: batchP99Us * MICRO },
    ]),
  );
}
