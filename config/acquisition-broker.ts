/** The acquisition broker's file (default /etc/opq/acquisition_broker_config.json). */
import { z } from 'zod';
import { REQUESTS } from '../common/request-limits.js';
import { field, ours } from './field.js';
import {
  backendCurveServer,
  boxAccessFields,
  identityField,
  lifeSeconds,
  maxWindowField,
  nextEndpoint,
  retentionFields,
  runFields,
  spoolFields,
  storeFields,
  trafficField,
} from './shared-fields.js';
import { bindEndpoint, whole, z85Key } from './types.js';

const limits = z.strictObject({
  message_bytes: ours(
    whole(16_384, 2 ** 28, 'bytes').default(2 ** 20),
    'Longest frame of a box',
    'A box that sends a longer one is disconnected.',
  ),
  requests_per_second: ours(
    whole(1, 100_000).default(REQUESTS.perSecond),
    'Requests per second and client',
    'The rate that one client (requestee or identity) may keep up; requests beyond it are dropped.',
  ),
  requests_burst: ours(
    whole(1, 1_000_000).default(REQUESTS.acceptedBurst),
    'Request burst per client',
    'Requests that one client may send at the same time. In a sag of the whole grid a triggering service sends one for each box. Its `limits.requests_burst` must be lower.',
  ),
  open_requests: ours(
    whole(1, 1_000_000).default(40_000),
    'Open requests',
    'Max number of boxes whose replies are awaited, and of requests that wait for the store; requests beyond it are dropped.',
  ),
  replies_bytes: ours(
    whole(1_048_576, 2 ** 36, 'bytes').default(2 ** 28),
    'Replies held in memory',
    'Waveforms that wait for the store. When it is full no more are read: they wait in the sockets and in the boxes.',
  ),
});

export const acquisitionBrokerSchema = z.strictObject({
  ...boxAccessFields(),
  pub_key: field(z85Key().optional(), {
    title: 'Public key of the server',
    description: 'With `sec_key`, instead of `server_cert`.',
    from: 'v3',
  }),
  sec_key: field(z85Key().optional(), {
    title: 'Secret key of the server',
    description: 'With `pub_key`, instead of `server_cert`. The file is refused if other users can read it.',
    from: 'v3',
    secret: true,
  }),
  box_pub: field(bindEndpoint().default('tcp://127.0.0.1:8194'), {
    title: 'Endpoint for commands to boxes',
    description:
      'Where boxes subscribe to commands (CURVE). Existing boxes expect port 8194 (`tcp://*:8194`).',
    from: 'v2, v3',
  }),
  box_pull: field(bindEndpoint().default('tcp://127.0.0.1:8196'), {
    title: 'Endpoint for replies of boxes',
    description:
      'Where boxes send replies and waveforms (CURVE). Existing boxes expect port 8196 (`tcp://*:8196`).',
    from: 'v2, v3',
  }),
  box_pub_next: nextEndpoint('box_pub'),
  box_pull_next: nextEndpoint('box_pull'),
  backend_pull: field(bindEndpoint().default('tcp://127.0.0.1:9884'), {
    title: 'Endpoint for requests',
    description: 'Where services send event requests. Existing services expect port 9884.',
    from: 'v2, v3',
  }),
  backend_pub: field(bindEndpoint().default('tcp://127.0.0.1:9899'), {
    title: 'Endpoint for notices',
    description:
      'Where services receive event notices and routed replies. Existing services expect port 9899.',
    from: 'v2, v3',
  }),
  zmq_event_endpoint: field(bindEndpoint().default('tcp://127.0.0.1:10000'), {
    title: 'Endpoint for v3 event notices',
    description:
      'Where the id of an event is published once its first waveform is stored. Existing services expect port 10000. A port in use is a warning, unless the file names it.',
    from: 'v3',
  }),
  zmq_event_id_endpoint: field(bindEndpoint().default('tcp://127.0.0.1:10001'), {
    title: 'Endpoint for event ids',
    description:
      'Where services ask for the next event id. Existing services expect port 10001. A port in use is a warning, unless the file names it.',
    from: 'v3',
  }),
  backend_curve: backendCurveServer(),
  identity: identityField(),
  max_window_ms: maxWindowField(),
  ...storeFields(),
  ...retentionFields(),
  mongo_events_expiration_seconds: field(lifeSeconds().optional(), {
    title: 'Retention of events',
    description: 'Seconds an event is kept, with its box events and waveforms.',
    from: 'ours',
    defaultText: 'none: for good',
  }),
  ...spoolFields(),
  ...runFields('acquisition-broker'),
  ...trafficField('Seconds between two documents in `makai_metrics` about this broker; 0 writes none.'),
  limits: ours(limits.prefault({}), 'Limits', 'How much a box or a client can make the broker hold.'),
});
