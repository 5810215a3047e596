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
    help: 'How late the main thread came to what was due, since the last scrape.',
    unit: 'seconds',
    labels: ['quantile'],
    daemons: ALL,
  },
  makai_status_connections_refused_total: {
    type: 'counter',
    help: 'Connections to the status server that were closed at once because it had no place left.',
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
    help: 'Unknown keys that were refused and wait to be accepted.',
    daemons: [TB, AB],
  },
  makai_cut_offs_total: {
    type: 'counter',
    help: "Times that boxes' sockets were opened anew to cut off a revoked key.",
    daemons: [TB],
  },
  makai_proxy_failures_total: {
    type: 'counter',
    help: "Times that the stream's proxy ended by itself and was started again.",
    daemons: [TB],
  },

  makai_refused_ids: {
    type: 'gauge',
    help: 'Ids that measurements came under without a certificate for them, or under the topic of another; the newest 1000.',
    daemons: [TS],
  },
  makai_boxes_active: { type: 'gauge', help: 'Boxes heard in the last 20 s.', daemons: [TS] },
  makai_messages_total: {
    type: 'counter',
    help: 'Messages taken, by kind.',
    labels: ['kind'],
    daemons: WRITERS,
  },
  makai_bytes_total: {
    type: 'counter',
    help: 'Bytes of the messages taken, by kind.',
    unit: 'bytes',
    labels: ['kind'],
    daemons: WRITERS,
  },
  makai_dropped_total: {
    type: 'counter',
    help: 'What was not taken or not kept, by reason.',
    labels: ['reason'],
    daemons: WRITERS,
  },
  makai_queue_depth: { type: 'gauge', help: 'What waits, by queue.', labels: ['queue'], daemons: WRITERS },

  makai_measurements_stored_total: {
    type: 'counter',
    help: 'Measurements written to the store or the spool.',
    daemons: [TS],
  },
  makai_measurements_duplicate_total: {
    type: 'counter',
    help: 'Measurements that were there already, by box and time.',
    daemons: [TS],
  },
  makai_trends_stored_total: {
    type: 'counter',
    help: 'Trends written, also anew after a late measurement.',
    daemons: [TS],
  },
  makai_event_requests_total: {
    type: 'counter',
    help: 'Requests of plugins that went out, by whether waveforms were asked for (`data`) or not (`log`).',
    labels: ['kind'],
    daemons: [TS],
  },

  makai_events_total: { type: 'counter', help: 'Events numbered and stored.', daemons: [AB] },
  makai_event_numbers_total: {
    type: 'counter',
    help: 'Event numbers given to other services.',
    daemons: [AB],
  },
  makai_waveforms_stored_total: { type: 'counter', help: 'Waveforms of one box stored.', daemons: [AB] },
  makai_waveform_samples_total: { type: 'counter', help: 'Samples in the waveforms stored.', daemons: [AB] },
  makai_commands_total: {
    type: 'counter',
    help: 'Commands sent to boxes, by kind, also those sent again.',
    labels: ['kind'],
    daemons: [AB],
  },
  makai_commands_expired_total: {
    type: 'counter',
    help: 'Commands given up without an answer.',
    daemons: [AB],
  },
  makai_open_requests: { type: 'gauge', help: 'Commands that wait for an answer.', daemons: [AB] },
  makai_event_latency_seconds: {
    type: 'histogram',
    help: 'From the arrival of a request to the waveform of one box being stored.',
    unit: 'seconds',
    buckets: LATENCIES,
    daemons: [AB],
  },

  makai_store_up: { type: 'gauge', help: '1 while the store takes writes, else 0.', daemons: WRITERS },
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
    help: 'Writes that the store did not take.',
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
    help: 'Writes dropped because the spool was full or they were too old, by kind; trends: minutes that are not computed anew.',
    labels: ['kind'],
    daemons: WRITERS,
  },

  makai_spool_set_aside_rows: {
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
    help: 'Measurements given to the plugin.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_requests_total: {
    type: 'counter',
    help: 'Event requests the plugin made.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_dropped_batches_total: {
    type: 'counter',
    help: 'Batches the plugin was too slow for.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_restarts_total: {
    type: 'counter',
    help: 'Times the plugin was started again.',
    labels: ['plugin'],
    daemons: [TS],
  },
  makai_plugin_batch_seconds: {
    type: 'gauge',
    help: 'Time the plugin takes for a batch, by quantile.',
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
