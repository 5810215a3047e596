/** Metrics of an acquisition broker that is one of several: only where the settings have `nats`. */
import { AB, type MetricInfo } from './metric-info.js';

export const CLUSTER_METRICS = {
  makai_cluster_brokers: {
    type: 'gauge',
    help: 'Other acquisition brokers that this one hears.',
    daemons: [AB],
  },
  makai_cluster_boxes_elsewhere: {
    type: 'gauge',
    help: 'Boxes that are connected to other acquisition brokers.',
    daemons: [AB],
  },
  makai_cluster_commands_total: {
    type: 'counter',
    help: 'Commands for boxes of another broker: `sent` to one, or `received` from one.',
    labels: ['direction'],
    daemons: [AB],
  },
  makai_cluster_replies_total: {
    type: 'counter',
    help: 'Replies of boxes that came at another broker than their request: `forwarded` to it, or `received` by it.',
    labels: ['direction'],
    daemons: [AB],
  },
  makai_cluster_requests_taken_up_total: {
    type: 'counter',
    help: 'Open requests of brokers that are gone, which this one took up.',
    daemons: [AB],
  },
  makai_cluster_requests_not_copied_total: {
    type: 'counter',
    help: 'Open requests of which NATS took no copy: nobody takes them up.',
    daemons: [AB],
  },
  makai_cluster_boxes_nowhere_total: {
    type: 'counter',
    help: 'Boxes that were connected to no broker when they were asked first.',
    daemons: [AB],
  },
} as const satisfies Record<string, MetricInfo>;
