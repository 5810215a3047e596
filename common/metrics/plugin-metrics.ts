/** Metrics of each plugin. */
import { type MetricInfo, TS } from './metric-info.js';

export const PLUGIN_METRICS = {
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
    help: 'Batches dropped because the plugin was too slow.',
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
    help: 'Time that the plugin takes for a batch, by quantile.',
    unit: 'seconds',
    labels: ['plugin', 'quantile'],
    daemons: [TS],
  },
} as const satisfies Record<string, MetricInfo>;
