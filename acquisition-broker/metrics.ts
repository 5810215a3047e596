/** The broker's metrics (common/metrics/names.ts), read from the pieces when somebody asks. */

import { dropReasonsOf } from '../common/drop-reasons.js';
import type { Metrics } from '../common/metrics/metrics.js';
import { fromZero } from '../common/rejections.js';
import type { Access } from '../keys/access.js';
import { refusalsByReason } from '../keys/gate.js';
import type { Connections } from '../zmq/connections.js';
import type { Core } from './core.js';

export function addMetrics(
  metrics: Metrics,
  core: Core,
  boxes: Access,
  sockets: readonly Connections[],
): void {
  const { intake, notices, open, queue, replies, requests, sender, tokens, traffic } = core;
  // Each box has one connection to `box_pub`, and says there what it is.
  metrics.gauge('makai_boxes_connected', () => core.boxes.connections);
  metrics.counter('makai_connections_accepted_total', () =>
    sockets.reduce((sum, { accepted }) => sum + accepted, 0),
  );
  metrics.counter('makai_connections_refused_total', () => refusalsByReason(sockets, boxes.gate));
  metrics.gauge('makai_allowed_keys', () => boxes.allow.status().known);
  metrics.gauge('makai_pending_keys', () => boxes.gate.status().refused_keys);

  core.boxFindings.addMetrics(metrics);
  metrics.counter('makai_messages_total', () => ({
    request: requests.counts.taken,
    ...replies.counts.byName,
  }));
  metrics.counter('makai_bytes_total', () => ({ to_boxes: traffic.sent, from_boxes: traffic.recv }));
  metrics.counter('makai_dropped_total', () =>
    fromZero(dropReasonsOf('acquisition-broker'), core.rejections.totals()),
  );
  metrics.gauge('makai_queue_depth', () => ({
    requests: intake.waiting,
    tokens: tokens.alive,
    replies: queue.length,
  }));

  metrics.counter('makai_events_total', () => notices.sent.evnew);
  metrics.counter('makai_event_ids_total', () => core.ids.counts.served);
  metrics.counter('makai_waveforms_stored_total', () => queue.counts.stored);
  metrics.counter('makai_waveform_samples_total', () => queue.counts.samples);
  metrics.counter('makai_commands_total', () => sender.sent);
  metrics.counter('makai_commands_expired_total', () => open.counts.expired);
  metrics.gauge('makai_open_requests', () => open.waitingBoxes);
  addClusterMetrics(metrics, core);
  queue.onStored(metrics.histogram('makai_event_latency_seconds'));
}

/** No series where the settings have no `nats`. */
function addClusterMetrics(metrics: Metrics, { cluster }: Core): void {
  metrics.gauge('makai_nats_connected', () => cluster && Number(cluster.status().connected));
  metrics.gauge('makai_cluster_brokers', () => cluster?.status().brokers.length);
  metrics.gauge('makai_cluster_boxes_elsewhere', () => cluster?.elsewhere.count);
  metrics.counter('makai_cluster_commands_total', () => cluster && { ...cluster.status().commands });
  metrics.counter('makai_cluster_replies_total', () => {
    if (cluster === undefined) return undefined;
    const { forwarded, received } = cluster.status().replies;
    return { forwarded, received };
  });
  metrics.counter('makai_cluster_requests_taken_up_total', () => cluster?.status().requests.taken_up);
  metrics.counter('makai_cluster_requests_not_copied_total', () => cluster?.status().requests.not_copied);
  metrics.counter('makai_cluster_boxes_nowhere_total', () => cluster?.status().nowhere);
}
