/** Every metric of the daemons: its kind, unit, labels and who has it. docs/metrics.md is generated from here. */

import { CLUSTER_METRICS } from './cluster-metrics.js';
import { KAFKA_METRICS } from './kafka-metrics.js';
import {
  AB,
  AS,
  type DaemonName,
  GW,
  LATENCIES,
  type MetricInfo,
  TB,
  TS,
  WRITERS,
  WS,
} from './metric-info.js';
import { MQTT_METRICS } from './mqtt-metrics.js';
import { PLUGIN_METRICS } from './plugin-metrics.js';
import { RELAY_METRICS } from './relay-metrics.js';
import { STORE_METRICS } from './store-metrics.js';

export type { DaemonName, MetricInfo } from './metric-info.js';

const ALL = [TB, AB, TS, AS, WS, GW] as const;

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
  makai_wrong_server_key_addresses: {
    type: 'gauge',
    help: 'Addresses from which connections with another server key came in the last 15 minutes, as far as they are known; at most 100.',
    daemons: [TB, AB],
  },
  makai_disconnects_total: {
    type: 'counter',
    help: 'Times that the sockets of the boxes were reopened to disconnect a revoked key, or because a key of the server changed.',
    daemons: [TB],
  },
  makai_proxy_failures_total: {
    type: 'counter',
    help: "Times that the stream's proxy stopped by itself and was restarted.",
    daemons: [TB],
  },
  ...RELAY_METRICS,
  ...CLUSTER_METRICS,
  ...KAFKA_METRICS,

  makai_refused_ids: {
    type: 'gauge',
    help: 'Box ids whose measurements were refused: no certificate names the id, or the topic was another id. The newest 1000.',
    daemons: [TS],
  },
  makai_boxes_active: {
    type: 'gauge',
    help: 'Boxes that sent a measurement in the last 20 s.',
    daemons: [TS],
  },
  makai_box_silent_seconds: {
    type: 'gauge',
    help: 'Boxes that should send and have not for five minutes: heard before, or named by a certificate and not heard since the start; at most 1000. Those that are not in use by their record are left out.',
    unit: 'seconds',
    labels: ['box'],
    daemons: [TS],
  },
  makai_boxes_with_finding: {
    type: 'gauge',
    help: 'Boxes with a finding (docs/box-health.md), by finding.',
    labels: ['finding'],
    daemons: WRITERS,
  },
  makai_box_finding: {
    type: 'gauge',
    help: '1 for each finding that a box has now; at most 1000 series, of the boxes with the most serious findings.',
    labels: ['box', 'finding'],
    daemons: WRITERS,
  },
  makai_measurements_withheld_total: {
    type: 'counter',
    help: 'Measurements that are stored, but that plugins did not see, because their box id is in use twice.',
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
    help: 'Messages, requests and replies that were not accepted or not kept, by reason.',
    labels: ['reason'],
    daemons: WRITERS,
  },
  makai_queue_depth: {
    type: 'gauge',
    help: 'Items that wait in memory, by queue: trend windows and requests (triggering service); requests, tokens and replies (acquisition broker). What waits for the store is in makai_outbox_waiting.',
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
  makai_waveforms_analysed_total: {
    type: 'counter',
    help: 'Waveforms of one box analysed.',
    daemons: [AS],
  },
  makai_waveforms_remarked_total: {
    type: 'counter',
    help: 'Analysed waveforms with a remark: a part of the analysis was not possible.',
    daemons: [AS],
  },
  makai_waveforms_waiting: {
    type: 'gauge',
    help: 'Waveforms that wait to be analysed, up to 100,000; 0 without a backlog.',
    daemons: [AS],
  },
  makai_incidents_total: {
    type: 'counter',
    help: 'Incidents found in waveforms and stored.',
    daemons: [AS],
  },
  makai_triggering_brokers_missing: {
    type: 'gauge',
    help: 'Triggering brokers that the settings name and that are not connected: their boxes are not heard. Left out where no live measurements are wanted.',
    daemons: [AS, WS, GW],
  },
  makai_outages: {
    type: 'gauge',
    help: 'Boxes that are in an outage now.',
    daemons: [AS],
  },
  makai_incident_notices_total: {
    type: 'counter',
    help: 'Notices of incidents published.',
    daemons: [AS],
  },
  makai_http_requests_total: {
    type: 'counter',
    help: 'Requests to the page and the HTTP API that were replied to.',
    daemons: [WS],
  },
  makai_live_viewers: { type: 'gauge', help: 'Open connections for live events.', daemons: [WS] },
  makai_live_viewers_dropped_total: {
    type: 'counter',
    help: 'Connections for live events that were closed because they read too slowly.',
    daemons: [WS],
  },
  makai_live_events_total: { type: 'counter', help: 'Events sent to viewers, each once.', daemons: [WS] },
  makai_logins_throttled_total: {
    type: 'counter',
    help: 'Logins that were refused because there were too many tries.',
    daemons: [WS],
  },
  ...MQTT_METRICS,
  makai_aggregates_total: {
    type: 'counter',
    help: 'Ten-minute and two-hour values stored.',
    daemons: [AS],
  },
  makai_commands_expired_total: {
    type: 'counter',
    help: 'Commands given up without a reply.',
    daemons: [AB],
  },
  makai_open_requests: { type: 'gauge', help: 'Commands that wait for a reply.', daemons: [AB] },
  makai_event_latency_seconds: {
    type: 'histogram',
    help: 'Time from the arrival of a request until the waveform of one box is stored.',
    unit: 'seconds',
    buckets: LATENCIES,
    daemons: [AB],
  },
  ...STORE_METRICS,
  ...PLUGIN_METRICS,
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
