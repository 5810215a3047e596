/** The service's metrics (common/metrics/names.ts), read from the parts when somebody asks. */

import { GATEWAY_BOX_ID } from '../common/box-id.js';
import { dropReasonsOf } from '../common/drop-reasons.js';
import type { Metrics } from '../common/metrics/metrics.js';
import { fromZero } from '../common/rejections.js';
import type { PluginStatus } from '../plugin-host/plugin-status.js';
import type { Core } from './core.js';
import type { PartitionedStream } from './ingest/partitioned-stream.js';
import type { RequestQueue } from './requests/request-queue.js';
import { silentBoxes } from './silent-boxes.js';
import { ACTIVE_MS, dropsOf } from './status.js';

const MICRO = 1e-6;

/** @param partitions where the stream comes from NATS */
export function addMetrics(
  metrics: Metrics,
  core: Core,
  queue: RequestQueue,
  partitions: Pick<PartitionedStream, 'status'> | undefined,
): void {
  const startedMs = Date.now();
  metrics.gauge('makai_boxes_active', () => core.intake.boxes.heardSince(Date.now() - ACTIVE_MS));
  metrics.gauge('makai_box_silent_seconds', () =>
    silentBoxes({
      ...{ heard: core.intake.boxes.totals(), certified: core.idsWithCertificate?.ids ?? [] },
      ...{ startedMs, nowMs: Date.now() },
      isOther: (id) => core.isUnplugged(id) || !core.owns(id) || id === GATEWAY_BOX_ID,
    }),
  );
  metrics.gauge('makai_nats_connected', () => partitions && Number(partitions.status().connected));
  metrics.gauge('makai_partitions_owned', () => partitions?.status().partitions.length);
  metrics.counter('makai_partition_moves_total', () => partitions?.status().moves);
  metrics.gauge('makai_partition_lag_batches', () => partitions?.status().waiting);
  metrics.gauge('makai_partitions_unread', () => partitions?.status().unread);
  const comparing = () => partitions?.status().comparing;
  metrics.gauge('makai_comparing_elected', () => comparing() && Number(comparing()?.elected));
  metrics.counter('makai_comparing_elections_total', () => comparing()?.moves);
  metrics.counter('makai_comparing_rounds_total', () => comparing()?.seconds);
  metrics.counter('makai_comparing_missing_partitions_total', () => comparing()?.missing);
  metrics.counter('makai_comparing_late_summaries_total', () => comparing()?.late);
  core.boxFindings.addMetrics(metrics);
  metrics.counter('makai_measurements_withheld_total', () => core.intake.health.withheldMeasurements);
  metrics.counter('makai_messages_total', () => ({ measurement: core.intake.totals.messages }));
  metrics.counter('makai_bytes_total', () => ({ measurement: core.intake.totals.bytes }));
  const reasons = dropReasonsOf('triggering-service');
  metrics.counter('makai_dropped_total', () => fromZero(reasons, dropsOf(core, queue)));
  metrics.gauge('makai_allowed_keys', () => core.idsWithCertificate?.status().known);
  metrics.gauge('makai_refused_ids', () => core.intake.refusedIds.size);
  metrics.gauge('makai_queue_depth', () => ({
    trends: core.trends.status().waiting,
    requests: queue.waiting,
  }));
  metrics.counter('makai_measurements_stored_total', () => core.writer.status().stored);
  metrics.counter('makai_measurements_duplicate_total', () => core.writer.status().duplicates);
  metrics.counter('makai_trends_stored_total', () => core.trends.status().written);
  metrics.counter('makai_event_requests_total', () => ({ ...core.requests.sent }));

  const perPlugin = (read: (plugin: PluginStatus) => number) => () =>
    Object.fromEntries(core.pluginStatus().map((plugin) => [plugin.id, read(plugin)]));
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
    core.pluginStatus().flatMap(({ id, batchP50Us, batchP99Us }) => [
      { labels: { plugin: id, quantile: '0.5' }, value: batchP50Us * MICRO },
      { labels: { plugin: id, quantile: '0.99' }, value: batchP99Us * MICRO },
    ]),
  );
}
