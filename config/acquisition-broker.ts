/** The acquisition broker's file (default /etc/opq/acquisition_broker_config.json). */
import { z } from 'zod';
import { REQUESTS } from '../common/request-limits.js';
import { backendCurveServer } from './backend-fields.js';
import { field, ours } from './field.js';
import { natsBrokerFields } from './nats-fields.js';
import {
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
import { bindEndpoint, flag, whole, z85Key } from './types.js';

const limits = () =>
  z.strictObject({
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
      'Requests that one client may send at the same time. With `merge_ms` 0 a triggering service sends one for each box in a sag of the whole grid. Its `limits.requests_burst` must be lower.',
    ),
    open_requests: ours(
      whole(1, 1_000_000).default(40_000),
      'Open requests',
      'Max number of boxes whose replies are awaited, and of requests that wait for the store; requests beyond it are dropped.',
    ),
    waveform_mb_per_box: ours(
      whole(0, 10_000_000, 'MB').default(500),
      'Waveforms of a box in a day',
      'Sample bytes (1 MB = 42 s) of one box that are stored from midnight to midnight UTC. For a window beyond this limit the event is stored, but the box is not asked. 0: no limit.',
    ),
    waveform_mb_in_all: ours(
      whole(0, 1_000_000_000, 'MB').default(50_000),
      'Waveforms of all boxes in a day',
      'The same for all boxes together, including what boxes deliver that were not asked. An outage of the whole grid takes about 0.8 MB per box: 50,000 MB are enough for one outage of 60,000 boxes in a day, or for ten of 6,000. 0: no limit.',
    ),
    replies_bytes: ours(
      whole(1_048_576, 2 ** 36, 'bytes').default(2 ** 28),
      'Replies held in memory',
      'Waveforms that wait for the store. When it is full no more are read: they wait in the sockets and in the boxes.',
    ),
  });

export const acquisitionBrokerSchema = () =>
  z.strictObject({
    ...boxAccessFields(),
    pub_key: field(z85Key().optional(), {
      title: 'Public key of the server',
      description: 'With `sec_key`, instead of `server_cert`.',
      from: 'v3',
    }),
    sec_key: field(z85Key().optional(), {
      title: 'Secret key of the server',
      description:
        'With `pub_key`, instead of `server_cert`. The file is refused if other users can read it.',
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
    keep_unasked: ours(
      flag().default(false),
      'Waveforms of boxes that were not asked',
      'The command for waveforms reaches every Box 2, and each sends its waveform. Whether those of boxes that the request did not name are stored too, as the existing brokers do.',
    ),
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
    store_max_bytes: field(whole(1_048_576, 2 ** 53 - 1, 'bytes').optional(), {
      title: 'Max size of the store',
      description:
        'When the store holds more, the waveforms of the oldest events go, except of those kept by `makai events keep`; events, incidents, trends and measurements stay. Announced a day before in the log, in `health` and in `makai doctor`. SQLite: bytes of the file in use (it does not get smaller). MongoDB: bytes of the files in GridFS.',
      from: 'ours',
      defaultText: 'none: no limit',
    }),
    store_schema_copy_days: field(whole(1, 36_500, 'days').optional(), {
      title: 'Retention of the copy from before an upgrade',
      description:
        'Days that `makai.db.schema-N`, the SQLite file as it was before its schema was upgraded, is kept. The next upgrade replaces it in any case.',
      from: 'ours',
      defaultText: 'none: until the next upgrade',
    }),
    ...spoolFields(),
    nats: natsBrokerFields(),
    ...runFields('acquisition-broker'),
    ...trafficField('Seconds between two documents in `makai_metrics` about this broker; 0 writes none.'),
    limits: ours(limits().prefault({}), 'Limits', 'How much a box or a client can make the broker hold.'),
  });
