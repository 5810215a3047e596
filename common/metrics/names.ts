/** Every metric of the daemons: its kind, unit, labels and who has it. docs/metrics.md is generated from here. */

export type DaemonName = 'triggering-broker' | 'acquisition-broker' | 'triggering-service';

export interface MetricInfo {
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  /** in the name too, as OpenMetrics asks; none for plain counts */
  unit?: 'seconds' | 'bytes' | 'ratio';
  labels?: readonly string[];
  /** upper bounds of a histogram's buckets */
  buckets?: readonly number[];
  daemons: readonly DaemonName[];
}

const TB = 'triggering-broker';
const AB = 'acquisition-broker';
const TS = 'triggering-service';
const ALL = [TB, AB, TS] as const;
const WRITERS = [AB, TS] as const;

const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export const METRICS = {
  makai_info: { type: 'gauge', help: 'Always 1; the version is a label.', labels: ['version'], daemons: ALL },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'When the process started, Unix time.',
    unit: 'seconds',
    daemons: ALL,
  },
  process_cpu_seconds_total: {
    type: 'counter',
    help: 'CPU time of the process, user and system.',
    unit: 'seconds',
    daemons: ALL,
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    help: 'Memory of the process that is in RAM.',
    unit: 'bytes',
    daemons: ALL,
  },
  makai_event_loop_delay_seconds: {
    type: 'gauge',
    help: 'Delay of the event loop of the main thread, since the last scrape.',
    unit: 'seconds',
    labels: ['quantile'],
    daemons: ALL,
  },
  makai_status_connections_refused_total: {
    type: 'counter',
    help: 'Connections to the status server that were closed because too many were open.',
    daemons: ALL,
  },

  makai_boxes_connected: {
    type: 'gauge',
    help: 'Connections of boxes that are open and have passed the handshake.',
    daemons: [TB, AB],
  },
  makai_connections_accepted_total: { type: 'counter', help: 'Handshakes that passed.', daemons: [TB, AB] },
  makai_connections_refused_total: {
    type: 'counter',
    help: 'Handshakes that were refused, by reason.',
    labels: ['reason'],
    daemons: [TB, AB],
  },
  makai_allowed_keys: {
    type: 'gauge',
    help: 'Keys in the allow-list; of the triggering service only where it has one.',
    daemons: ALL,
  },
  makai_pending_keys: {
    type: 'gauge',
    help: 'Unknown keys that were refused and wait for approval.',
    daemons: [TB, AB],
  },
  makai_disconnects_total: {
    type: 'counter',
    help: 'Times that the sockets of the boxes were reopened to disconnect a revoked key.',
    daemons: [TB],
  },
  makai_proxy_failures_total: {
    type: 'counter',
    help: "Times that the stream's proxy stopped by itself and was restarted.",
    daemons: [TB],
  },

  makai_refused_ids: {
    type: 'gauge',
    help: 'Box ids of measurements without a certificate for the id, or under the topic of another id; the newest 1000.',
    daemons: [TS],
  },
  makai_boxes_active: {
    type: 'gauge',
    help: 'Boxes whose measurements came in the last 20 s.',
    daemons: [TS],
  },
  makai_messages_total: {
    type: 'counter',
    help: 'Messages received, by kind.',
    labels: ['kind'],
    daemons: WRITERS,
  },
  makai_bytes_total: {
    type: 'counter',
    help: 'Bytes of the messages received, by kind.',
    unit: 'bytes',
    labels: ['kind'],
    daemons: WRITERS,
  },
  makai_dropped_total: {
    type: 'counter',
    help: 'What was not accepted or not kept, by reason.',
    labels: ['reason'],
    daemons: WRITERS,
  },
  makai_queue_depth: {
    type: 'gauge',
    help: 'What waits, by queue: measurements, trends and requests, or replies.',
    labels: ['queue'],
    daemons: WRITERS,
  },

  makai_measurements_stored_total: {
    type: 'counter',
    help: 'Measurements written to the store or the spool.',
    daemons: [TS],
  },
  makai_measurements_duplicate_total: {
    type: 'counter',
    help: 'Measurements that were stored already, with the same box and time.',
    daemons: [TS],
  },
  makai_trends_stored_total: {
    type: 'counter',
    help: 'Trends written, also those written again after a late measurement.',
    daemons: [TS],
  },
  makai_event_requests_total: {
    type: 'counter',
    help: 'Requests of plugins that were accepted, with waveforms (`data`) or without (`log`).',
    labels: ['kind'],
    daemons: [TS],
  },

  makai_events_total: { type: 'counter', help: 'Events numbered and stored.', daemons: [AB] },
  makai_event_ids_total: {
    type: 'counter',
    help: 'Event ids given to other services.',
    daemons: [AB],
  },
  makai_waveforms_stored_total: { type: 'counter', help: 'Waveforms of one box stored.', daemons: [AB] },
  makai_waveform_samples_total: { type: 'counter', help: 'Samples in the waveforms stored.', daemons: [AB] },
  makai_commands_total: {
    type: 'counter',
    help: 'Commands sent to boxes, by kind, including repeated ones.',
    labels: ['kind'],
    daemons: [AB],
  },
  makai_commands_expired_total: {
    type: 'counter',
    help: 'Commands given up without a reply.',
    daemons: [AB],
  },
  makai_open_requests: { type: 'gauge', help: 'Commands that wait for a reply.', daemons: [AB] },
  makai_event_latency_seconds: {
    type: 'histogram',
    help: 'From the arrival of a request to the waveform of one box being stored.',
    unit: 'seconds',
    buckets: LATENCIES,
    daemons: [AB],
  },

  makai_store_up: { type: 'gauge', help: '1 while the store accepts writes, else 0.', daemons: WRITERS },
  makai_store_write_seconds: {
    type: 'histogram',
    help: 'Time of a write to the store, by what was written.',
    unit: 'seconds',
    labels: ['kind'],
    buckets: LATENCIES,
    daemons: WRITERS,
  },
  makai_store_errors_total: {
    type: 'counter',
    help: 'Writes that the store did not accept; each attempt counts.',
    daemons: WRITERS,
  },
  makai_outbox_waiting: {
    type: 'gauge',
    help: 'Writes that wait in memory for the store, by lane: measurements, trends, other writes.',
    labels: ['lane'],
    daemons: WRITERS,
  },
  makai_spool_bytes: { type: 'gauge', help: 'Size of the spool on disk.', unit: 'bytes', daemons: WRITERS },
  makai_spool_rows: {
    type: 'gauge',
    help: 'Writes that wait in the spool, by kind.',
    labels: ['kind'],
    daemons: WRITERS,
  },
  makai_spool_dropped_total: {
    type: 'counter',
    help: 'Writes dropped because the spool was full or they were too old, by kind; trend_windows: windows that are not computed again.',
    labels: ['kind'],
    daemons: WRITERS,
  },

  makai_spool_quarantined_rows: {
    type: 'gauge',
    help: 'Writes that were accepted here and that the database refused: kept in the spool, not tried again.',
    daemons: WRITERS,
  },

  makai_plugin_up: {
    type: 'gauge',
    help: '1 while the plugin runs, else 0.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_measurements_total: {
    type: 'counter',
    help: 'Measurements that the plugin processed.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_requests_total: {
    type: 'counter',
    help: 'Event requests of the plugin.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_dropped_batches_total: {
    type: 'counter',
    help: 'Batches that the plugin was too slow for.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_restarts_total: {
    type: 'counter',
    help: 'Times the plugin was restarted.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_batch_seconds: {
    type: 'gauge',
    help: 'Time of the plugin for a batch, by quantile.',
    unit: 'seconds',
    labels: ['plugin', 'quantile'],
    daemons: [TS],
  },
} as const satisfies Record<string, MetricInfo>;

export type MetricName = keyof typeof METRICS;
type OfType<T extends MetricInfo['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];
export type GaugeName = OfType<'gauge'>;
export type CounterName = OfType<'counter'>;
export type HistogramName = OfType<'histogram'>;

/** What there is to know of one metric. */
export function metricInfo(name: MetricName): MetricInfo {
  return METRICS[name];
}

/** Names of the metrics that one daemon has. */
export function metricsOf(daemon: DaemonName): MetricName[] {
  return (Object.keys(METRICS) as MetricName[]).filter((name) => metricInfo(name).daemons.includes(daemon));
}
