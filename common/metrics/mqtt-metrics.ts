/** Metrics of what the gateway sends and receives over MQTT. */
import { GW, type MetricInfo } from './metric-info.js';

export const MQTT_METRICS = {
  makai_mqtt_connected: {
    type: 'gauge',
    help: '1 while there is a connection to the MQTT broker.',
    daemons: [GW],
  },
  makai_mqtt_published_total: {
    type: 'counter',
    help: 'Messages that the MQTT broker confirmed: from the outbox (`kept`), states (`retained`), `trends`, live `measurements`.',
    labels: ['kind'],
    daemons: [GW],
  },
  makai_mqtt_outbox_messages: {
    type: 'gauge',
    help: 'Messages that wait on disk for the MQTT broker.',
    daemons: [GW],
  },
  makai_mqtt_outbox_bytes: {
    type: 'gauge',
    help: 'Size of the messages that wait on disk for the MQTT broker.',
    unit: 'bytes',
    daemons: [GW],
  },
  makai_mqtt_measurements_dropped_total: {
    type: 'counter',
    help: 'Live measurements that were dropped because the MQTT broker was unavailable or too slow.',
    daemons: [GW],
  },
  makai_mqtt_refused_total: {
    type: 'counter',
    help: 'What clients of MQTT asked for and was refused, by reason.',
    labels: ['reason'],
    daemons: [GW],
  },
  makai_mqtt_meters: {
    type: 'gauge',
    help: 'Meters that the gateway reads over MQTT, with a record in the store.',
    daemons: [GW],
  },
  makai_mqtt_meters_silent: {
    type: 'gauge',
    help: 'Meters that have been silent for longer than their settings allow.',
    daemons: [GW],
  },
  makai_mqtt_meter_measurements_total: {
    type: 'counter',
    help: 'Measurements of meters that were sent to the triggering broker.',
    daemons: [GW],
  },
  makai_mqtt_clients: {
    type: 'gauge',
    help: 'Clients of the embedded MQTT broker.',
    daemons: [GW],
  },
} as const satisfies Record<string, MetricInfo>;
