/** Files to start from: what a usual server needs, no more. */
import type { Kind } from './kinds.js';

const STORE = 'sqlite:/var/lib/opq/makai.db';
const CERTIFICATES = { client_certs: '/etc/opq/curve/public_keys' };
const KEYS = {
  ...CERTIFICATES,
  server_cert: '/etc/opq/curve/private_keys/opqserver_secret',
};

const EXAMPLES: { readonly [K in Kind]: Readonly<Record<string, unknown>> } = {
  'triggering-broker': {
    ...KEYS,
    interface: 'tcp://*:9880',
    backend: 'tcp://127.0.0.1:9881',
    // Keys that are approved on the page are in the store.
    store: STORE,
  },
  'acquisition-broker': {
    ...KEYS,
    box_pub: 'tcp://*:8194',
    box_pull: 'tcp://*:8196',
    backend_pull: 'tcp://127.0.0.1:9884',
    backend_pub: 'tcp://127.0.0.1:9899',
    store: STORE,
  },
  'triggering-service': {
    zmq_trigger_endpoint: 'tcp://127.0.0.1:9881',
    zmq_acquisition_endpoint: 'tcp://127.0.0.1:9884',
    ...CERTIFICATES,
    store: STORE,
    plugins: [
      {
        path: 'threshold',
        reference_frequency: 60,
        frequency_threshold_percent_low: 0.005,
        frequency_threshold_percent_high: 0.005,
        reference_voltage: 120,
        voltage_threshold_percent_low: 0.05,
        voltage_threshold_percent_high: 0.05,
        thd_threshold_high: 0.05,
      },
    ],
  },
  'analysis-service': {
    zmq_trigger_endpoint: 'tcp://127.0.0.1:9881',
    zmq_data_endpoint: 'tcp://127.0.0.1:9899',
    incident_pub: 'tcp://127.0.0.1:9895',
    nominal_voltage: 120,
    nominal_frequency: 60,
    store: STORE,
  },
  'web-service': {
    listen: '127.0.0.1:8088',
    zmq_trigger_endpoint: 'tcp://127.0.0.1:9881',
    zmq_acquisition_endpoint: 'tcp://127.0.0.1:9884',
    zmq_data_endpoint: 'tcp://127.0.0.1:9899',
    incident_endpoint: 'tcp://127.0.0.1:9895',
    nominal_voltage: 120,
    nominal_frequency: 60,
    store: STORE,
  },
  gateway: {
    mqtt: { listen: '127.0.0.1:1883' },
    zmq_trigger_endpoint: 'tcp://127.0.0.1:9881',
    zmq_acquisition_endpoint: 'tcp://127.0.0.1:9884',
    zmq_data_endpoint: 'tcp://127.0.0.1:9899',
    incident_endpoint: 'tcp://127.0.0.1:9895',
    store: STORE,
  },
};

/** A small configuration of a daemon. */
export function exampleConfig(kind: Kind): Readonly<Record<string, unknown>> {
  return EXAMPLES[kind];
}
