/** Metrics of the stream relay and of services that read what it writes: only where the settings have `nats`. */
import { AB, AS, GW, type MetricInfo, TB, TS } from './metric-info.js';

export const RELAY_METRICS = {
  makai_nats_connected: {
    type: 'gauge',
    help: 'Whether there is a connection to NATS (1 or 0); only where the settings have `nats`.',
    daemons: [TB, AB, TS, AS, GW],
  },
  makai_relay_messages_total: {
    type: 'counter',
    help: 'Messages of boxes that the stream relay received.',
    daemons: [TB],
  },
  makai_relay_acknowledged_total: {
    type: 'counter',
    help: 'Messages of boxes that JetStream has acknowledged.',
    daemons: [TB],
  },
  makai_relay_failures_total: {
    type: 'counter',
    help: 'Times that JetStream did not take a batch, or the stream was not there.',
    daemons: [TB],
  },
  makai_relay_dropped_total: {
    type: 'counter',
    help: 'Messages of boxes that did not get into the stream, by reason: `spool_full`, `disk_unavailable`, `refused`, `too_long`.',
    labels: ['reason'],
    daemons: [TB],
  },
  makai_relay_spool_messages: {
    type: 'gauge',
    help: 'Messages of boxes that wait on disk for JetStream.',
    daemons: [TB],
  },
  makai_relay_spool_bytes: {
    type: 'gauge',
    help: 'Size of what waits on disk for JetStream.',
    unit: 'bytes',
    daemons: [TB],
  },
  makai_partitions_owned: {
    type: 'gauge',
    help: 'Partitions of the measurement stream that this service reads; of all services together 64.',
    daemons: [TS],
  },
  makai_partition_moves_total: {
    type: 'counter',
    help: 'Partitions that this service took.',
    daemons: [TS],
  },
  makai_partition_lag_batches: {
    type: 'gauge',
    help: 'Batches of its partitions that this service has not received yet.',
    daemons: [TS],
  },
  makai_partitions_unread: {
    type: 'gauge',
    help: 'Partitions of this service that cannot be read at the moment: what waits in them is not counted.',
    daemons: [TS],
  },
  makai_analysis_partitions_owned: {
    type: 'gauge',
    help: 'Partitions of the boxes whose waveforms this service analyses; of all services together 64.',
    daemons: [AS],
  },
  makai_analysis_partition_moves_total: {
    type: 'counter',
    help: 'Partitions of boxes that this service took.',
    daemons: [AS],
  },
  makai_analysis_elected: {
    type: 'gauge',
    help: '1: this service looks after groups of incidents and outages; of all services together 1.',
    daemons: [AS],
  },
  makai_analysis_elections_total: {
    type: 'counter',
    help: 'How often this service was elected to look after groups and outages.',
    daemons: [AS],
  },
  makai_gateway_active: {
    type: 'gauge',
    help: '1: this gateway is the active one; of all gateways together 1.',
    daemons: [GW],
  },
  makai_gateway_elections_total: {
    type: 'counter',
    help: 'How often this gateway became the active one.',
    daemons: [GW],
  },
  makai_comparing_elected: {
    type: 'gauge',
    help: '1: this service runs the plugins that compare boxes; of all services together 1.',
    daemons: [TS],
  },
  makai_comparing_elections_total: {
    type: 'counter',
    help: 'How often this service was elected to run the plugins that compare boxes.',
    daemons: [TS],
  },
  makai_comparing_rounds_total: {
    type: 'counter',
    help: 'Rounds of the plugins that compare boxes, one for each second of all boxes, since this service was elected last.',
    daemons: [TS],
  },
  makai_comparing_missing_partitions_total: {
    type: 'counter',
    help: 'Partitions of which a second had no summary, of all seconds since it was elected last.',
    daemons: [TS],
  },
  makai_comparing_late_summaries_total: {
    type: 'counter',
    help: 'Summaries of partitions that came when their second was over, since it was elected last.',
    daemons: [TS],
  },
} as const satisfies Record<string, MetricInfo>;
