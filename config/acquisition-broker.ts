/** The acquisition broker's file (default /etc/opq/acquisition_broker_config.json). */
import { z } from 'zod';
import { REQUESTS } from '../common/request-limits.js';
import { field, ours } from './field.js';
import {
  backendCurveServer,
  boxAccessFields,
  identityField,
  maxWindowField,
  nextEndpoint,
  retentionFields,
  runFields,
  spoolFields,
  statusConnectionsField,
  storeFields,
} from './shared-fields.js';
import { bindEndpoint, whole, z85Key } from './types.js';

const limits = z.strictObject({
  message_bytes: ours(
    whole(16_384, 2 ** 28, 'bytes').default(2 ** 20),
    'Longest frame of a box',
    'A peer that sends a longer one is disconnected.',
  ),
  request_bytes: ours(
    whole(1024, 2 ** 24, 'bytes').default(65_536),
    'Longest frame of a client',
    'A client that sends a longer one is disconnected.',
  ),
  requests_per_second: ours(
    whole(1, 100_000).default(REQUESTS.perSecond),
    'Requests a second and client',
    'Rate that one client (requestee or identity) may keep up; beyond it requests are dropped.',
  ),
  requests_burst: ours(
    whole(1, 1_000_000).default(REQUESTS.takenAtOnce),
    'Requests at once and client',
    'Requests that one client may send at once: a triggering service one for each box where the whole grid sags. Its `limits.requests_burst` must be less.',
  ),
  open_requests: ours(
    whole(1, 1_000_000).default(40_000),
    'Open requests',
    'Boxes whose answers are waited for at one time, and requests that wait for the store; further requests are dropped.',
  ),
  cycles_per_reply: ours(
    whole(1, 1_000_000).default(20_000),
    'Cycles in a reply',
    'A reply with more is dropped.',
  ),
  samples_per_reply: ours(
    whole(1, 500_000_000).default(4_000_000),
    'Samples in a reply',
    'A reply with more is dropped.',
  ),
  answers_bytes: ours(
    whole(1_048_576, 2 ** 36, 'bytes').default(2 ** 28),
    'Answers held in memory',
    'Waveforms that wait for the store. When it is full no more are read: they wait in the sockets and with the boxes.',
  ),
  status_connections: statusConnectionsField(),
});

export const acquisitionBrokerSchema = z.strictObject({
  ...boxAccessFields(),
  pub_key: field(z85Key().optional(), {
    title: 'Public key of the server',
    description: 'With `sec_key`, instead of `server_cert`.',
    from: '2020',
  }),
  sec_key: field(z85Key().optional(), {
    title: 'Secret key of the server',
    description: 'With `pub_key`, instead of `server_cert`. The file is refused if others can read it.',
    from: '2020',
    secret: true,
  }),
  box_pub: field(bindEndpoint().default('tcp://127.0.0.1:8194'), {
    title: 'Endpoint for commands to boxes',
    description: 'Where boxes subscribe to commands (CURVE). The field uses `tcp://*:8194`.',
    from: '2018, 2020',
  }),
  box_pull: field(bindEndpoint().default('tcp://127.0.0.1:8196'), {
    title: 'Endpoint for replies of boxes',
    description: 'Where boxes send replies and waveforms (CURVE). The field uses `tcp://*:8196`.',
    from: '2018, 2020',
  }),
  box_pub_next: nextEndpoint('box_pub'),
  box_pull_next: nextEndpoint('box_pull'),
  backend_pull: field(bindEndpoint().default('tcp://127.0.0.1:9884'), {
    title: 'Endpoint for requests',
    description: 'Where services send event requests. The field uses `tcp://*:9884`.',
    from: '2018, 2020',
  }),
  backend_pub: field(bindEndpoint().default('tcp://127.0.0.1:9899'), {
    title: 'Endpoint for notices',
    description: 'Where services hear of events and get routed replies. The field uses `tcp://*:9899`.',
    from: '2018, 2020',
  }),
  zmq_event_endpoint: field(bindEndpoint().default('tcp://127.0.0.1:10000'), {
    title: 'Endpoint for event notices of 2020',
    description:
      'Where the number of an event is announced once its first waveform is stored. The field uses `tcp://*:10000`. A port in use is a warning, unless the file names it.',
    from: '2020',
  }),
  zmq_event_id_endpoint: field(bindEndpoint().default('tcp://127.0.0.1:10001'), {
    title: 'Endpoint for event numbers',
    description:
      'Where services ask for the next event number. The field uses `tcp://*:10001`. A port in use is a warning, unless the file names it.',
    from: '2020',
  }),
  backend_curve: backendCurveServer(),
  identity: identityField(),
  max_window_ms: maxWindowField(),
  ...storeFields(),
  ...retentionFields(),
  ...spoolFields(),
  ...runFields('acquisition-broker'),
  limits: ours(limits.prefault({}), 'Limits', 'What a box or a client can make the broker hold.'),
});
